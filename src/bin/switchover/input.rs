//! What `translate` and `explain` are told about a request: its path, its body, its headers.

use crate::document::{CheckedFile, read};
use crate::stop::{Stop, print};
use std::io::Read;
use std::path::Path;
use switchover::config::{Config, TargetSettings};
use switchover::dialect::{CallerError, Refusal, Surface, exchange};
use switchover::json::{Raw, indented};

/// Made up for what the filter draws at random or reads off a clock, so that the same input prints the same output.
pub const ID: &str = "switchover";
/// Unix seconds; see [`ID`].
pub const CREATED: u64 = 1_750_000_000;

/// `name=value`, as `--header` takes it; the name in lower case.
pub fn header(text: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            Ok((name.to_ascii_lowercase().into_bytes(), value.as_bytes().to_vec()))
        }
        _ => Err("a header is written NAME=VALUE".to_owned()),
    }
}

/// The surface of a path, with or without the file's base path before it.
///
/// # Errors
/// The filter takes no such path.
pub fn surface(config: &Config, path: &str) -> Result<Surface, Stop> {
    let below = path.strip_prefix(config.listen.base_path.as_str()).unwrap_or(path);
    Surface::of_path(below).or_else(|| Surface::of_path(path)).ok_or_else(|| {
        Stop::wrong(format!(
            "{path}: the filter translates no such path. Choose /v1/chat/completions, /v1/messages, /v1/responses or \
             /v1/embeddings."
        ))
    })
}

/// A target by its id.
///
/// # Errors
/// There is none; the closest is named.
pub fn target<'d>(document: &'d CheckedFile, id: &str) -> Result<(usize, &'d TargetSettings), Stop> {
    let config = &document.config;
    config.targets.iter().enumerate().find(|(_, target)| target.id() == id).ok_or_else(|| {
        let file = document.path.display();
        let ids: Vec<&str> = config.targets.iter().map(TargetSettings::id).collect();
        let hint = match config.closest_target(id) {
            Some(closest) => format!("Did you mean `{closest}`?"),
            None => format!("It has {}.", ids.join(", ")),
        };
        Stop::wrong(format!("{file} has no target `{id}`. {hint}"))
    })
}

/// Standard input, whole.
///
/// # Errors
/// It can't be read.
pub fn body() -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Stop::io("reading", Path::new("standard input"), &error))?;
    Ok(bytes)
}

/// A file, or standard input for `-`.
///
/// # Errors
/// It can't be read.
pub fn body_from(path: &Path) -> Result<Vec<u8>, Stop> {
    if path == Path::new("-") { body() } else { read(path) }
}

/// Prints the error body that the caller would get.
pub fn refuse(surface: Surface, refusal: Refusal) -> Stop {
    let body = exchange::error(surface, &CallerError::from(refusal));
    print_json(&body).err().unwrap_or(Stop::Refused)
}

/// Prints JSON for people.
///
/// # Errors
/// Standard output is closed.
pub fn print_json(json: &[u8]) -> Result<(), Stop> {
    match Raw::parse(json) {
        Ok(raw) => print(indented(raw).as_bytes()),
        Err(_) => print(json),
    }
}
