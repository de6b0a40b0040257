//! The walls of the house, held by a test: which stage may import which, and what none of the core may touch.
//!
//! It reads the sources as text, without comments, literals and `#[cfg(test)]` items. What a compiler can hold is held by one:
//! `deny(unsafe_code)`, clippy's disallowed methods, and the core's build for a target without a host.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A stage may import stages of the rows above its own, and nothing else of the library.
const STAGES: &[&[&str]] = &[
    &["json", "stream"],
    &["chat", "failure"],
    &["catalog"],
    &["dialect"],
    &["settings"],
    &["plan"],
    &["config"],
    &["filter"],
    &["host"],
];

/// The rooms of `dialect`: the same rule. So no dialect imports another, and only `exchange` knows them all.
const ROOMS: &[&[&str]] = &[
    &["piece", "providers", "surface"],
    &["loss"],
    &["seam"],
    &["talk", "words"],
    &["anthropic", "bedrock", "cohere", "embeddings", "gemini", "openai", "responses"],
    &["exchange"],
];

/// What only some places may name, and which.
const RESERVED: &[(&str, &[&str])] = &[
    ("proxy_wasm", &["src/host/"]),
    ("unsafe", &["src/host/abi.rs", "src/host/entry.rs"]),
    // Time, randomness and files reach the core as arguments.
    ("Instant", &["src/bin/"]),
    ("SystemTime", &["src/bin/"]),
    ("std::env", &["src/bin/"]),
    ("std::fs", &["src/bin/"]),
    ("std::net", &["src/bin/"]),
    ("std::process", &["src/bin/"]),
    // `host` needs the type of a `thread_local!` once.
    ("std::thread", &["src/bin/", "src/host/shared.rs"]),
];

