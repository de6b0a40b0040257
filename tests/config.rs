//! Files of configuration: bad ones, each with all that is said about it, and good ones, which must mean the same
//! whether they come as YAML, as JSON or as Envoy's `Struct`.
//!
//! A case is `tests/golden/config/<problem>.yaml` with `<problem>.txt` beside it; cases are found, not listed.
//! `BLESS=1 cargo test --test config` writes the expected files anew; read the difference before you commit it.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use switchover::config::{Config, SwitchedOff, yaml_to_json};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn yaml_files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn bad_files_are_explained() {
    let files = yaml_files("config");
    assert!(files.len() >= 40, "only {} cases found", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let problems = Config::from_yaml(&fs::read(&path).unwrap()).expect_err(name);
        assert!(
            problems.iter().all(|p| !p.wrong.contains("does not know why")),
            "{name}: refused without a reason"
        );
        let said: String = problems.iter().map(|problem| problem.in_file(name) + "\n").collect();
        let expected = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{}\n{said}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "these differ (BLESS=1 accepts them):\n\n{}", wrong.join("\n"));
}

#[test]
fn long_and_past_drills_are_warned_of() {
    let yaml = |until: &str| {
        format!(
            "version: 1\ntargets: [{{id: a, provider: openai_compatible, endpoint: \"http://x\"}}]\n\
             model_groups: [{{name: g, targets: [{{id: a}}]}}]\n\
             drills:\n  - {{target: a, class: auth, until: {until:?}}}\n"
        )
    };
    // The last of 2025, 23:00.
    let now_ms = 1_767_222_000_000;
    let said = |until: &str| {
        let warnings = switchover::config::warnings(yaml(until).as_bytes(), now_ms, &|_| None);
        warnings.iter().map(|warning| warning.in_file("f")).collect::<Vec<_>>()
    };
    assert_eq!(said("2026-01-07T22:00:00Z"), [""; 0]);
    assert_eq!(
        said("2026-01-09T23:00:00Z"),
        [
            "f:5:37: drills[0].until: The drill goes on for 9 days from now. Write an earlier time, less than 7 days ahead, so \
          that it can't be forgotten."
        ]
    );
    assert_eq!(
        said("2025-12-31T23:00:00Z"),
        ["f:5:37: drills[0].until: The drill is over. Remove it, or write a later time."]
    );
    assert_eq!(said("tomorrow"), [""; 0]);
}

