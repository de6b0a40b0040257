//! Holds a document against the table of [`super::file`]: unknown keys, missing ones, wrong kinds, values out of range.
//! What a value means beside others is not judged here.

use super::file::{KeyRow, LABEL, Object, Presence, ValueKind};
use super::form::TextForm;
use super::lookup::{closest, is_slip};
use super::meaning;
use super::node::{Node, Value};
use super::problem::{Problems, element, listed, member, quoted};
use super::time::{duration_ms, show_ms};
use std::fmt::Display;

/// Reports all in which `node` differs from `object`.
pub(super) fn check_object(node: &Node, object: &'static Object, path: &str, problems: &mut Problems) {
    let Value::Map(entries) = &node.value else {
        let keys = listed(object.fields.iter().map(|field| field.name));
        problems.add(path, node.at, wrong_kind(node, "a map"), format!("Write a map with the keys {keys}"));
        return;
    };
    for entry in entries {
        let path = member(path, &entry.key);
        match object.field(&entry.key) {
            Some(field) => check(&entry.value, &field.kind, &path, problems),
            None => {
                problems.add(path, entry.at, "There is no such key", instead_of_key(&entry.key, object));
            }
        }
    }
    for KeyRow { name, need, doc, .. } in object.fields {
        if matches!(need, Presence::Required) && node.get(name).is_none() {
            let instead = format!("Add it: {}", doc.trim_end_matches('.'));
            problems.add(
                path,
                node.at,
                format!("The key `{name}` is missing"),
                lower_first_after_colon(&instead),
            );
        }
    }
    check_choice(node, object.exactly_one, path, problems);
}

/// By what is meant, else by the letters.
fn instead_of_key(key: &str, object: &Object) -> String {
    let names = || object.fields.iter().map(|field| field.name);
    let likely = || closest(key, names()).filter(|name| is_slip(key, name));
    match meaning::of_key(key, object) {
        Some(instead) => instead,
        None => match likely() {
            Some(name) => format!("Write `{name}`, or remove the key"),
            None => format!("The keys here are {}", listed(names())),
        },
    }
}

/// "Add it: The id …" reads better as "Add it: the id …"; names such as AWS keep their capitals.
fn lower_first_after_colon(sentence: &str) -> String {
    let Some((head, tail)) = sentence.split_once(": ") else { return sentence.to_owned() };
    let mut letters = tail.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            format!("{head}: {}{}", first.to_lowercase(), letters.as_str())
        }
        _ => sentence.to_owned(),
    }
}

fn check_choice(node: &Node, choice: &[&str], path: &str, problems: &mut Problems) {
    let written: Vec<&str> = choice.iter().copied().filter(|name| node.get(name).is_some()).collect();
    if choice.is_empty() || written.len() == 1 {
        return;
    }
    let wrong = if written.is_empty() {
        format!("None of {} is here", listed(choice.iter().copied()))
    } else {
        format!("{} exclude each other", listed(written))
    };
    problems.add(path, node.at, wrong, format!("Write exactly one of {}", listed(choice.iter().copied())));
}

/// Reports all in which `node` is not of `kind`.
pub(super) fn check(node: &Node, kind: &'static ValueKind, path: &str, problems: &mut Problems) {
    if matches!(node.value, Value::Null) {
        problems.add(path, node.at, "There is no value", "Give it one, or leave the key out");
        return;
    }
    match kind {
        ValueKind::Object(object) => check_object(node, object, path, problems),
        ValueKind::List { of, min } => check_list(node, of, *min, path, problems),
        ValueKind::Map(keys) => check_map(node, keys, path, problems),
        ValueKind::Later(what) => {
            if !matches!(&node.value, Value::List(items) if items.is_empty()) {
                let wrong = format!("Switchover does not support {what} yet");
                problems.add(path, node.at, wrong, "Write `[]`, or leave the key out");
            }
        }
        _ => {
            if let Err((wrong, instead)) = check_scalar(node, kind) {
                problems.add(path, node.at, wrong, instead);
            }
        }
    }
}

fn check_list(node: &Node, of: &'static ValueKind, min: usize, path: &str, problems: &mut Problems) {
    let Value::List(items) = &node.value else {
        problems.add(
            path,
            node.at,
            wrong_kind(node, "a list"),
            "Write a list, each element after `- ` or all in `[ ]`",
        );
        return;
    };
    if items.len() < min {
        problems.add(path, node.at, "The list is empty", format!("Write at least {min} element"));
    }
    for (index, item) in items.iter().enumerate() {
        check(item, of, &element(path, index), problems);
    }
}

fn check_map(node: &Node, keys: &'static TextForm, path: &str, problems: &mut Problems) {
    let Value::Map(entries) = &node.value else {
        problems.add(path, node.at, wrong_kind(node, "a map"), "Write a map of names and texts");
        return;
    };
    for entry in entries {
        let path = member(path, &entry.key);
        if !(keys.accepts)(&entry.key) {
            problems.add(&path, entry.at, format!("The key is not {}", keys.what), keys.rule);
        }
        check(&entry.value, &LABEL, &path, problems);
    }
}

/// Of so many choices all are named even where one of them must be meant.
const MOST_LISTED: usize = 4;

