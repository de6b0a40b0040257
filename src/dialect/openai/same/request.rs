//! A caller's request with the target's model, usage asked for, and the target's quirks.

use super::{content, instructed, json_string, messages};
use crate::catalog::SamplingWhen;
use crate::chat::{Effort, Features};
use crate::dialect::openai::quirks;
use crate::dialect::seam::openai_path;
use crate::dialect::talk::NO_FORCE;
use crate::dialect::{CacheMarks, Losses, Memo, Outgoing, Quirk, Refusal, Target, Turn};
use crate::json::{Edit, Kind, Raw, Text, edit_front, edit_object};

const USAGE: &[u8] = br#"{"include_usage":true}"#;

/// Edits the request.
///
/// # Errors
/// A member that the provider rejects and that changes the meaning.
pub(super) fn edit(
    body: Raw<'_>,
    turn: &Turn,
    target: &Target,
    losses: &mut Losses,
) -> Result<Outgoing, Refusal> {
    let name = target.model(&turn.requested_model);
    let model = json_string(name);
    let mut editor = Editor::new(body, turn, target, losses);
    let mut outgoing =
        Outgoing { path: openai_path(target, name, "/chat/completions"), ..Outgoing::default() };
    outgoing.body.reserve(256);
    let mut more: Vec<(&str, &[u8])> = Vec::new();
    if body.get("model").is_none() {
        more.push(("model", &model));
    }
    let capped = editor.capped(body);
    if let Some((name, limit)) = &capped {
        more.push((name, limit));
    }
    if editor.asks_usage && body.get("stream_options").is_none() {
        more.push(("stream_options", USAGE));
    }
    let mut refused = None;
    let kept = edit_front(
        body,
        |name, value| match editor.decide(name.decode().as_ref(), value, &model) {
            Ok(edit) => edit,
            Err(refusal) => {
                refused.get_or_insert(refusal);
                Edit::Keep
            }
        },
        &more,
        &mut outgoing.body,
    );
    outgoing.kept = body.as_json().len().saturating_sub(kept);
    match refused {
        Some(refusal) => Err(refusal),
        None => {
            outgoing.memo = Memo { usage_asked: editor.asks_usage, stream: turn.stream, ..Memo::default() };
            Ok(outgoing)
        }
    }
}

struct Editor<'e> {
    target: &'e Target,
    losses: &'e mut Losses,
    /// The stream's usage must be asked for.
    asks_usage: bool,
    /// The name of the limit on answer tokens, if the provider knows only one of them.
    limit: Option<&'static str>,
    /// Both of the limit's names are there: the newer one wins.
    has_both_limits: bool,
    /// A limit is written anew: the caller's is more than the target can give.
    is_capped: bool,
    /// What the target lacks or shall not get.
    withheld: Features,
    /// No tool is to be called, and the provider can't be told but by offering none.
    calls_nothing: bool,
}