#[test]
fn what_is_perhaps_not_meant_is_warned_of() {
    let yaml = "\
version: 1
listen: {base_path: /llm/v1}
targets:
  - {id: a, provider: openai, endpoint: \"http://x\", capabilities: [-sampling]}
  - {id: b, provider: anthropic, max_output_tokens: 9, endpoint: \"http://x/v1\"}
  - {id: c, provider: openai_compatible, endpoint: \"http://x/v1/chat/completions\"}
  - {id: d, provider: openai, endpoint: \"http://x/v1/v1\", credential: used}
credentials:
  - {id: used, secret_env: USED}
  - {id: spare, secret_file: secrets/spare}
model_groups:
  - {name: g, targets: [{id: a, weight: 7}, {id: b, weight: 3}]}
  - {name: h, strategy: weighted_round_robin, targets: [{id: a, weight: 7}, {id: c}], fallback_group: i}
  - {name: i, targets: [{id: b, weight: 2}]}
";
    assert!(Config::from_yaml(yaml.as_bytes()).is_ok());
    let look = |source: &switchover::config::CredentialSource| {
        let wanting = *source == switchover::config::CredentialSource::SecretEnv("USED".to_owned());
        wanting.then(|| ("It is wanting".to_owned(), "Mend it".to_owned()))
    };
    let said: Vec<String> = switchover::config::warnings(yaml.as_bytes(), 0, &look)
        .iter()
        .map(|warning| warning.in_file("f"))
        .collect();
    let expected = [
        "f:2:21: listen.base_path: Callers would have to write `/llm/v1/v1/chat/completions`. Leave `/v1` out: it comes behind \
         the base path by itself.",
        "f:4:41: targets[0].endpoint: Requests would go to `/chat/completions`, without a version before it. Write \
         `http://x/v1`, if that is meant.",
        "f:4:67: targets[0].capabilities: Only what is listed counts of tools, vision, json_schema, audio, documents and \
         reasoning, and none of them is, so the target has none. Add those that the model has, or write `[]` if that is meant.",
        "f:5:66: targets[1].endpoint: Requests would go to `/v1/v1/messages`. Write `http://x`, if that is meant.",
        "f:6:52: targets[2].endpoint: `/chat/completions` is an operation, and those are added to the endpoint for each \
         request. Write `http://x/v1`, if that is meant.",
        "f:7:10: targets[3].id: No model group has this target. Add it to one, or remove it.",
        "f:7:41: targets[3].endpoint: `/v1` stands there twice. Write `http://x/v1`, if that is meant.",
        "f:9:28: credentials[0].secret_env: It is wanting. Mend it.",
        "f:10:10: credentials[1].id: No target has this credential. Refer to it by `credential`, or remove it.",
        "f:12:41: model_groups[0].targets[0].weight: Weights count for nothing here: the group's strategy is `ordered`. Write \
         `strategy: weighted_round_robin` for the group, or remove its weights.",
    ];
    assert_eq!(said, expected);
}

/// The filter gets the document without positions; else it must say the same about it.
#[test]
fn the_filter_says_the_same_words() {
    let mut compared = 0;
    for path in yaml_files("config") {
        let bytes = fs::read(&path).unwrap();
        // What is no YAML, or has a key twice, never becomes the filter's JSON.
        let Ok(json) = yaml_to_json(&bytes) else { continue };
        let words = |problems: Vec<switchover::config::Problem>| {
            let mut words: Vec<String> =
                problems.iter().map(|problem| without_lines(&problem.to_string())).collect();
            words.sort();
            words
        };
        let command = words(Config::from_yaml(&bytes).unwrap_err());
        let filter = words(Config::from_json(&json).unwrap_err());
        assert_eq!(command, filter, "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 35, "only {compared} cases compared");
}

/// Leaves out " (line 3)", which a document without positions can't say.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(" (line ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(')').map_or(part, |(_, rest)| rest))
}

#[test]
fn good_files_mean_the_same_in_every_form() {
    let files = yaml_files("config/good");
    assert!(files.len() >= 4);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let from_yaml =
            Config::from_yaml(&bytes).unwrap_or_else(|problems| panic!("{}: {problems:#?}", path.display()));
        let json = yaml_to_json(&bytes).unwrap();
        let from_json = Config::from_json(&json).unwrap();
        same(&from_yaml, &from_json, &path);
        let parsed: serde_json::Value = serde_json::from_slice(&json).unwrap();
        for form in [Number::Point, Number::Exponent] {
            let json = as_struct(&parsed, form);
            let from_struct = Config::from_json(json.as_bytes()).unwrap_or_else(|p| panic!("{json}: {p:#?}"));
            same(&from_yaml, &from_struct, &path);
        }
    }
}

fn same(left: &Config, right: &Config, path: &Path) {
    let (left, right) = (format!("{left:#?}"), format!("{right:#?}"));
    let different = left.lines().zip(right.lines()).find(|(left, right)| left != right);
    assert!(left == right, "{}: first difference: {different:?}", path.display());
}

/// How a `Struct`, which knows only doubles, may come to be written.
#[derive(Clone, Copy)]
enum Number {
    Point,
    Exponent,
}

/// The document as a `Struct` gives it: numbers are doubles, members are in another order.
fn as_struct(value: &serde_json::Value, form: Number) -> String {
    match value {
        serde_json::Value::Number(number) => match form {
            Number::Point => format!("{:?}", number.as_f64().unwrap()),
            Number::Exponent => format!("{:e}", number.as_f64().unwrap()),
        },
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| as_struct(item, form)).collect::<Vec<_>>().join(","))
        }
        serde_json::Value::Object(members) => {
            let members =
                members.iter().rev().map(|(key, value)| format!("{key:?}:{}", as_struct(value, form)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of the file, so that random texts get past the first line.
    fn piece() -> impl Strategy<Value = String> {
        let known = [
            "version: 1\n",
            "targets:\n",
            "  - {id: a, provider: openai}\n",
            "model_groups:\n",
            "  - name: x\n",
            "    ",
            "- ",
            "{",
            "}",
            "[",
            "]",
            ": ",
            ", ",
            "&a ",
            "*a ",
            "!!str ",
            "'",
            "\"",
            "|\n",
            ">\n",
            "? ",
            "#",
            "---\n",
            "...\n",
            "\t",
            "%TAG ! x\n",
            "~",
            "1e999",
            "-5",
            "10s",
            "fallback_group: x\n",
            "credentials: []\n",
            "<<: ",
            "\u{feff}",
            "\0",
            "é",
        ];
        prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), any::<String>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for problems in [Config::from_yaml(&bytes), Config::from_json(&bytes)].into_iter().filter_map(Result::err) {
                prop_assert!(explained(&problems));
            }
        }

        #[test]
        fn no_text_makes_a_reader_panic(pieces in prop::collection::vec(piece(), 0..24)) {
            let text = pieces.concat();
            if let Err(problems) = Config::from_yaml(text.as_bytes()) {
                prop_assert!(explained(&problems), "{text:?}");
                for problem in problems {
                    prop_assert!(problem.at.is_some(), "{problem}");
                    prop_assert!(!problem.to_string().contains('\n'), "{problem}");
                }
            }
        }

        /// One byte changed in a good file: it is still good, or there is a reason why not.
        #[test]
        fn a_changed_byte_is_good_or_explained(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = fs::read(folder("config/good/everything.yaml")).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Err(problems) = Config::from_yaml(&bytes) {
                prop_assert!(explained(&problems));
            } else {
                Config::from_json(&yaml_to_json(&bytes).unwrap()).unwrap();
            }
        }

        /// The same with any value of the document replaced.
        #[test]
        fn a_changed_value_is_good_or_explained(
            at in any::<prop::sample::Index>(),
            new in prop::sample::select(vec!["null", "0", "-1", "1e300", "\"\"", "\"x\"", "[]", "{}", "true", "[[]]", "[{}]"]),
        ) {
            let bytes = fs::read(folder("config/good/everything.yaml")).unwrap();
            let mut document: serde_json::Value = serde_json::from_slice(&yaml_to_json(&bytes).unwrap()).unwrap();
            let mut paths = Vec::new();
            pointers(&document, "", &mut paths);
            let path = at.get(&paths);
            *document.pointer_mut(path).unwrap() = serde_json::from_str(new).unwrap();
            if let Err(problems) = Config::from_json(document.to_string().as_bytes()) {
                prop_assert!(explained(&problems), "{path} = {new}");
            }
        }
    }

    fn explained(problems: &[switchover::config::Problem]) -> bool {
        !problems.is_empty() && problems.iter().all(|problem| !problem.wrong.contains("does not know why"))
    }

    fn pointers(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        match value {
            serde_json::Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, item)| pointers(item, &format!("{path}/{i}"), found));
            }
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(key, value)| pointers(value, &format!("{path}/{key}"), found));
            }
            _ => {}
        }
    }
}

