//! `GET /v1/models`: what callers can ask for, answered by the filter in the caller's own dialect.

use super::answer::Answer;
use super::headers::{self, Header};
use crate::config::{Config, Group};
use crate::dialect::{CallerError, Refusal, Surface};
use crate::json::Writer;

/// The answer, if the path is one of these.
pub fn answer(config: &Config, path: &str, method: &[u8], headers: &[Header<'_>]) -> Option<Answer> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let rest = path.strip_prefix("/v1/models")?;
    let id = match rest.strip_prefix('/') {
        None if rest.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(id) => Some(percent_decoded(id)),
    };
    // Anthropic's SDK always says its version; nobody else does.
    let surface =
        if headers::find(headers, "anthropic-version").is_some() { Surface::Messages } else { Surface::Chat };
    if method != b"GET" && method != b"HEAD" {
        let error = CallerError {
            status: 405,
            code: "method_not_allowed".to_owned(),
            param: None,
            message: "/v1/models takes GET requests only. Send the request with GET.".to_owned(),
        };
        return Some(Answer::error(surface, &error).with("allow", "GET"));
    }
    let Some(id) = id else { return Some(Answer::json(200, list(config, surface))) };
    if let Err(refusal) = find(config, &id) {
        return Some(Answer::error(surface, &CallerError::from(refusal)));
    }
    let mut out = Vec::new();
    one(&mut Writer::new(&mut out), &id, surface);
    Some(Answer::json(200, out))
}

/// The group that a caller's `model` means.
///
/// # Errors
/// There is none, or it is disabled: its names stay its own, and nobody else answers for it.
pub(super) fn find<'c>(config: &'c Config, model: &str) -> Result<&'c Group, Refusal> {
    let shown: String = model.chars().take(100).collect();
    let wrong = match config.group_for(model) {
        Some(group) if group.enabled => return Ok(group),
        Some(group) if group.name == model => format!("The model `{shown}` is disabled here."),
        Some(group) => {
            format!("The model `{shown}` is of the group `{}`, which is disabled here.", group.name)
        }
        None => {
            let hint =
                config.closest(model).map_or(String::new(), |closest| format!(" Did you mean `{closest}`?"));
            format!("The model `{shown}` does not exist here.{hint}")
        }
    };
    let message = format!("{wrong} GET /v1/models lists what there is.");
    Err(Refusal { param: Some("model".to_owned()), ..Refusal::of(404, "model_not_found", message) })
}

fn list(config: &Config, surface: Surface) -> Vec<u8> {
    let names: Vec<&str> = config.models().collect();
    let mut out = Vec::new();
    Writer::new(&mut out).object(|w| {
        if surface == Surface::Chat {
            w.key("object").string("list");
        }
        w.key("data").array(|w| names.iter().for_each(|name| one(w, name, surface)));
        if surface == Surface::Messages {
            w.key("has_more").bool(false);
            for (key, name) in [("first_id", names.first()), ("last_id", names.last())] {
                match name {
                    Some(name) => w.key(key).string(name),
                    None => w.key(key).null(),
                }
            }
        }
    });
    out
}

fn one(w: &mut Writer<'_>, name: &str, surface: Surface) {
    w.object(|w| {
        w.key("id").string(name);
        if surface == Surface::Messages {
            w.key("type").string("model");
            w.key("display_name").string(name);
            w.key("created_at").string("1970-01-01T00:00:00Z");
        } else {
            w.key("object").string("model");
            w.key("created").u64(0);
            w.key("owned_by").string("switchover");
        }
    });
}

/// Undoes percent-encoding; what is not encoded rightly stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| byte == b'%') {
            Some(decoded) => {
                out.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_is_off_is_not_listed() {
        let json = r#"{"version":1,"targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://x"}],"model_groups":[
            {"name":"on","aliases":["*"],"targets":[{"id":"a"}]},
            {"name":"off","aliases":["of"],"enabled":false,"targets":[{"id":"a"}]}]}"#;
        let config = Config::from_json(json.as_bytes()).unwrap();
        let got = |path| {
            let answer = answer(&config, path, b"GET", &[]).unwrap();
            (answer.status, String::from_utf8(answer.body).unwrap())
        };
        let (status, body) = got("/v1/models");
        assert!(status == 200 && body.contains(r#""id":"on""#) && !body.contains(r#""id":"of"#), "{body}");
        assert!(got("/v1/models/off").1.contains("The model `off` is disabled here. GET /v1/models"));
        assert_eq!(
            [got("/v1/models/off").0, got("/v1/models/of").0, got("/v1/models/else").0],
            [404, 404, 200]
        );
    }
}
