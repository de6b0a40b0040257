//! Responses on both sides: bytes are edited and everything else survives as it was written.
//!
//! Requests: the model's name, and reasoning that another provider's answer brought into the conversation, which OpenAI
//! would look for in vain. Answers: the model's name.
//!
//! A conversation that the provider stores (`previous_response_id`, `conversation`, item references) goes to every
//! target that speaks this dialect, in the group's order; only the one that stored it knows it.

use super::passing::Passing;
use super::wire::{finish_name, read_usage};
use super::{Responses, seal};
use crate::dialect::exchange::{Answer, Native, Pipe};
use crate::dialect::{Host, Losses, Memo, Outgoing, Refusal, Seen, Target, Turn};
use crate::failure::{Class, Failure, Head, classify, classify_event, reports_error};
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};
use memchr::memmem;

impl Native for Responses {
    fn request(
        &self,
        body: Raw<'_>,
        turn: &Turn,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<Outgoing, Refusal> {
        let model = json_string(target.model(&turn.requested_model));
        let more: &[(&str, &[u8])] = if body.get("model").is_none() { &[("model", &model)] } else { &[] };
        let mut out = Vec::with_capacity(body.as_json().len() + 64);
        let decide = |name: &Text<'_>, value: Raw<'_>| match name.decode().as_ref() {
            "model" if value.as_json().as_bytes() != model => Edit::Put(&model),
            "max_output_tokens" => {
                match value.as_u64().map(|asked| (asked, target.capped(asked, turn.surface, losses))) {
                    Some((asked, limit)) if limit < asked => Edit::Replace(limit.to_string().into_bytes()),
                    _ => Edit::Keep,
                }
            }
            "input" => without_foreign_reasoning(value).map_or(Edit::Keep, Edit::Replace),
            _ => Edit::Keep,
        };
        edit_object(body, decide, more, &mut out);
        Ok(Outgoing {
            path: path(target),
            body: out,
            memo: Memo { stream: turn.stream, ..Memo::default() },
            ..Outgoing::default()
        })
    }

    fn reply(&self, turn: &Turn, _: &Memo, head: &Head<'_>, body: &[u8]) -> Result<Answer, Failure> {
        let response = parse(head, body)?;
        let mut answer = Answer { body: Vec::with_capacity(body.len() + 32), seen: Seen::default() };
        look(response, &mut answer.seen);
        with_model(response, &json_string(&turn.requested_model), &mut answer.body);
        Ok(answer)
    }

    fn stream(&self, turn: &Turn, _: &Memo) -> Box<dyn Pipe> {
        Box::new(Passing::new(json_string(&turn.requested_model)))
    }
}

fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    out
}

/// Azure has Responses in its version-less API only, where deployments are named in the body:
/// <https://learn.microsoft.com/azure/ai-services/openai/how-to/responses>.
fn path(target: &Target) -> String {
    let base = &target.endpoint.base_path;
    if target.row.host == Host::Azure {
        let base = base.trim_end_matches("/openai/v1").trim_end_matches("/openai");
        return format!("{base}/openai/v1/responses");
    }
    format!("{base}/responses")
}

/// The input without reasoning that Switchover made of another provider's; `None` if there is none such.
fn without_foreign_reasoning(input: Raw<'_>) -> Option<Vec<u8>> {
    let json = input.as_json();
    // Nearly no request has such items: don't look into each of those that have none.
    memmem::find(json.as_bytes(), b"\"switchover.")?;
    if !input.items().any(is_foreign_reasoning) {
        return None;
    }
    let mut out = Vec::with_capacity(json.len());
    Writer::new(&mut out)
        .array(|w| input.items().filter(|item| !is_foreign_reasoning(*item)).for_each(|item| w.raw(item)));
    Some(out)
}

fn is_foreign_reasoning(item: Raw<'_>) -> bool {
    item.get("type").and_then(Raw::text).is_some_and(|kind| kind == "reasoning")
        && item.present("encrypted_content").and_then(Raw::text).is_some_and(|text| seal::is_ours(&text))
}

/// The response that a body of a 2xx must be.
///
/// # Errors
/// The failure that it is instead.
fn parse<'a>(head: &Head<'_>, body: &'a [u8]) -> Result<Raw<'a>, Failure> {
    let response = Raw::parse(body).map_err(|error| match body.trim_ascii_start().first() {
        Some(b'{' | b'[') => {
            Failure { status: head.status, ..Failure::malformed(&format!("the body is not JSON: {error}")) }
        }
        // A page, or words: classification quotes them.
        _ => classify(head, body, 0),
    })?;
    if reports_error(response) {
        return Err(classify_event(response, 0));
    }
    if response.present("status").and_then(Raw::text).is_some_and(|status| status == "failed") {
        let failure = Failure::malformed("its response has failed and doesn't say why");
        return Err(Failure { class: Class::ServerError, status: head.status, ..failure });
    }
    if response.get("output").is_none_or(|output| output.kind() != Kind::Array) {
        return Err(Failure { status: head.status, ..Failure::malformed("its response has no output") });
    }
    Ok(response)
}

/// What a response tells about itself.
pub(super) fn look(response: Raw<'_>, seen: &mut Seen) {
    if let Some(model) = response.present("model").and_then(Raw::text) {
        seen.model = Some(model.into_string());
    }
    if let Some(usage) = response.present("usage") {
        seen.usage.update(&read_usage(usage));
    }
    seen.finish = Some(finish_name(response).to_owned());
}

/// Copies a response with the caller's name of the model.
pub(super) fn with_model(response: Raw<'_>, model: &[u8], out: &mut Vec<u8>) {
    let decide = |name: &Text<'_>, _: Raw<'_>| if name == "model" { Edit::Put(model) } else { Edit::Keep };
    let more: &[(&str, &[u8])] = if response.get("model").is_none() { &[("model", model)] } else { &[] };
    edit_object(response, decide, more, out);
}