#[test]
fn everything_is_resolved() {
    use switchover::config::{Alias, CredentialSource, Effect, GroupMember, WhenAll};
    use switchover::failure::Class;
    let config = Config::from_yaml(&fs::read(folder("config/good/everything.yaml")).unwrap()).unwrap();
    assert_eq!(config.listen.hosts, ["llm.internal", "*.llm.example.com"]);
    assert_eq!((config.listen.base_path.as_str(), config.listen.max_body_bytes), ("/llm", 30_000_000));
    assert_eq!(config.tenant.as_ref().map(|tenant| tenant.header.as_str()), Some("x-tenant-id"));

    let [main, azure, claude, local] = config.targets.as_slice() else { panic!("four targets") };
    assert_eq!((main.id(), main.cluster.as_str()), ("main", "outbound|443||api.openai.com"));
    assert_eq!(main.wire.endpoint.authority(), "api.openai.com:8443");
    assert_eq!(main.wire.endpoint.base_path, "/v1");
    let names: Vec<_> = main.wire.capabilities.names().collect();
    assert!(names.contains(&"vision") && names.contains(&"image_urls"), "{names:?}");
    assert!(!names.contains(&"audio") && !names.contains(&"sampling"), "{names:?}");
    assert_eq!(main.circuit_breaker.max_ejection_time_ms, 600_000);
    assert_eq!(azure.wire.api_version.as_deref(), Some("2024-10-21"));
    assert_eq!((azure.circuit_breaker.consecutive_failures, azure.circuit_breaker.interval_ms), (9, 20_000));
    assert_eq!(azure.price.map(|price| price.cached_input), Some(0.2));
    assert_eq!((claude.wire.max_output_tokens, claude.credential), (Some(8192), Some(2)));
    assert_eq!(config.credentials[2].source, CredentialSource::SecretEnv("ANTHROPIC_API_KEY".to_owned()));
    assert_eq!((local.wire.endpoint.host.as_str(), local.credential), ("::1", None));

    let [group, backup] = config.groups.as_slice() else { panic!("two groups") };
    assert_eq!(group.aliases[2], Alias::Glob { prefix: String::new(), suffix: "-latest".to_owned() });
    assert_eq!(group.strategy, "lowest_cost");
    // The cheaper of the first tier, the other, the lower priority, and what only the fallback group has.
    let expected = [(1, 0, 3), (0, 0, 7), (3, 1, 1), (2, 2, 1)];
    // `local` is out for want of its key.
    let off = |target| (target == 3).then_some(SwitchedOff::NoKey);
    assert_eq!(
        group.members,
        expected.map(|(target, tier, weight)| GroupMember { target, tier, weight, off: off(target) })
    );
    let times = [
        group.first_token_timeout_ms,
        group.answer_timeout_ms,
        group.stream_idle_timeout_ms,
        group.timeout_ms,
    ];
    assert_eq!(times, [1_500, 90_000, 30_000, 300_000]);
    assert_eq!(
        group.failover_on.iter().collect::<Vec<_>>(),
        [Class::Connect, Class::Timeout, Class::ContentPolicy]
    );
    assert_eq!((group.when_all_ejected, group.when_all_cooling), (WhenAll::FailFast, WhenAll::TryAnyway));
    assert_eq!((backup.max_attempts, backup.members.len()), (2, 2));
    assert_eq!(backup.members.iter().map(|member| member.tier).collect::<Vec<_>>(), [0, 1]);
    let times = [backup.first_token_timeout_ms, backup.answer_timeout_ms, backup.timeout_ms];
    assert_eq!(times, [10_000, 60_000, 1_800_000]);
    assert_eq!(backup.failover_on.iter().count(), 11);

    let [fails, waits] = config.drills.as_slice() else { panic!("two drills") };
    assert_eq!(
        (fails.target, fails.effect, fails.per_million),
        (0, Effect::Fail(Class::Overloaded), 125_000)
    );
    assert_eq!((waits.target, waits.effect, waits.per_million), (1, Effect::DelayMs(3_000), 1_000_000));
    assert_eq!(fails.until_ms, waits.until_ms);
}

