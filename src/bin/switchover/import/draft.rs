//! A `switchover.yaml` in the making: what importers fill in, each in its own words' order, and nothing that `check` refuses.

use super::names::TakenNames;
use super::remark::{Remark, one_line, quoted, shown};
use super::written::Written;
use std::collections::{BTreeMap, BTreeSet};
use switchover::config::Config;
use switchover::dialect::{self, Dialect};

/// More than an Envoy should hold.
const MAX_TARGETS: usize = 2_000;
/// What a target of Anthropic's dialect gets if nobody knows its longest answer.
const ANSWER_TOKENS: u64 = 8_192;

/// What becomes the file.
#[derive(Default)]
pub struct Draft {
    pub targets: Vec<DraftTarget>,
    pub credentials: Vec<DraftCredential>,
    pub groups: Vec<DraftGroup>,
    pub remarks: Vec<Remark>,
    /// What an operator has to do about keys.
    pub chores: Vec<String>,
    /// Keys that stood in the files: none may be printed.
    pub plain_keys: BTreeSet<String>,
    /// Texts that may be keys, by the names that they stand under: shown in no remark.
    pub veils: BTreeSet<String>,
    pub consecutive_failures: Option<u64>,
    pub base_ejection_ms: Option<u64>,
    ids: TakenNames,
    pub known_targets: BTreeMap<String, String>,
    pub credential_ids: TakenNames,
}

/// A target, in the file's own keys.
#[derive(Clone, Debug, Default)]
pub struct DraftTarget {
    pub id: String,
    pub provider: String,
    pub model: Option<String>,
    pub endpoint: Option<String>,
    pub api_version: Option<String>,
    pub project: Option<String>,
    pub location: Option<String>,
    pub region: Option<String>,
    pub credential: Option<String>,
    pub context_window: Option<u64>,
    pub max_output_tokens: Option<u64>,
    /// USD per million tokens, of prompt and answer.
    pub price: Option<(f64, f64)>,
    pub consecutive_failures: Option<u64>,
    pub base_ejection_ms: Option<u64>,
    /// Stands above it.
    pub why: Vec<String>,
}

/// A credential.
#[derive(Clone, Debug)]
pub struct DraftCredential {
    pub id: String,
    pub source: DraftSource,
    pub why: String,
}

/// Where its key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftSource {
    File(String),
    Variable(String),
    Aws(String),
}

/// A model group.
#[derive(Clone, Debug, Default)]
pub struct DraftGroup {
    pub name: String,
    pub aliases: Vec<String>,
    pub strategy: Option<&'static str>,
    pub members: Vec<DraftMember>,
    /// TakenNames of groups that follow, one after another.
    pub fallbacks: Vec<String>,
    /// Set by [`super::tidy`], where one `fallback_group` says it.
    pub fallback_group: Option<String>,
    /// The most further tries; no fewer than there are targets.
    pub retries: Option<u64>,
    pub max_attempts: Option<u64>,
    pub first_token_ms: Option<u64>,
    pub answer_ms: Option<u64>,
    pub idle_ms: Option<u64>,
    pub whole_ms: Option<u64>,
    pub failover_on: Option<Vec<&'static str>>,
    pub is_dropping: bool,
    pub why: Vec<String>,
    /// Where it stood.
    pub from: Option<Written>,
}

/// A target's place in a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftMember {
    pub id: String,
    pub priority: u64,
    pub weight: Option<u64>,
}

impl Draft {
    /// Says something of a part.
    pub fn tell(&mut self, part: &Written, text: impl AsRef<str>) {
        self.remarks.push(Remark::new(part, text));
    }

    /// Says of a part that it isn't carried over, and why.
    pub fn leave(&mut self, part: &Written, why: &str) {
        part.skip_all();
        let what = match shown(part) {
            text if text.is_empty() => "This ".to_owned(),
            text => text,
        };
        self.tell(part, format!("{what}is not carried over: {why}"));
    }

