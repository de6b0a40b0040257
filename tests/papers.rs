//! What the papers say of files: what they name is there, and a table of a folder's files has them all.
//!
//! The papers are the pages of `docs`, the other Markdown files that people read, and the comments in the sources.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Markdown files, and folders of such.
const PAGES: [&str; 6] =
    ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "envoy/README.md", "tests/golden/README.md"];

/// The folders of the repository that a path can begin with.
const ROOTS: [&str; 4] = ["src/", "tests/", "docs/", "envoy/"];

#[test]
fn paths_are_there() {
    let mut gone = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let gone_of_page = paths(&text).into_iter().filter(|path| !Path::new(path).exists());
        gone.extend(gone_of_page.map(|path| format!("{}: {path}", page.display())));
    }
    assert!(gone.is_empty(), "not there:\n{}", gone.join("\n"));
}

#[test]
fn files_by_their_names_are_there() {
    let files = files();
    let mut gone = Vec::new();
    let sources = files.iter().filter(|path| path.starts_with("src/") && path.ends_with(".rs"));
    for page in pages().into_iter().chain(sources.map(PathBuf::from)) {
        let is_source = page.extension().is_some_and(|ending| ending == "rs");
        let text = fs::read_to_string(&page).unwrap();
        for name in text.lines().filter(|line| !is_source || line.contains("//")).flat_map(quoted) {
            // A comment may name a file of somebody else's, which is no Rust.
            let is_ours = name.ends_with(".rs") || !is_source && name.ends_with(".py");
            let is_file = is_ours && name.chars().all(|letter| of_path(letter) && letter != '*');
            if is_file && !files.iter().any(|path| is_end(path, name)) {
                gone.push(format!("{}: `{name}`", page.display()));
            }
        }
    }
    assert!(gone.is_empty(), "not there:\n{}", gone.join("\n"));
}

#[test]
fn tables_of_files_have_them_all() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in files().iter().filter(|path| path.starts_with("src/") && path.ends_with(".rs")) {
        let text = fs::read_to_string(path).unwrap();
        let named = table(&text);
        if named.is_empty() {
            continue;
        }
        count += 1;
        let there = modules(Path::new(path));
        let named = spread(&named, &there);
        let told = |names: Vec<&String>, what: &str| {
            names.into_iter().map(|name| format!("{path}: `{name}` {what}")).collect::<Vec<_>>()
        };
        wrong.extend(told(named.difference(&there).collect(), "is not there"));
        wrong.extend(told(there.difference(&named).collect(), "is not in the table"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 4, "the tables were not found");
}

/// What the pages that say how to add something call by its name in the code.
#[test]
fn names_in_the_code_are_there() {
    let files = files();
    let code = files.iter().filter(|path| [".rs", ".py"].iter().any(|ending| path.ends_with(ending)));
    let code: Vec<_> = code.map(|path| fs::read_to_string(path).unwrap()).collect();
    let words: BTreeSet<_> = code.iter().flat_map(|text| text.split(|letter| !of_name(letter))).collect();
    let mut gone = Vec::new();
    for page in pages().into_iter().filter(|page| page.to_string_lossy().contains("adding-")) {
        let text = fs::read_to_string(&page).unwrap();
        let names = text.lines().flat_map(quoted).filter(|name| is_name(name));
        let unknown = names.filter(|name| name.split("::").any(|word| !words.contains(word)));
        gone.extend(unknown.map(|name| format!("{}: `{name}`", page.display())));
    }
    assert!(gone.is_empty(), "not there:\n{}", gone.join("\n"));
}

#[test]
fn the_reading_itself_is_right() {
    let text =
        "`src/a/<name>/b.rs`, src/b.rs::test and `tests/*/c`; (`docs/`). See mysrc/d.rs, https://e/src/f.";
    assert_eq!(paths(text), ["src/a/", "src/b.rs", "tests/", "docs/"]);
    assert_eq!(quoted("`a`, b and `c d`"), ["a", "c d"]);
    let head = "//! A dialect.\n//!\n//! | file | does |\n//! |---|---|\n//! | `a`, `b` | `no` |\n//! | `d` … `f` | x |\n";
    let named = table(head);
    assert_eq!(named, [vec!["a", "b"], vec!["d", "…", "f"]].concat());
    assert!(table("//! | word | means |\n//! |---|---|\n//! | `a` | b |\n").is_empty());
    let there = ["a", "b", "d", "e", "f", "g"].map(str::to_owned).into_iter().collect();
    assert_eq!(spread(&named, &there).into_iter().collect::<Vec<_>>(), ["a", "b", "d", "e", "f"]);
    assert!(is_end("src/filter/watch/rush.rs", "watch/rush.rs") && !is_end("src/crush.rs", "rush.rs"));
    assert!(["Framed", "ROOMS", "Target::planned"].iter().all(|name| is_name(name)));
    assert!(["plan", "BLESS=1 cargo", "a::b()", "HTML, cut"].iter().all(|name| !is_name(name)));
}

/// The pages' paths.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for page in PAGES.map(Path::new) {
        if page.is_dir() {
            pages.extend(fs::read_dir(page).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            pages.push(page.to_owned());
        }
    }
    pages
}