#[test]
fn models_are_found_by_name_then_alias_then_glob() {
    let config = Config::from_yaml(&fs::read(folder("config/good/everything.yaml")).unwrap()).unwrap();
    let group = |model| config.group_for(model).map(|group| group.name.as_str());
    assert_eq!(group("backup"), Some("backup"));
    assert_eq!(group("gpt-5.4-mini"), Some("team/production:1"));
    assert_eq!(group("gpt-5"), Some("team/production:1"));
    assert_eq!(group("claude-latest"), Some("team/production:1"));
    assert_eq!(group("GPT-5"), None);
    assert_eq!(group(""), None);
    assert_eq!(config.closest("bakcup"), Some("backup"));
    assert_eq!(config.closest("gpt-5.4-nano"), Some("gpt-5.4-mini"));
    assert_eq!(config.models().collect::<Vec<_>>(), ["team/production:1", "gpt-5.4-mini", "backup"]);
}

#[test]
fn what_groups_share_is_written_once() {
    use switchover::config::{BackOff, Group, WhenAll};
    use switchover::failure::Class;
    let config = Config::from_yaml(&fs::read(folder("config/good/defaults.yaml")).unwrap()).unwrap();
    let [takes, says, short] = config.groups.as_slice() else { panic!("three groups") };
    let times = |group: &Group| {
        [
            group.first_token_timeout_ms,
            group.answer_timeout_ms,
            group.stream_idle_timeout_ms,
            group.timeout_ms,
        ]
    };
    let choices = |group: &Group| {
        let drops = format!("{:?}", group.unsupported) == "Drop";
        (group.strategy, group.max_attempts, drops, group.when_all_ejected, group.when_all_cooling)
    };
    let rest = |group: &Group| {
        let budget = (group.retry_budget.budget_percent, group.retry_budget.min_retry_concurrency);
        let classes: Vec<Class> = group.failover_on.iter().collect();
        (classes, group.degraded.clone().unwrap(), group.back_off.unwrap(), budget)
    };
    let (fast, anyway) = (WhenAll::FailFast, WhenAll::TryAnyway);
    let pause = |base_ms, max_ms| BackOff { base_ms, max_ms };
    assert_eq!(times(takes), [3_000, 7_000, 9_000, 11_000]);
    assert_eq!(choices(takes), ("weighted_round_robin", 4, true, fast, anyway));
    assert_eq!(rest(takes), (vec![Class::Connect], "Later.".to_owned(), pause(5, 6), (12.0, 3)));
    assert_eq!(times(says), [1_000, 2_000, 4_000, 2_000]);
    assert_eq!(choices(says), ("ordered", 1, false, anyway, fast));
    // A map is taken whole: what is not in the group's own is as the key says.
    assert_eq!(rest(says), (vec![], "Never.".to_owned(), pause(8, 80), (50.0, 100)));
    assert_eq!(times(short), [500, 500, 9_000, 500]);
    let yaml = fs::read(folder("config/good/defaults.yaml")).unwrap();
    assert_eq!(switchover::config::warnings(&yaml, 0, &|_| None), [], "weights count by the shared strategy");
}