#[test]
fn imports_go_one_way() {
    let mut breaches = Vec::new();
    for (path, code) in sources() {
        let Some(stage) = stage_of(&path) else { continue };
        check(&path, &stage, STAGES, &imports(&code, &["crate::"], &module_of(&path)), &mut breaches);
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn imports_go_one_way_inside_dialect() {
    let homes = homes(&fs::read_to_string("src/dialect/mod.rs").unwrap());
    let mut breaches = Vec::new();
    for (path, code) in sources() {
        let module = module_of(&path);
        let ["dialect", room, ..] = module.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
            continue;
        };
        let names = imports(&code, &["crate::dialect::"], &module[1..]);
        let rooms: Vec<_> = names.into_iter().map(|name| homes.get(&name).cloned().unwrap_or(name)).collect();
        check(&path, room, ROOMS, &rooms, &mut breaches);
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// One word a concept: nobody has to know which of several types a name means.
#[test]
fn a_type_has_a_name_of_its_own() {
    let mut homes: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut twice = Vec::new();
    for (path, code) in sources() {
        for line in code.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let declares = |word: &&str| ["struct", "enum", "trait", "type", "union"].contains(word);
            let Some(at) = words.iter().position(declares) else { continue };
            let is_declared = words[..at].iter().all(|word| word.starts_with("pub") || word.ends_with(')'));
            let is_associated = words[at] == "type" && line.starts_with(' ');
            let Some(name) =
                words.get(at + 1).map(|word| name(word)).filter(|_| is_declared && !is_associated)
            else {
                continue;
            };
            match homes.insert(name.to_owned(), path.clone()) {
                // The same thing for another machine.
                Some(home) if home != path => {
                    twice.push(format!("{name}: {}, {}", home.display(), path.display()))
                }
                _ => {}
            }
        }
    }
    assert!(homes.len() > 300, "the types were not found");
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

/// Holds one file's imports against the rows of a table.
fn check(path: &Path, from: &str, table: &[&[&str]], imports: &[String], breaches: &mut Vec<String>) {
    let row_of = |name: &str| table.iter().position(|row| row.contains(&name));
    let Some(row) = row_of(from) else {
        return breaches.push(format!("{}: give '{from}' a place in the table above", path.display()));
    };
    for import in imports {
        if import != from && row_of(import).is_some_and(|other| other >= row) {
            breaches.push(format!("{}: '{from}' must not import '{import}'", path.display()));
        }
    }
}

/// What a `mod.rs` gives on under its own name: the name, and the room that has it.
fn homes(source: &str) -> BTreeMap<String, String> {
    let code = code_of(source);
    let uses = code.match_indices("use ").filter_map(|(at, _)| code[at + 4..].split_once(';'));
    let mut homes = BTreeMap::new();
    for (path, _) in uses {
        let room = name(path).to_owned();
        for last in path
            .split(['{', '}', ','])
            .map(str::trim)
            .filter(|last| !last.is_empty() && !last.ends_with("::"))
        {
            homes.insert(last.rsplit("::").next().unwrap().to_owned(), room.clone());
        }
    }
    homes
}

#[test]
fn the_core_touches_no_host_no_clock_and_no_file() {
    let mut breaches = Vec::new();
    for (path, code) in sources() {
        for (word, places) in RESERVED {
            if !places.iter().any(|place| path.starts_with(place)) && has_word(&code, word) {
                breaches.push(format!("{}: '{word}' belongs in {} only", path.display(), places.join(", ")));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// What the README and `docs/architecture.md` say of `host`, in lines of code. What is more belongs in the core, most likely.
const MOST_OF_THE_RIM: usize = 1_600;

#[test]
fn the_rim_is_as_thin_as_the_readme_says() {
    let of_host = sources().into_iter().filter(|(path, _)| path.starts_with("src/host"));
    let lines: usize =
        of_host.map(|(_, code)| code.lines().filter(|line| !line.trim().is_empty()).count()).sum();
    assert!((1_000..=MOST_OF_THE_RIM).contains(&lines), "src/host has {lines} lines of code");
}

#[test]
fn every_word_of_the_glossary_is_a_name() {
    let front = fs::read_to_string("src/lib.rs").unwrap();
    let code: String = sources().into_iter().map(|(_, code)| code).collect();
    let rows: Vec<_> = front.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1).collect();
    assert!(rows.len() > 20, "the table was not found");
    let wrong: Vec<_> = rows.iter().flat_map(|row| strangers(row, &code)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a row of the glossary: a link to something that nothing declares, or none that has the row's word.
fn strangers(row: &str, code: &str) -> Vec<String> {
    let word = name(row);
    let links: Vec<&str> =
        row.split("[`").skip(1).filter_map(|rest| rest.split_once("`]")).map(|(link, _)| link).collect();
    let names = || links.iter().flat_map(|link| link.split("::"));
    let unknown = names()
        .filter(|name| !is_declared(name, code))
        .map(|name| format!("'{word}' links to '{name}', which is none"));
    let is_meant =
        names().any(|name| name.to_lowercase().trim_end_matches('s').ends_with(word.trim_end_matches('s')));
    unknown.chain((!is_meant).then(|| format!("no link of '{word}' has that name"))).collect()
}

/// Whether something of the sources has that name: a type, a module, a function, a field.
fn is_declared(name: &str, code: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before =
            code[..at].trim_end().rsplit(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
        let is_whole =
            code[at + name.len()..].starts_with(|letter: char| !letter.is_alphanumeric() && letter != '_');
        is_whole && ["enum", "fn", "mod", "pub", "struct", "trait", "type"].contains(&before)
    })
}

#[test]
fn the_reading_itself_is_right() {
    let source = r####"
        //! crate::host in a comment, "and in a string
        use crate::{json::{Raw, Text}, chat::Request as R, self};
        use super::super::failure::Class; /* crate::filter /* nested */ */
        const QUOTE: char = '"'; const S: &str = "crate::plan \" proxy_wasm"; const R: &[u8] = br#"crate::dialect""#;
        fn f<'a>(x: &'a str) -> crate::stream::Frame<'a> { proxy_wasm_like(x) }
        #[cfg(test)]
        mod tests { use crate::config::File; fn g() { if true { "}"; } } }
        fn after() -> crate::plan::Order {}
    "####;
    let code = without_tests(&code_of(source));
    let module = ["json".to_owned(), "raw".to_owned()];
    assert_eq!(imports(&code, &["crate::"], &module), ["json", "chat", "stream", "plan", "failure"]);
    let inside = imports(
        "use crate::dialect::{a::B, C}; super::d::e(); crate::json::F",
        &["crate::dialect::"],
        &module[1..],
    );
    assert_eq!(inside, ["a", "C", "d"]);
    let homes = homes("mod a; pub use a::{B, C}; pub use d::e::{F}; use g::H;");
    assert_eq!(
        homes.iter().map(|(name, room)| format!("{name}:{room}")).collect::<Vec<_>>(),
        ["B:a", "C:a", "F:d", "H:g"]
    );
    assert!(!has_word(&code, "proxy_wasm"));
    assert!(has_word("use proxy_wasm::traits;", "proxy_wasm"));
    assert_eq!(module_of(Path::new("src/stream/sse/tests.rs")), ["stream", "sse", "tests"]);
    assert_eq!(module_of(Path::new("src/chat/mod.rs")), ["chat"]);
    let row =
        |links| strangers(links, "pub mod plan; pub struct Order; struct Ordered; enum Vow {}").join("; ");
    assert_eq!(row("order | a sequence | [`plan::Order`] |"), "");
    assert_eq!(row("seat | a place | [`plan::Order`] |"), "no link of 'seat' has that name");
    assert_eq!(row("vow | a word | [`plan::Vows`] |"), "'vow' links to 'Vows', which is none");
    assert!(sources().len() > 10, "the sources were not found");
}

/// Every source file of the package by its path from the root, without comments, literals and tests.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                let code = without_tests(&code_of(&fs::read_to_string(&path).unwrap()));
                found.push((path.strip_prefix(root).unwrap().to_owned(), code));
            }
        }
    }
    found
}

/// The folder or file right under `src`; nothing for the crate's root and the command.
fn stage_of(path: &Path) -> Option<String> {
    let first = module_of(path).into_iter().next()?;
    (!["lib", "bin"].contains(&first.as_str())).then_some(first)
}

/// `src/chat/event.rs` → `chat`, `event`.
fn module_of(path: &Path) -> Vec<String> {
    let path = path.strip_prefix("src").unwrap().with_extension("");
    let mut names: Vec<_> = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.pop_if(|name| name == "mod");
    names
}

/// The first names of all paths that start at a root, as `crate::…` or by as many `super::`s as there are names in `module`.
fn imports(code: &str, roots: &[&str], module: &[String]) -> Vec<String> {
    let up = "super::".repeat(module.len());
    let roots = roots.iter().copied().chain([up.as_str()]);
    roots.flat_map(|root| code.match_indices(root).map(move |(at, _)| &code[at + root.len()..])).fold(
        Vec::new(),
        |mut names, rest| {
            match rest.strip_prefix('{') {
                Some(group) => names.extend(first_names(group)),
                None => names.push(name(rest).to_owned()),
            }
            names
        },
    )
}

/// Of `json::{Raw, Text}, chat::Request}…`: `json`, `chat`.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(group[start..at].trim_start()).to_owned());
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty() && name != "self");
    names
}

fn name(text: &str) -> &str {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default()
}

fn has_word(code: &str, word: &str) -> bool {
    let of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(of_word) && !code[at + word.len()..].starts_with(of_word))
}

/// The source without comments and with every literal emptied.
fn code_of(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let skipped = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest, '"'),
            'r' => raw_string(rest),
            // A lifetime has no closing quote right after its first letter.
            '\'' if rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'') => quoted(rest, '\''),
            _ => 0,
        };
        if skipped == 0 {
            code.push(letter);
        }
        rest = &rest[skipped.max(letter.len_utf8())..];
    }
    code
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = true;
    for (at, letter) in rest.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a raw string, or 0 if `rest` starts with an ordinary name.
fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
    if !rest[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = 2 + hashes;
    rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len())
}

/// Takes out every item under a `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test").or_else(|| rest.find("#[cfg(all(test")) {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let mut depth = 0_usize;
        let end = item.char_indices().find(|(_, letter)| match letter {
            '{' => {
                depth += 1;
                false
            }
            '}' => {
                depth = depth.saturating_sub(1);
                depth == 0
            }
            ';' => depth == 0,
            _ => false,
        });
        rest = end.map_or("", |(end, _)| &item[end + 1..]);
    }
    kept.push_str(rest);
    kept
}
