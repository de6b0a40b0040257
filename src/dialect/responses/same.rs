//! Responses on both sides: bytes are edited and everything else survives as it was written.
//!
//! Requests: the model's name, the limit of tokens, and reasoning that another provider's answer brought into the
//! conversation, which this one could not open, as it could not take ids of calls that are too long. Answers: the model's name, and a mark on what is sealed ([`origin`]).
//!
//! A conversation that the provider stores (`previous_response_id`, `conversation`, item references) goes to every
//! target that speaks this dialect, in the group's order; only the one that stored it knows it.

use super::edited::{Restored, look};
use super::passing::Passing;
use super::spoken::SaidByUser;
use super::{Responses, calls, code, origin};
use crate::chat::{Effort, Features};
use crate::dialect::seam::{Native, Pipe, Sending, WholeAnswer};
use crate::dialect::talk::{NO_JSON, NO_SCHEMA};
use crate::dialect::{Body, Host, Losses, Memo, Outgoing, Refusal, Seen, Target, Turn};
use crate::failure::{Class, Failure, Head, classify, classify_event, reports_error};
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};

impl Native for Responses {
    fn request(&self, body: Raw<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let Sending { target, turn, losses } = to;
        let model = json_string(target.model(&turn.requested_model));
        let told = &target.instructions;
        let said = body.present("instructions");
        // A list, which OpenAI's answers have, or something wrong: the provider says so best.
        let spoken = SaidByUser::of(body, target);
        let is_spoken = spoken.as_ref().is_some_and(SaidByUser::is_said);
        let instructions = match said {
            _ if told.is_empty() || is_spoken => None,
            None => Some(json_string(&told.around(""))),
            Some(said) => said.text().map(|said| json_string(&told.around(&said.decode()))),
        };
        let mut more: Vec<(&str, &[u8])> = Vec::new();
        if body.get("model").is_none() {
            more.push(("model", &model));
        }
        if let (Some(instructions), None) = (&instructions, body.get("instructions")) {
            more.push(("instructions", instructions));
        }
        let input = spoken.as_ref().filter(|_| body.get("input").is_none());
        let input = input.and_then(|spoken| spoken.before(Raw::NULL));
        more.extend(input.as_deref().map(|input| ("input", input)));
        let mut out = Vec::with_capacity(body.as_json().len() + 64);
        let origin = origin::of(target);
        let mut refused = None;
        let withheld = target.withheld();
        let decide = |name: &Text<'_>, value: Raw<'_>| match name.decode().as_ref() {
            name if !withheld.is_empty() && is_touched(withheld, name, value) => {
                match without(withheld, name, value, losses) {
                    Ok(edit) => edit,
                    Err(refusal) => {
                        refused.get_or_insert(refusal);
                        Edit::Keep
                    }
                }
            }
            "model" if value.as_json().as_bytes() != model => Edit::Put(&model),
            "reasoning" if refits(value, target) => retold(value, target, losses),
            "max_output_tokens" => match value.as_u64().map(|asked| (asked, target.capped(asked, losses))) {
                Some((asked, limit)) if limit < asked => Edit::Replace(limit.to_string().into_bytes()),
                _ => Edit::Keep,
            },
            "instructions" if is_spoken => Edit::Remove,
            "instructions" => instructions.as_deref().map_or(Edit::Keep, Edit::Put),
            "input" => match input_of(value, spoken.as_ref(), &origin, losses) {
                Ok(edited) => edited.map_or(Edit::Keep, Edit::Replace),
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                    Edit::Keep
                }
            },
            _ => Edit::Keep,
        };
        edit_object(body, decide, &more, &mut out);
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        Ok(Outgoing {
            path: path(target),
            body: out,
            memo: Memo {
                stream: turn.stream,
                origin: Some(origin),
                repeated: (is_spoken || instructions.is_some())
                    .then(|| said.unwrap_or(Raw::NULL).as_json().to_owned()),
                ..Memo::default()
            },
            ..Outgoing::default()
        })
    }

    fn reply(
        &self,
        turn: &Turn,
        memo: &Memo,
        head: &Head<'_>,
        body: &Body<'_>,
    ) -> Result<WholeAnswer, Failure> {
        let response = parse(head, body)?;
        let mut answer =
            WholeAnswer { body: Vec::with_capacity(body.bytes.len() + 32), seen: Seen::default() };
        look(response, &mut answer.seen);
        Restored::new(turn, memo).write(response, &mut answer.body);
        Ok(answer)
    }

    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn Pipe> {
        Box::new(Passing::new(Restored::new(turn, memo)))
    }
}

/// The input as the target takes it; `None`: as it is.
///
/// # Errors
/// What was thought elsewhere can't be told there, and `losses` doesn't allow leaving it out.
fn input_of(
    input: Raw<'_>,
    spoken: Option<&SaidByUser>,
    origin: &str,
    losses: &mut Losses,
) -> Result<Option<Vec<u8>>, Refusal> {
    let edited = origin::opened(input, origin, losses)?;
    let edited = code::without_others(input, now(edited.as_deref(), input), losses).or(edited);
    let edited = calls::shortened(now(edited.as_deref(), input)).or(edited);
    let said = spoken.and_then(|spoken| spoken.before(now(edited.as_deref(), input)));
    Ok(said.or(edited))
}

