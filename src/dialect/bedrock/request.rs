//! A request as Converse takes it.

use super::blocks::Blocks;
use super::family::Family;
use super::inference::InferenceConfig;
use super::media::DocumentNames;
use super::messages;
use super::thinking::{ConverseSituation, ConverseThinking};
use super::tools::ConverseTools;
use crate::chat::Request;
use crate::dialect::loss::Member;
use crate::dialect::piece::ids;
use crate::dialect::piece::names::{MAX_NAME_BEDROCK, Renames, of_tools};
use crate::dialect::seam::Sending;
use crate::dialect::talk::lose_candidates;
use crate::dialect::{Dialect, Memo, Outgoing, Refusal, carry_extra, path_segment};
use crate::json::{Text, Writer};

/// Longest value of `requestMetadata`, in characters.
const MAX_METADATA: usize = 256;

/// # Errors
/// What Converse can't carry, unless `losses` allows dropping it.
pub(super) fn write(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
    let Sending { target, losses, .. } = to;
    let apart = ids::apart(request);
    let request = apart.as_ref();
    let requested = request.model.decode();
    let model = target.model(&requested);
    let family = Family::of(model);
    lose_candidates(request, "Bedrock", ", which gives no probabilities of tokens", losses)?;
    let names = Renames::new(of_tools(request), MAX_NAME_BEDROCK);
    let turns = messages::turns(request, target, family, losses)?;
    let tools = ConverseTools::of(request, target, &names, losses)?;
    let mut inference = InferenceConfig::of(request, target, family, losses)?;
    let around = ConverseSituation {
        family,
        is_claudes: request.dialect == Dialect::Anthropic.name(),
        max_tokens: inference.max_tokens(),
        forces_tool: tools.forces_tool(),
        resumes_unthought: turns.resumes_unthought(),
        steers: inference.steers(),
    };
    let thinking = ConverseThinking::of(&request.thinking, target, around, losses);
    if thinking.claude_thinks() {
        inference.leave_out_sampling(losses);
    }
    let user = request.user.as_ref().filter(|user| may_be_metadata(user));
    if request.user.is_some() && user.is_none() {
        losses.advisory(Member::User);
    }
    if request.cache.is_some() && !family.caches() {
        losses.advisory("cache_control");
    }
    carry_extra(request, losses)?;

    w.open_object();
    let mut blocks = Blocks {
        target,
        family,
        names: &names,
        told: tools.told(request),
        documents: DocumentNames::default(),
    };
    messages::write(&turns, &mut blocks, request.cache, w);
    inference.write(w);
    tools.write(&names, w);
    if thinking.has_effort() || tools.form().is_held() {
        w.key("outputConfig").object(|w| {
            tools.write_text_format(w);
            thinking.write_effort(w);
        });
    }
    if thinking.has_field() || inference.has_field() {
        w.key("additionalModelRequestFields").object(|w| {
            thinking.write_field(w);
            inference.write_field(w);
        });
    }
    if family == Family::Claude && inference.has_stop() {
        // Which of the sequences came up: Converse itself doesn't say. Claude's own stream has it in its `message_delta`.
        w.key("additionalModelResponseFieldPaths").array(|w| {
            w.string(if request.stream { "/delta/stop_sequence" } else { "/stop_sequence" });
        });
    }
    if let Some(user) = user {
        w.key("requestMetadata").object(|w| w.key("user").text(user));
    }
    w.close_object();

    let call = if request.stream { "converse-stream" } else { "converse" };
    Ok(Outgoing {
        path: format!("{}/model/{}/{call}", target.endpoint.base_path, path_segment(model)),
        headers: Vec::new(),
        memo: Memo {
            format_tool: tools.form().tool_name(),
            maker: Some(family.maker()),
            stream: request.stream,
            renamed: names.into_changed(),
            ..Memo::default()
        },
        ..Outgoing::default()
    })
}

/// Whether the text has only characters that `requestMetadata` takes.
fn may_be_metadata(text: &Text<'_>) -> bool {
    let text = text.decode();
    let is_allowed =
        |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c);
    !text.is_empty() && text.len() <= MAX_METADATA && text.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_metadata_can_name() {
        for (user, fits) in [
            ("user_123@example.com", true),
            ("a/b+c=#$:, x", true),
            ("", false),
            ("jos\u{e9}", false),
            ("{\"id\":1}", false),
        ] {
            assert_eq!(may_be_metadata(&Text::from(user)), fits, "{user}");
        }
        assert!(!may_be_metadata(&Text::from("x".repeat(257))));
    }
}