/// The kind of a choice of tools, for the row's quirk.
fn kind_of_choice(choice: Raw<'_>) -> &'static str {
    match choice.text() {
        Some(text) if text == "none" => "none",
        Some(text) if text == "required" || text == "any" => "required",
        // Whatever else it is, the provider says so best.
        Some(_) => "auto",
        None if choice.kind() == Kind::Object => "named",
        None => "auto",
    }
}

impl<'e> Editor<'e> {
    fn new(body: Raw<'_>, turn: &Turn, target: &'e Target, losses: &'e mut Losses) -> Editor<'e> {
        let is_limit = |quirk: &Quirk| match quirk {
            Quirk::MaxTokensIs(name) => Some(*name),
            _ => None,
        };
        // OpenAI's models that reason, which take no penalties either: `Unsupported parameter: 'max_tokens' is not supported with
        // this model. Use 'max_completion_tokens' instead.`
        let reasons = target.row.has(Quirk::Responses) && target.denied.contains(Features::PENALTIES);
        let newer = reasons.then_some("max_completion_tokens");
        let limit = target.row.quirks.iter().find_map(is_limit).or(newer);
        let told = || {
            let name = body.get("reasoning_effort").and_then(Raw::text)?;
            target.efforts.nearest(Effort::from_name(&name.decode())?)
        };
        let samples = target.sampling == SamplingWhen::Always || target.samples(told());
        let has = |name| limit.is_some() && body.present(name).is_some();
        Editor {
            target,
            losses,
            asks_usage: turn.stream && quirks::counts_streams(target.row),
            limit,
            has_both_limits: has("max_tokens") && has("max_completion_tokens"),
            is_capped: false,
            withheld: target.withheld().with(if samples { Features::NONE } else { Features::SAMPLING }),
            calls_nothing: !quirks::takes_choice(target, "none")
                && body.get("tool_choice").is_some_and(|choice| kind_of_choice(choice) == "none"),
        }
    }

    fn decide<'m>(&mut self, name: &str, value: Raw<'_>, model: &'m [u8]) -> Result<Edit<'m>, Refusal> {
        match name {
            // These have quirks of their own.
            "stream_options" => return Ok(self.stream_options(value)),
            "max_tokens" | "max_completion_tokens" => return Ok(self.limit(name, value)),
            "tools" if self.calls_nothing => return Ok(Edit::Remove),
            CacheMarks::ANTHROPICS if !quirks::cache_marks(self.target.row).around => {
                self.losses.advisory(CacheMarks::ANTHROPICS);
                return Ok(Edit::Remove);
            }
            "tool_choice" if !quirks::takes_choice(self.target, kind_of_choice(value)) => {
                if !self.calls_nothing {
                    self.losses.meaning("tool_choice", NO_FORCE)?;
                }
                return Ok(Edit::Remove);
            }
            _ => {}
        }
        let gets = self.withheld.is_empty() || quirks::gets(self.withheld, name, value, self.losses)?;
        if !gets || !quirks::takes(self.target.row, name, value, self.losses)? {
            return Ok(Edit::Remove);
        }
        Ok(match name {
            "model" if value.as_json().as_bytes() != model => Edit::Put(model),
            "tools" | "functions" => content::tools(value, self.target.row, self.losses),
            "messages" => self.messages(value),
            "reasoning_effort" => self.effort(value),
            _ => Edit::Keep,
        })
    }

    /// An effort that the model doesn't know becomes the nearest; a word that nobody knows is the provider's to judge.
    fn effort<'m>(&mut self, value: Raw<'_>) -> Edit<'m> {
        let wanted = value.text().and_then(|name| Effort::from_name(&name.decode()));
        let Some(wanted) = wanted.filter(|wanted| !self.target.efforts.contains(*wanted)) else {
            return Edit::Keep;
        };
        match self.target.effort(wanted, self.losses) {
            Some(told) => Edit::Replace(json_string(told.name())),
            None => Edit::Remove,
        }
    }

    fn messages<'m>(&mut self, value: Raw<'_>) -> Edit<'m> {
        let Some(told) = instructed::messages(value, &self.target.instructions) else {
            return messages::edit(value, self.target, self.losses);
        };
        match messages::edit(Raw::trusted(&told), self.target, self.losses) {
            Edit::Keep => Edit::Replace(told.into_bytes()),
            edit => edit,
        }
    }

    fn stream_options<'m>(&mut self, value: Raw<'_>) -> Edit<'m> {
        if !quirks::counts_streams(self.target.row) {
            if !value.is_null() {
                self.losses.advisory("stream_options");
            }
            return Edit::Remove;
        }
        if !self.asks_usage {
            return Edit::Keep;
        }
        match (value.kind(), value.get("include_usage")) {
            (Kind::Object, Some(asked)) if asked.as_bool() == Some(true) => Edit::Keep,
            (Kind::Object, asked) => {
                let more: &[(&str, &[u8])] =
                    if asked.is_none() { &[("include_usage", b"true")] } else { &[] };
                let mut out = Vec::with_capacity(value.as_json().len() + USAGE.len());
                let decide = |name: &Text<'_>, _: Raw<'_>| {
                    if name == "include_usage" { Edit::Put(b"true") } else { Edit::Keep }
                };
                edit_object(value, decide, more, &mut out);
                Edit::Replace(out)
            }
            (Kind::Null, _) => Edit::Put(USAGE),
            // Wrong: the provider says so best.
            _ => Edit::Keep,
        }
    }

    /// The target's own limit by its name, if the caller wants more.
    fn capped(&mut self, body: Raw<'_>) -> Option<(&'static str, Vec<u8>)> {
        let asked = ["max_completion_tokens", "max_tokens"]
            .into_iter()
            .find_map(|name| Some((name, body.present(name)?.as_u64()?)));
        let (name, asked) = asked?;
        let limit = self.target.capped(asked, self.losses);
        self.is_capped = limit < asked;
        self.is_capped.then(|| (self.limit.unwrap_or(name), limit.to_string().into_bytes()))
    }

    fn limit<'m>(&self, name: &str, value: Raw<'_>) -> Edit<'m> {
        match self.limit {
            _ if self.is_capped => Edit::Remove,
            Some(_) if value.is_null() => Edit::Remove,
            Some(_) if self.has_both_limits && name == "max_tokens" => Edit::Remove,
            Some(limit) if limit != name => Edit::Rename(limit),
            _ => Edit::Keep,
        }
    }
}

#[cfg(test)]
mod tests;