type Scalar = Result<(), (String, String)>;

fn check_scalar(node: &Node, kind: &ValueKind) -> Scalar {
    match kind {
        ValueKind::Bool => match node.truth() {
            Some(_) => Ok(()),
            None => Err((wrong_kind(node, "true or false"), "Write true or false".to_owned())),
        },
        ValueKind::Whole { min, max } => check_whole(node, *min, *max),
        ValueKind::Number { min, max } => match node.number() {
            Some(number) if (*min..=*max).contains(&number) => Ok(()),
            Some(number) => Err(out_of_range(number, min, max)),
            None => Err((wrong_kind(node, "a number"), "Write a number without quotes".to_owned())),
        },
        ValueKind::Duration { min_ms, max_ms } => check_duration(node, *min_ms, *max_ms),
        ValueKind::Text(form) => {
            let text = text_of(node)?;
            if (form.accepts)(text) {
                return Ok(());
            }
            let shown = match text {
                "" => "An empty text".to_owned(),
                _ if form.shown => quoted(text),
                _ => "This".to_owned(),
            };
            let rule = if meaning::has_variable(text) { meaning::VARIABLE } else { form.rule };
            Err((format!("{shown} is not {}", form.what), rule.to_owned()))
        }
        ValueKind::OneOf(choices, later) => {
            let (text, choices) = (text_of(node)?, choices());
            if choices.contains(&text) {
                return Ok(());
            }
            let meant = meaning::of_value(text, &choices, later);
            if let Some(meant) = meant.filter(|meant| later.contains(meant)) {
                let said = match quoted(text) {
                    said if meant == text => said,
                    said => format!("{said} is `{meant}` here, which"),
                };
                let instead = format!("Write one of {} until then", listed(choices));
                return Err((format!("{said} comes with a later version of Switchover"), instead));
            }
            if meaning::has_variable(text) {
                return Err((format!("{} is not known here", quoted(text)), meaning::VARIABLE.to_owned()));
            }
            let closest = meant.or_else(|| closest(text, choices.iter().copied()));
            let instead = match closest {
                Some(choice) if choices.len() > MOST_LISTED => format!("Write `{choice}`, if that is meant"),
                Some(choice) => format!("Write `{choice}`; the choices are {}", listed(choices)),
                None if choices.len() == 1 => format!("Write {}", listed(choices)),
                None => format!("Write one of {}", listed(choices)),
            };
            Err((format!("{} is not known here", quoted(text)), instead))
        }
        ValueKind::Object(_) | ValueKind::Map(_) | ValueKind::List { .. } | ValueKind::Later(_) => Ok(()),
    }
}

fn text_of(node: &Node) -> Result<&str, (String, String)> {
    node.text().ok_or_else(|| {
        let instead = match &node.value {
            Value::Number(number) => format!("Put it in quotes: \"{number}\""),
            Value::Bool(truth) => format!("Put it in quotes: \"{truth}\""),
            _ => "Write one text".to_owned(),
        };
        (wrong_kind(node, "text"), instead)
    })
}

fn check_whole(node: &Node, min: u64, max: u64) -> Scalar {
    match (node.whole(), node.number()) {
        (Some(number), _) if (min..=max).contains(&number) => Ok(()),
        (Some(number), _) => Err(out_of_range(number, min, max)),
        (None, Some(number)) if number < 0.0 || number.fract() == 0.0 => Err(out_of_range(number, min, max)),
        (None, Some(number)) => {
            Err((format!("{number} is not a whole number"), format!("Write one from {min} to {max}")))
        }
        (None, None) => Err((
            wrong_kind(node, "a whole number"),
            "Write a whole number without quotes or unit".to_owned(),
        )),
    }
}

fn out_of_range<N: Display + PartialEq>(number: impl Display, min: N, max: N) -> (String, String) {
    let instead =
        if min == max { format!("Write {min}") } else { format!("Write a number from {min} to {max}") };
    (format!("{number} is out of range"), instead)
}

fn check_duration(node: &Node, min_ms: u64, max_ms: u64) -> Scalar {
    const FORM: &str = "Write a number and a unit, like 500ms, 10s, 5m or 1h";
    let text = match &node.value {
        Value::Text(text) => text,
        Value::Number(number) => {
            let whole = node.whole().filter(|whole| *whole > 0);
            let instead = whole
                .map_or_else(|| FORM.to_owned(), |n| format!("Write {n}s if seconds are meant, or {n}ms"));
            return Err((format!("The duration {number} has no unit"), instead));
        }
        _ => return Err((wrong_kind(node, "a duration"), FORM.to_owned())),
    };
    match duration_ms(text) {
        Some(ms) if (min_ms..=max_ms).contains(&ms) => Ok(()),
        Some(_) => {
            let instead = format!("Write a duration from {} to {}", show_ms(min_ms), show_ms(max_ms));
            Err((format!("{text} is out of range"), instead))
        }
        None => Err((format!("{} is not a duration", quoted(text)), FORM.to_owned())),
    }
}

fn wrong_kind(node: &Node, wanted: &str) -> String {
    format!("This is {}, where {wanted} belongs", node.kind())
}