/// A target that a disabled fallback group has is off, unless another group of the chain has it too: then it stands there.
#[test]
fn a_disabled_fallback_group_is_passed_through() {
    let members = |enabled: bool| {
        let yaml = format!(
            "version: 1\ntargets:\n{}model_groups:\n\
             - {{name: g, targets: [{{id: a}}], fallback_group: h}}\n\
             - {{name: h, enabled: {enabled}, targets: [{{id: b}}, {{id: c, priority: 1}}], fallback_group: i}}\n\
             - {{name: i, targets: [{{id: d}}, {{id: b, priority: 1}}]}}\n",
            ["a", "b", "c", "d"]
                .map(|id| format!("- {{id: {id}, provider: openai_compatible, endpoint: \"http://{id}\"}}\n"))
                .concat()
        );
        let config = Config::from_yaml(yaml.as_bytes()).unwrap();
        let members = |at: usize| {
            config.groups[at].members.iter().map(|member| (member.target, member.off)).collect::<Vec<_>>()
        };
        assert_eq!(members(1), [(1, None), (2, None), (3, None)], "its own requests are refused as a whole");
        members(0)
    };
    assert_eq!(members(true), [(0, None), (1, None), (2, None), (3, None)]);
    assert_eq!(members(false), [(0, None), (2, Some(SwitchedOff::WithGroup)), (3, None), (1, None)]);
}

#[test]
fn a_group_without_anybody_on_is_warned_of() {
    let warned = |target: &str, group: &str| {
        let yaml = format!(
            "version: 1\ntargets: [{{id: a, provider: openai_compatible, endpoint: \"http://x\"{target}}}]\n\
             model_groups:\n  - {{name: g, targets: [{{id: a}}]{group}}}\n"
        );
        let warnings = switchover::config::warnings(yaml.as_bytes(), 0, &|_| None);
        warnings.iter().map(|warning| warning.in_file("f")).collect::<Vec<_>>()
    };
    assert_eq!(warned("", ""), [""; 0]);
    for off in [", enabled: false", ", out: auth"] {
        assert_eq!(
            warned(off, ""),
            [
                "f:4:24: model_groups[0].targets: Every target of the group is disabled or out, so all its requests are refused. \
              Enable one, or write `enabled: false` for the group."
            ]
        );
        assert_eq!(warned(off, ", enabled: false"), [""; 0]);
    }
}

#[test]
fn a_budget_that_bounds_nothing_is_warned_of() {
    let warned = |group: &str| {
        let yaml = format!(
            "version: 1\ntargets: [{{id: a, provider: openai_compatible, endpoint: \"http://x\"}}]\n\
             model_groups:\n  - {{name: g, targets: [{{id: a}}], {group}}}\n"
        );
        switchover::config::warnings(yaml.as_bytes(), 0, &|_| None)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let warnings = warned("retry_budget: {budget_percent: 20}");
    assert!(
        warnings.len() == 1 && warnings[0].contains("this group tries each of its targets once"),
        "{warnings:?}"
    );
    assert_eq!(warned("max_attempts: 3, retry_budget: {budget_percent: 20}"), Vec::<String>::new());
}