/// Every file under `src` and `tests`, by its path from the root.
fn files() -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::from("src"), PathBuf::from("tests")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("target") => {}
                true => folders.push(path),
                false => files.push(path.to_string_lossy().into_owned()),
            }
        }
    }
    files
}

/// The paths in a text, up to the first thing in them that stands for many.
fn paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for word in text.split(|letter| !of_path(letter) && letter != '<') {
        if !ROOTS.iter().any(|root| word.starts_with(root)) {
            continue;
        }
        let whole = match word.find(['<', '*']) {
            Some(end) => &word[..word[..end].rfind('/').unwrap() + 1],
            None => word.trim_end_matches('.'),
        };
        paths.push(whole.to_owned());
    }
    paths
}

fn of_path(letter: char) -> bool {
    of_name(letter) || ['.', '/', '-', '*'].contains(&letter)
}

fn of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// What stands in a line between backticks.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// A type, a constant, or a path of such.
fn is_name(text: &str) -> bool {
    text.starts_with(char::is_uppercase)
        && text.len() > 1
        && text.split("::").all(|word| !word.is_empty() && word.chars().all(of_name))
}

/// Whether `path` ends with all of `name`.
fn is_end(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// The names in the first column of the table of files, or of rooms, in the head of a source; with `…` between two of
/// them, if all that lie between are meant.
fn table(source: &str) -> Vec<&str> {
    let mut rows =
        source.lines().filter_map(|line| line.strip_prefix("//! | ")).filter_map(|row| row.split('|').next());
    if !rows.next().is_some_and(|first| ["file", "room"].contains(&first.trim())) {
        return Vec::new();
    }
    rows.flat_map(|cell| {
        cell.split('`').filter(|text| text.contains('…') || !text.trim_matches([',', ' ']).is_empty())
    })
    .map(str::trim)
    .collect()
}

/// The same with all that `…` stands for.
fn spread(named: &[&str], there: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (at, name) in named.iter().enumerate() {
        if *name == "…" {
            let (first, last) = (named[at - 1].to_owned(), named[at + 1].to_owned());
            all.extend(there.range(first..last).cloned());
        } else {
            all.insert((*name).to_owned());
        }
    }
    all
}

/// The modules that a source may have as files beside it or below it, but for its tests.
fn modules(source: &Path) -> BTreeSet<String> {
    let folder =
        if source.ends_with("mod.rs") { source.with_file_name("") } else { source.with_extension("") };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned());
    names.filter(|name| !["mod", "tests"].contains(&name.as_str())).collect()
}
