//! The problems of a file for programs: plain JSON, and SARIF, which code hosts show beside the lines.
//!
//! SARIF: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::path::Path;
use switchover::config::Problem;
use switchover::json::Writer;

/// How bad a problem is, in the words of both forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file is not taken.
    Error,
    /// The file says it and perhaps doesn't mean it.
    Warning,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    /// The only rule that there is for it: what is wrong is said in each result.
    fn rule(self) -> (&'static str, &'static str) {
        match self {
            Severity::Error => ("wrong", "What makes Switchover refuse the file."),
            Severity::Warning => ("doubtful", "What the file says and perhaps doesn't mean."),
        }
    }
}

/// `{file, problems: [{level, path, line, column, wrong, instead}]}`.
pub fn json(file: &Path, problems: &[Problem], level: Severity) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out).object(|w| {
        w.key("file").string(&file.display().to_string());
        w.key("problems").array(|w| {
            for problem in problems {
                w.object(|w| {
                    w.key("level").string(level.word());
                    w.key("path").string(&problem.path);
                    if let Some(at) = problem.at {
                        w.key("line").u64(number(at.line));
                        w.key("column").u64(number(at.column));
                    }
                    w.key("wrong").string(&problem.wrong);
                    w.key("instead").string(&problem.instead);
                });
            }
        });
    });
    out
}

/// A log of one run.
pub fn sarif(file: &Path, problems: &[Problem], level: Severity) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out).object(|w| {
        w.key("$schema").string("https://json.schemastore.org/sarif-2.1.0.json");
        w.key("version").string("2.1.0");
        w.key("runs").array(|w| {
            w.object(|w| {
                w.key("tool").object(|w| w.key("driver").object(driver));
                w.key("columnKind").string("unicodeCodePoints");
                let uri = uri(file);
                w.key("results").array(|w| {
                    problems.iter().for_each(|problem| w.object(|w| result(&uri, problem, level, w)))
                });
            });
        });
    });
    out
}

fn driver(w: &mut Writer<'_>) {
    w.key("name").string("switchover");
    w.key("version").string(env!("CARGO_PKG_VERSION"));
    w.key("rules").array(|w| {
        for level in [Severity::Error, Severity::Warning] {
            let (id, about) = level.rule();
            w.object(|w| {
                w.key("id").string(id);
                w.key("shortDescription").object(|w| w.key("text").string(about));
                w.key("defaultConfiguration").object(|w| w.key("level").string(level.word()));
            });
        }
    });
}

fn result(uri: &str, problem: &Problem, level: Severity, w: &mut Writer<'_>) {
    w.key("ruleId").string(level.rule().0);
    w.key("level").string(level.word());
    w.key("message").object(|w| w.key("text").string(&problem.to_string()));
    w.key("locations").array(|w| {
        w.object(|w| {
            w.key("physicalLocation").object(|w| {
                w.key("artifactLocation").object(|w| w.key("uri").string(uri));
                if let Some(at) = problem.at {
                    w.key("region").object(|w| {
                        w.key("startLine").u64(number(at.line));
                        w.key("startColumn").u64(number(at.column));
                    });
                }
            });
            if !problem.path.is_empty() {
                let place = |w: &mut Writer<'_>| w.key("fullyQualifiedName").string(&problem.path);
                w.key("logicalLocations").array(|w| w.object(place));
            }
        });
    });
}

/// The path as a reference: relative where it was so, as code hosts want it from the root of a repository.
fn uri(path: &Path) -> String {
    let text = path.display().to_string();
    let text = text.strip_prefix("./").unwrap_or(&text);
    let mut out = String::from(if path.is_absolute() { "file://" } else { "" });
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn number(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (path, written) in [
            ("switchover.yaml", "switchover.yaml"),
            ("./a b/ü.yaml", "a%20b/%C3%BC.yaml"),
            ("/etc/a:b.yaml", "file:///etc/a%3Ab.yaml"),
            ("c:d.yaml", "c%3Ad.yaml"),
        ] {
            assert_eq!(uri(Path::new(path)), written);
        }
    }
}
