//! What requests of every dialect are made of.

use std::fmt::Display;

pub fn list<T: Display>(size: usize, one: impl Fn(usize) -> T) -> String {
    let all: Vec<String> = (0..size).map(|n| one(n).to_string()).collect();
    all.join(",")
}

/// Members of an object, of names that nobody knows.
pub fn members(size: usize) -> String {
    list(size, |n| format!(r#""unknown_{n}":{n}"#))
}

/// A name of foreign letters: none is allowed, and all look the same once they are left out.
pub fn foreign(n: usize) -> String {
    let letter = |digit: usize| char::from_u32(0x4e00 + u32::try_from(digit).unwrap()).unwrap();
    [n / 4096, n / 64 % 64, n % 64].map(letter).into_iter().collect()
}

/// A name longer than any provider takes, the same as others' up to there.
pub fn long(n: usize) -> String {
    format!("{}_{n}", "x".repeat(150))
}

pub fn one_prefix(n: usize) -> String {
    format!("{}_{n}", "x".repeat(80))
}

pub fn dotted(n: usize) -> String {
    format!("tool.{n}")
}

/// Dots in other places, so that one name is left of many.
pub fn dots(n: usize) -> String {
    let bit = |place: usize| if n >> place & 1 == 0 { '.' } else { '/' };
    (0..24).map(bit).collect()
}

pub fn wide(size: usize) -> String {
    let properties = list(size, |n| format!(r#""p{n}":{{"type":"string","minLength":1}}"#));
    let required = list(size, |n| format!(r#""p{n}""#));
    format!(
        r#"{{"type":"object","properties":{{{properties}}},"required":[{required}],"additionalProperties":false}}"#
    )
}

/// Without a word on what is required.
pub fn optional(size: usize) -> String {
    let properties = list(size, |n| format!(r#""p{n}":{{"type":["string","null"],"title":"t"}}"#));
    format!(r#"{{"type":"object","properties":{{{properties}}}}}"#)
}

pub fn deep(size: usize) -> String {
    let size = size.min(4000);
    format!(
        r#"{}{{"type":"string"}}{}"#,
        r#"{"type":"object","properties":{"p":"#.repeat(size),
        "}}".repeat(size)
    )
}

pub fn choices(size: usize) -> String {
    let values = list(size, |n| format!(r#""value {n}""#));
    format!(
        r#"{{"type":"object","properties":{{"p":{{"enum":[{values}]}}}},"required":["p"],"additionalProperties":false}}"#
    )
}

pub fn any_of(size: usize) -> String {
    let kinds = list(size, |n| format!(r#"{{"type":"object","properties":{{"p{n}":{{"type":"string"}}}}}}"#));
    format!(r#"{{"type":"object","properties":{{"p":{{"anyOf":[{kinds}]}}}}}}"#)
}

pub fn kinds(size: usize) -> String {
    let kinds = list(size, |n| if n % 2 == 0 { r#""string""# } else { r#""number""# });
    format!(r#"{{"type":"object","properties":{{"p":{{"type":[{kinds}]}}}}}}"#)
}

/// Definitions that a property each refers to.
pub fn referred(size: usize) -> String {
    let definitions = list(size, |n| format!(r#""d{n}":{{"type":"string"}}"#));
    let properties = list(size, |n| format!(r##""p{n}":{{"$ref":"#/$defs/d{n}"}}"##));
    format!(r#"{{"type":"object","properties":{{{properties}}},"$defs":{{{definitions}}}}}"#)
}

/// Definitions that each refer to the next.
pub fn chained(size: usize) -> String {
    let definitions = list(size, |n| {
        format!(r##""d{n}":{{"type":"object","properties":{{"next":{{"$ref":"#/$defs/d{}"}}}}}}"##, n + 1)
    });
    format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{definitions},"d{size}":{{"type":"string"}}}}}}"##)
}

/// Definitions that each refer to the next, and to the first.
pub fn circles(size: usize) -> String {
    let definitions = list(size, |n| {
        format!(
            r##""d{n}":{{"type":"object","properties":{{"next":{{"$ref":"#/$defs/d{}"}},"back":{{"$ref":"#/$defs/d0"}}}}}}"##,
            (n + 1) % size
        )
    });
    format!(r##"{{"type":"object","properties":{{"p":{{"$ref":"#/$defs/d0"}}}},"$defs":{{{definitions}}}}}"##)
}

pub fn all_of(size: usize) -> String {
    let all =
        list(size, |n| format!(r#"{{"properties":{{"p{n}":{{"type":"string"}}}},"required":["p{n}"]}}"#));
    format!(r#"{{"type":"object","allOf":[{all}]}}"#)
}

pub const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
