//! A provider's whole answer, held to what it must be, with the model's name that the caller knows.

use super::{calls, json_string};
use crate::dialect::openai::{answer, wire};
use crate::dialect::seam::WholeAnswer;
use crate::dialect::{Body, Seen, Turn};
use crate::failure::{Failure, Head};
use crate::json::{Edit, Raw, edit_object};

/// Edits the answer.
///
/// # Errors
/// The failure that it reports or is.
pub(super) fn edit(turn: &Turn, head: &Head<'_>, body: &Body<'_>) -> Result<WholeAnswer, Failure> {
    let completion = answer::parse(head, body)?;
    let (seen, mends) = look(completion, head)?;
    let choices = if mends { completion.get("choices") } else { None };
    let id = || completion.get("id").and_then(Raw::text).filter(|id| !id.is_empty());
    let choices = choices.map(|choices| calls::mended(choices, id().as_ref()));
    let model = json_string(&turn.requested_model);
    let mut body = Vec::with_capacity(body.bytes.len() + model.len());
    let more: &[(&str, &[u8])] =
        if seen.model.is_none() && completion.get("model").is_none() { &[("model", &model)] } else { &[] };
    let decide = |name: &crate::json::Text<'_>, _: Raw<'_>| match &choices {
        _ if name == "model" => Edit::Put(&model),
        Some(choices) if name == "choices" => Edit::Put(choices),
        _ => Edit::Keep,
    };
    edit_object(completion, decide, more, &mut body);
    Ok(WholeAnswer { body, seen })
}

/// What is to be seen, and whether a choice must be mended.
fn look(completion: Raw<'_>, head: &Head<'_>) -> Result<(Seen, bool), Failure> {
    let mut seen = Seen::default();
    let mut mends = false;
    for (name, value) in completion.fields() {
        match name.decode().as_ref() {
            "model" => seen.model = value.text().map(|model| model.into_string()),
            "usage" => seen.usage = wire::read_usage(value),
            "choices" => {
                let mut all = answer::Choices::new(value);
                for choice in value.items() {
                    let finish = look_at_choice(choice, &mut all, head, &mut mends)?;
                    seen.finish.get_or_insert(finish.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((seen, mends))
}

fn look_at_choice(
    choice: Raw<'_>,
    all: &mut answer::Choices<'_>,
    head: &Head<'_>,
    mends: &mut bool,
) -> Result<&'static str, Failure> {
    let message = answer::message_of(choice);
    let tool_calls = message.and_then(|message| message.present("tool_calls"));
    let has_calls = tool_calls.is_some_and(|calls| calls.items().next().is_some());
    let reason = choice.get("finish_reason");
    *mends |= message.is_none() || calls::must_mend(reason, tool_calls);
    let finish = wire::finish_of(reason, has_calls);
    if let Some(failure) = answer::failed_choice(choice, &finish) {
        return Err(failure);
    }
    if message.is_none() {
        all.no_message(choice, &finish, head)?;
    }
    Ok(wire::finish_name(&finish))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::turn;
    use super::*;
    use crate::chat::Usage;
    use crate::failure::Class;

    fn edited(body: &str) -> Result<WholeAnswer, Failure> {
        edit(&turn(false), &Head { status: 200, headers: &[] }, &Body::new(body.as_bytes()))
    }

    #[test]
    fn only_the_model_changes() {
        let body = r#"{ "id": "c", "model":"gpt-x-2026", "x": 1.50, "choices": [ {"index":0,"message":{"content":"\u00e9"},"finish_reason":"stop"} ],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4} }"#;
        let answer = edited(body).unwrap();
        assert_eq!(String::from_utf8(answer.body).unwrap(), body.replace("gpt-x-2026", "asked"));
        let usage = Usage { input: Some(3), output: Some(4), ..Usage::default() };
        let seen = Seen {
            usage,
            model: Some("gpt-x-2026".into()),
            finish: Some("stop".into()),
            malformed_events: 0,
        };
        assert_eq!(answer.seen, seen);
        let bare = edited(r#"{"choices":[{"message":{}}]}"#).unwrap();
        assert_eq!(bare.body, br#"{"choices":[{"message":{},"finish_reason":"stop"}],"model":"asked"}"#);
    }

    #[test]
    fn a_filter_empties_one_of_several() {
        let body = r#"{"model":"m","choices":[{"index":0,"finish_reason":"content_filter","message":null},{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"},{"finish_reason":"content_filter","index":2}]}"#;
        assert_eq!(
            String::from_utf8(edited(body).unwrap().body).unwrap(),
            r#"{"model":"asked","choices":[{"index":0,"finish_reason":"content_filter","message":{"role":"assistant","content":"","refusal":null}},{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"},{"finish_reason":"content_filter","index":2,"message":{"role":"assistant","content":"","refusal":null}}]}"#
        );
        let all = body.replace(
            r#""message":{"role":"assistant","content":"b"},"finish_reason":"stop""#,
            r#""finish_reason":"content_filter""#,
        );
        assert_eq!(edited(&all).unwrap_err().class, Class::ContentPolicy);
        let cut = body.replace(r#""finish_reason":"content_filter","index":2"#, r#""index":2"#);
        assert_eq!(edited(&cut).unwrap_err().class, Class::Malformed);
    }

    #[test]
    fn what_is_no_answer() {
        for body in [
            "",
            " \n",
            "<html><body>502 Bad Gateway</body></html>",
            "upstream connect error",
            r#"{"id":"c","choices":[{"index":0,"mess"#,
            r#"{"id":"c","choices":[]}"#,
            r#"{"id":"c","choices":null}"#,
            r#"{"choices":[{"index":0}]}"#,
            r#"{"choices":[{"message":null}]}"#,
            "[]",
            "null",
            "data: {}\n\n",
        ] {
            assert_eq!(edited(body).unwrap_err().class, Class::Malformed, "{body}");
        }
        for (body, class) in [
            (
                r#"{"choices":[{"message":{},"finish_reason":"insufficient_system_resource"}]}"#,
                Class::Overloaded,
            ),
            (r#"{"choices":[{"message":{},"finish_reason":"error"}]}"#, Class::ServerError),
            (
                r#"{"choices":[{"message":{},"finish_reason":"error","native_finish_reason":"MALFORMED_FUNCTION_CALL"}]}"#,
                Class::ModelFailure,
            ),
            (r#"{"choices":[{"index":0,"finish_reason":"content_filter"}]}"#, Class::ContentPolicy),
            (r#"{"choices":[{"message":null,"finish_reason":"content_filter"}]}"#, Class::ContentPolicy),
            (
                r#"{"choices":[],"prompt_filter_results":[{"content_filter_results":{"hate":{"filtered":true}}}]}"#,
                Class::ContentPolicy,
            ),
        ] {
            assert_eq!(edited(body).unwrap_err().class, class, "{body}");
        }
    }
}