    /// Puts something in the place of variables, which this file has none of, and letters in the place of what no name has.
    pub fn resolve(&mut self, from: &Written, target: &mut DraftTarget) {
        let mut told = Vec::new();
        let mut resolve = |key: &str, value: &mut Option<String>, others: Option<&str>| {
            let Some(text) = value else { return };
            if let Some(name) = super::secret::variable(text) {
                *text = TakenNames::plain(&name, "_");
                told.push(format!(
                    "A variable stands for `{key}`, and this file has none: write its value in place of {}",
                    quoted(text)
                ));
            } else if let Some(others) = others {
                *text = TakenNames::plain(text, others);
            }
        };
        resolve("model", &mut target.model, None);
        for (key, value) in [
            ("api_version", &mut target.api_version),
            ("project", &mut target.project),
            ("location", &mut target.location),
            ("region", &mut target.region),
        ] {
            resolve(key, value, Some("._-"));
        }
        told.iter().for_each(|text| self.tell(from, text));
    }

    /// Adds a target, or says why not; one that is there already isn't added again. Gives its id.
    pub fn target(&mut self, from: &Written, wish: &str, mut target: DraftTarget) -> Option<String> {
        let Some(row) = dialect::provider(&target.provider) else {
            self.leave(from, "Switchover knows no such provider");
            return None;
        };
        if row.dialect == Dialect::Anthropic && target.max_output_tokens.is_none() {
            let known = target
                .model
                .as_deref()
                .and_then(|model| row.models?.find(model))
                .filter(|known| !known.is_guess);
            target.max_output_tokens =
                Some(known.map_or(ANSWER_TOKENS, |known| known.model.max_output_tokens));
        }
        if let Some(model) = &mut target.model {
            *model = one_line(model).trim().to_owned();
        }
        // Who is known by the address needs no `endpoint`, and more is known of the models.
        if target.provider == "openai_compatible" && target.credential.is_some() {
            let is_it = |row: &&dialect::Row| {
                row.dialect == Dialect::OpenAi && row.endpoint == target.endpoint.as_deref()
            };
            if let Some(row) = dialect::PROVIDERS.iter().find(is_it) {
                target.provider = row.name.to_owned();
                target.endpoint = None;
            }
        }
        target.id = String::new();
        let content = format!("{target:?}");
        if let Some(id) = self.known_targets.get(&content) {
            return Some(id.clone());
        }
        target.id = "t".to_owned();
        if let Err(wrong) = self.accepts(&target) {
            self.leave(from, &wrong);
            return None;
        }
        if self.targets.len() >= MAX_TARGETS {
            self.leave(from, &format!("{MAX_TARGETS} targets are imported at most"));
            return None;
        }
        let id = self.ids.take(wish, "._-");
        target.id.clone_from(&id);
        self.known_targets.insert(content, id.clone());
        self.targets.push(target);
        Some(id)
    }

    /// Whether a file of this target alone would be right.
    fn accepts(&self, target: &DraftTarget) -> Result<(), String> {
        let mut alone = Draft { targets: vec![target.clone()], ..Draft::default() };
        alone.credentials.extend(
            self.credentials.iter().filter(|one| target.credential.as_ref() == Some(&one.id)).cloned(),
        );
        let members = vec![DraftMember { id: target.id.clone(), ..DraftMember::default() }];
        alone.groups.push(DraftGroup { name: "g".to_owned(), members, ..DraftGroup::default() });
        let checked = Config::from_yaml(super::write::document(&alone).as_bytes());
        checked.map(|_| ()).map_err(|problems| {
            let said = problems
                .first()
                .map(|problem| format!("`check` says: {}. {}", problem.wrong, problem.instead));
            said.unwrap_or_default()
        })
    }

    /// Sets an endpoint; a variable in it becomes a name that leads nowhere, which the operator replaces.
    pub fn endpoint(&mut self, from: &Written, url: &str) -> String {
        let Some(name) = super::secret::variable(url) else {
            let (url, query) = url.split_once('?').unwrap_or((url, ""));
            if !query.is_empty() {
                self.tell(from, "What follows the `?` of this URL is not carried over");
            }
            return url.trim().trim_end_matches('/').to_owned();
        };
        let stands_for = format!(
            "https://{}.invalid",
            TakenNames::plain(&name.to_ascii_lowercase().replace('_', "-"), "-")
        );
        self.tell(from, format!("The endpoint is in a variable, and this file has none: write it in place of {stands_for}, which leads nowhere ({})", quoted(&name)));
        stands_for
    }
}
