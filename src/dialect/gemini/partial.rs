//! The arguments of a call that a stream gives value by value: `partialArgs`, each with its place in the whole,
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc>.
//!
//! Only who asks for them gets them, and we don't; but an answer with them must not look like one without arguments.
//! They come in the order of the whole, so each is told as JSON at once.

use crate::json::{Raw, Text};

/// What was told of the arguments.
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// The place of the last value.
    last: Vec<PathPart>,
    /// The last value is a string with more to come.
    in_string: bool,
}

/// From a value to one inside of it.
#[derive(Debug, PartialEq, Eq)]
enum PathPart {
    /// Of an object, as in a JSON literal.
    Key(String),
    /// Of an array.
    At(u64),
}

impl PathPart {
    fn brackets(&self) -> (char, char) {
        match self {
            PathPart::Key(_) => ('{', '}'),
            PathPart::At(_) => ('[', ']'),
        }
    }

    fn write(&self, out: &mut String) {
        if let PathPart::Key(key) = self {
            out.push('"');
            out.push_str(key);
            out.push_str("\":");
        }
    }
}

impl Partial {
    /// Takes one of `partialArgs` and adds what it is to the JSON of the arguments.
    pub(super) fn take(&mut self, piece: Raw<'_>, out: &mut String) -> Option<()> {
        let steps = steps(&piece.get("jsonPath")?.text()?)?;
        let text = piece.present("stringValue").and_then(Raw::text);
        let goes_on = piece.get("willContinue").and_then(Raw::as_bool) == Some(true);
        if self.in_string && steps == self.last {
            write_inside(&text?, out);
        } else {
            self.go_to(steps, out)?;
            match text {
                Some(text) => {
                    out.push('"');
                    self.in_string = true;
                    write_inside(&text, out);
                }
                None => {
                    let value = piece.present("numberValue").or_else(|| piece.present("boolValue"));
                    out.push_str(value.unwrap_or(Raw::NULL).as_json());
                }
            }
        }
        if !goes_on {
            self.end_string(out);
        }
        Some(())
    }

    /// Closes what is open and opens what is not; `None`: there can't be a value.
    fn go_to(&mut self, steps: Vec<PathPart>, out: &mut String) -> Option<()> {
        self.end_string(out);
        let same = self.last.iter().zip(&steps).take_while(|(one, other)| one == other).count();
        let next = steps.get(same)?;
        match self.last.get(same) {
            None if self.last.is_empty() => out.push(next.brackets().0),
            Some(before) if before.brackets() == next.brackets() => {
                self.close(same + 1, out);
                out.push(',');
            }
            _ => return None,
        }
        next.write(out);
        for step in steps.iter().skip(same + 1) {
            out.push(step.brackets().0);
            step.write(out);
        }
        self.last = steps;
        Some(())
    }

    /// The end of the arguments.
    pub(super) fn end(mut self, out: &mut String) {
        self.end_string(out);
        if self.last.is_empty() {
            out.push_str("{}");
        }
        self.close(0, out);
    }

    fn end_string(&mut self, out: &mut String) {
        if std::mem::take(&mut self.in_string) {
            out.push('"');
        }
    }

    /// Closes objects and arrays until `open` are left.
    fn close(&self, open: usize, out: &mut String) {
        out.extend(self.last.iter().skip(open).rev().map(|step| step.brackets().1));
    }
}

fn write_inside(text: &Text<'_>, out: &mut String) {
    if let Ok(literal) = text.literal() {
        out.push_str(literal);
    }
}

/// Reads a path such as `$.places[0].name` or `$['a key']`.
fn steps(path: &Text<'_>) -> Option<Vec<PathPart>> {
    let mut steps = Vec::new();
    let mut rest = path.literal().ok()?.strip_prefix('$')?;
    while !rest.is_empty() {
        let step;
        (step, rest) = if let Some(after) = rest.strip_prefix('.') {
            let (key, after) = after.split_at_checked(after.find(['.', '[']).unwrap_or(after.len()))?;
            (PathPart::Key(key.to_owned()), after)
        } else if let Some(after) = rest.strip_prefix("['") {
            let (key, after) = after.split_once("']")?;
            (PathPart::Key(key.to_owned()), after)
        } else {
            let (number, after) = rest.strip_prefix('[')?.split_once(']')?;
            (PathPart::At(number.parse().ok()?), after)
        };
        steps.push(step);
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(pieces: &str) -> String {
        let pieces = format!("[{pieces}]");
        let pieces = Raw::parse(pieces.as_bytes()).unwrap();
        let (mut partial, mut out) = (Partial::default(), String::new());
        pieces.items().for_each(|piece| _ = partial.take(piece, &mut out));
        partial.end(&mut out);
        Raw::parse(out.as_bytes()).unwrap_or_else(|error| panic!("{out}: {error}"));
        out
    }

    #[test]
    fn values_become_json() {
        assert_eq!(whole(""), "{}");
        assert_eq!(
            whole(
                r#"{"jsonPath":"$.a.list[0].amount","stringValue":"16","willContinue":true},
                   {"jsonPath":"$.a.list[0].amount","stringValue":" \"oz\"","willContinue":true},
                   {"jsonPath":"$.a.list[0].amount","stringValue":""},
                   {"jsonPath":"$.a.list[0].n","numberValue":1.5},
                   {"jsonPath":"$.a.list[1].amount","stringValue":"é"},
                   {"jsonPath":"$.a['b c']","boolValue":true},
                   {"jsonPath":"$.z","nullValue":"NULL_VALUE"}"#
            ),
            r#"{"a":{"list":[{"amount":"16 \"oz\"","n":1.5},{"amount":"é"}],"b c":true},"z":null}"#
        );
        assert_eq!(
            whole(
                r#"{"jsonPath":"$.m[0][0]","numberValue":1},{"jsonPath":"$.m[0][1]","numberValue":2},{"jsonPath":"$.m[1][0]","numberValue":3}"#
            ),
            r#"{"m":[[1,2],[3]]}"#
        );
    }

    #[test]
    fn what_is_no_place_is_left_out() {
        for path in ["$", "a", "$.a[x]", "$['a"] {
            assert_eq!(whole(&format!(r#"{{"jsonPath":"{path}","stringValue":"x"}}"#)), "{}", "{path}");
        }
        for again in ["$.a", "$.a.b", "$[0]"] {
            let twice =
                format!(r#"{{"jsonPath":"$.a","numberValue":1}},{{"jsonPath":"{again}","numberValue":2}}"#);
            assert_eq!(whole(&twice), r#"{"a":1}"#);
        }
    }
}
