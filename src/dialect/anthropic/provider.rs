//! Claude as a provider: requests out, answers in.

use super::blocks::Outbound;
use super::reader::MessageReader;
use super::thinking::{self, ClaudeSituation, ClaudeThinking};
use super::tools::ClaudeTools;
use super::{hosts, messages, reply};
use crate::chat::Request;
use crate::dialect::loss::Member;
use crate::dialect::piece::ids;
use crate::dialect::piece::names::{Renames, of_tools};
use crate::dialect::seam::Sending;
use crate::dialect::talk::{StopBounds, list_foreign_sampling, lose_candidates};
use crate::dialect::{Dialect, Host, Losses, Memo, Outgoing, Provider, Refusal, Row, Target, carry_extra};
use crate::json::Writer;

/// How many there are the API doesn't mind.
const STOP: StopBounds<'_> = StopBounds {
    is_refused: |text| text.is_blank(),
    why: Some("holds a sequence of blanks only, which Claude doesn't take"),
    most: usize::MAX,
    too_many: "",
};

/// Streams are server-sent events.
static PROVIDER: Provider =
    Provider { write, read: reply::read, stream: |memo| Box::new(MessageReader::new(false, memo)) };
/// Claude on Bedrock: streams come in the frames of AWS.
static ON_BEDROCK: Provider =
    Provider { write, read: reply::read, stream: |memo| Box::new(MessageReader::new(true, memo)) };

/// The dialect as a provider's row says that it comes.
pub(in crate::dialect) fn of(row: &Row) -> &'static Provider {
    if row.host == Host::Bedrock { &ON_BEDROCK } else { &PROVIDER }
}

/// Writes a request.
///
/// # Errors
/// What Claude can't carry.
pub(super) fn write(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
    let Sending { target, turn, losses } = to;
    let apart = ids::apart(request);
    let request = apart.as_ref();
    let host = target.row.host;
    let requested = request.model.decode();
    let model = target.model(&requested);
    lose_candidates(request, "Claude", ", which gives no probabilities of tokens", losses)?;
    list_foreign_sampling(&request.sampling, losses);
    let max_tokens = request.max_tokens.or(target.max_output_tokens).ok_or_else(|| no_limit(target))?;
    let max_tokens = target.capped(max_tokens, losses);
    let is_native = request.dialect == Dialect::Anthropic.name();
    let names = Renames::new(of_tools(request), hosts::max_tool_name(host));
    let turns = messages::turns(request, target, losses)?;
    let tools = ClaudeTools::of(request, target, &names, losses)?;
    let around = ClaudeSituation {
        is_native,
        max_tokens,
        forces_tool: tools.forces_tool(),
        resumes_unthought: turns.resumes_unthought(),
    };
    let thinking = ClaudeThinking::of(&request.thinking, target, around, losses);
    let stop = STOP.kept(request, target, losses)?;

    w.open_object();
    if let Some(version) = hosts::body_version(host) {
        w.key("anthropic_version").string(version);
    }
    if hosts::body_has_model(host) {
        w.key("model").string(model);
    }
    w.key("max_tokens").u64(max_tokens);
    messages::write(&turns, &Outbound { target, dialect: request.dialect, names: &names }, w);
    tools.write(&names, w);
    thinking.write(w);
    if thinking.has_effort() || tools.form().is_held() {
        w.key("output_config").object(|w| {
            thinking.write_effort(w);
            tools.write_format(w);
        });
    }
    if !stop.is_empty() {
        w.key("stop_sequences").array(|w| stop.iter().for_each(|sequence| w.text(sequence)));
    }
    thinking::write_sampling(&request.sampling, target, &thinking, losses, w);
    match &request.user {
        Some(user) if is_native || is_opaque(&user.decode()) => {
            w.key("metadata").object(|w| w.key("user_id").text(user));
        }
        Some(_) => losses.advisory(Member::User),
        None => {}
    }
    if let Some(cache) = request.cache {
        w.key("cache_control").raw(cache);
    }
    write_extra(request, losses, w)?;
    if request.stream && hosts::body_has_stream(host) {
        w.key("stream").bool(true);
    }
    w.close_object();

    let memo = Memo {
        format_tool: tools.form().tool_name(),
        stream: request.stream,
        renamed: names.into_changed(),
        ..Memo::default()
    };
    Ok(Outgoing {
        path: hosts::path(target, model, request.stream)?,
        headers: hosts::headers(host, turn),
        memo,
        ..Outgoing::default()
    })
}

fn no_limit(target: &Target) -> Refusal {
    let id = &target.id;
    let message = format!(
        "Claude wants a limit on the answer's tokens: send max_tokens, or set max_output_tokens for the target \"{id}\"."
    );
    Refusal::invalid("max_tokens", message)
}

/// Members that the model of a request has no place for: those of the dialect's own callers go on as they are.
fn write_extra(request: &Request<'_>, losses: &mut Losses, w: &mut Writer<'_>) -> Result<(), Refusal> {
    if request.dialect != Dialect::Anthropic.name() {
        return carry_extra(request, losses);
    }
    for (name, value) in &request.extra {
        w.key_text(name).raw(*value);
    }
    Ok(())
}

/// Whether Anthropic takes it for a user's id: "user_id appears to contain an email address" is a 400.
/// <https://docs.anthropic.com/en/api/messages#body-metadata>
fn is_opaque(user: &str) -> bool {
    let is_phone = user.starts_with('+') && !user.chars().any(char::is_alphabetic);
    !user.contains('@') && !is_phone && user.chars().count() <= 256
}