fn now<'n>(edited: Option<&'n [u8]>, input: Raw<'n>) -> Raw<'n> {
    edited.and_then(|edited| std::str::from_utf8(edited).ok()).map_or(input, Raw::trusted)
}

/// The effort that is said, if the model doesn't know it.
fn unknown_effort(reasoning: Raw<'_>, target: &Target) -> Option<Effort> {
    let effort = reasoning.get("effort").and_then(Raw::text)?;
    Effort::from_name(&effort.decode()).filter(|effort| !target.efforts.contains(*effort))
}

fn refits(reasoning: Raw<'_>, target: &Target) -> bool {
    unknown_effort(reasoning, target).is_some()
}

/// `reasoning` with the nearest effort that the model knows.
fn retold<'e>(reasoning: Raw<'_>, target: &Target, losses: &mut Losses) -> Edit<'e> {
    let told = unknown_effort(reasoning, target).and_then(|effort| target.effort(effort, losses));
    let told = told.map(|effort| json_string(effort.name()));
    let mut out = Vec::with_capacity(reasoning.as_json().len());
    let decide = |name: &Text<'_>, _: Raw<'_>| match &told {
        _ if !(name == "effort") => Edit::Keep,
        Some(told) => Edit::Put(told),
        None => Edit::Remove,
    };
    edit_object(reasoning, decide, &[], &mut out);
    Edit::Replace(out)
}

/// Whether a member, or something in it, is not for a target that lacks this.
fn is_touched(withheld: Features, name: &str, value: Raw<'_>) -> bool {
    let lacks = |feature| withheld.contains(feature) && !value.is_null();
    match name {
        "temperature" | "top_p" => lacks(Features::SAMPLING),
        "top_logprobs" => lacks(Features::LOGPROBS),
        "reasoning" => lacks(Features::REASONING_EFFORT) && value.present("effort").is_some(),
        "text" => {
            let form = value.at(&["format", "type"]).and_then(Raw::text);
            let is = |name| form.as_ref().is_some_and(|form| *form == name);
            lacks(Features::JSON_SCHEMA) && is("json_schema")
                || lacks(Features::JSON_MODE) && is("json_object")
        }
        _ => false,
    }
}

/// What is left of such a member.
///
/// # Errors
/// It changes the meaning, and `losses` doesn't allow dropping.
fn without<'e>(
    withheld: Features,
    name: &str,
    value: Raw<'_>,
    losses: &mut Losses,
) -> Result<Edit<'e>, Refusal> {
    let (inner, path) = match name {
        "reasoning" => ("effort", "reasoning.effort"),
        "text" => ("format", "text.format"),
        _ => ("", name),
    };
    match name {
        "top_logprobs" => {
            let why = "can't be had from this target, which gives no probabilities of tokens";
            losses.meaning(path.to_owned(), why)?;
        }
        "text" if withheld.contains(Features::JSON_SCHEMA) => {
            losses.meaning(path.to_owned(), NO_SCHEMA)?;
        }
        "text" => {
            losses.meaning(path.to_owned(), NO_JSON)?;
        }
        // Who is not to think where nobody does loses nothing.
        "reasoning"
            if withheld.contains(Features::REASONING)
                && value.get("effort").and_then(Raw::text).is_some_and(|effort| effort == "none") => {}
        _ => losses.advisory(path.to_owned()),
    }
    if inner.is_empty() {
        return Ok(Edit::Remove);
    }
    let mut out = Vec::with_capacity(value.as_json().len());
    let decide = |name: &Text<'_>, _: Raw<'_>| if *name == inner { Edit::Remove } else { Edit::Keep };
    edit_object(value, decide, &[], &mut out);
    Ok(Edit::Replace(out))
}

fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    out
}

/// Azure has Responses in its version-less API only, where deployments are named in the body:
/// <https://learn.microsoft.com/azure/ai-services/openai/how-to/responses>.
pub(super) fn path(target: &Target) -> String {
    let base = &target.endpoint.base_path;
    if target.row.host == Host::Azure {
        let base = base.trim_end_matches("/openai/v1").trim_end_matches("/openai");
        return format!("{base}/openai/v1/responses");
    }
    format!("{base}/responses")
}

/// The response that a body of a 2xx must be.
///
/// # Errors
/// The failure that it is instead.
pub(super) fn parse<'a>(head: &Head<'_>, body: &'a Body<'_>) -> Result<Raw<'a>, Failure> {
    let response = body.json().map_err(|error| match body.bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => {
            Failure { status: head.status, ..Failure::malformed(&format!("the body is not JSON: {error}")) }
        }
        // A page, or words: classification quotes them.
        _ => classify(head, body.bytes, 0),
    })?;
    if reports_error(response) {
        return Err(classify_event(response, 0));
    }
    if response.present("status").and_then(Raw::text).is_some_and(|status| status == "failed") {
        return Err(Failure { status: head.status, ..failed() });
    }
    if response.get("output").is_none_or(|output| output.kind() != Kind::Array) {
        return Err(Failure { status: head.status, ..Failure::malformed("its response has no output") });
    }
    Ok(response)
}

/// A response that has failed and has no `error`.
pub(super) fn failed() -> Failure {
    let failure = Failure::malformed("its response has failed and doesn't say why");
    Failure { class: Class::ServerError, ..failure }
}
