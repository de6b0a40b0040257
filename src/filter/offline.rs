//! What an attempt would send, without one: what `switchover translate` calls, and what the law test holds planning against.

use super::headers::of_dialect;
use crate::config::{Config, Group};
use crate::dialect::{Outgoing, Refusal, Surface, Turn, Unsupported, ask, exchange};
use crate::json::Raw;

/// A caller's request as the command has it. `id` and `created` (Unix seconds) stand for what the filter draws at random and reads
/// off a clock.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// What the caller calls.
    pub surface: Surface,
    /// The caller's headers, their names in lower case.
    pub headers: &'a [(Vec<u8>, Vec<u8>)],
    /// The caller's request.
    pub body: &'a [u8],
    /// [`Turn::id`].
    pub id: &'a str,
    /// [`Turn::created`], in Unix seconds.
    pub created: u64,
}

/// Reads the caller's request and writes that of the target at this place of the configuration, as the filter does.
///
/// # Errors
/// What is wrong with the request or what the target can't carry of it, in the filter's words for the caller.
pub fn translate(config: &Config, target: usize, asking: &Asking<'_>) -> Result<(Turn, Outgoing), Refusal> {
    let raw = Raw::parse(asking.body).map_err(|error| {
        Refusal::invalid("", format!("The body is not valid JSON: {error}. Correct it and send it again."))
    })?;
    let asked = ask(asking.surface, raw, &config.listen.limits)?;
    let model = asked.model;
    let unsupported = group_of(config, target, &model).map(|group| group.unsupported);
    let theirs = asking.headers.iter().filter(|(name, _)| of_dialect(name));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let turn = Turn {
        surface: asking.surface,
        requested_model: model,
        stream: asked.stream,
        stream_usage: asked.stream_usage,
        id: asking.id.to_owned(),
        created: asking.created,
        unsupported: unsupported.unwrap_or(Unsupported::Refuse),
        caller_headers: theirs.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect(),
    };
    let Some(target) = config.targets.get(target) else {
        return Err(Refusal::invalid("model", "There is no such target."));
    };
    let outgoing = exchange::request(&turn, raw, &target.wire)?;
    Ok((turn, outgoing))
}

/// The group a request for this target would be in: the one that `model` means if the target is in it, else the first that has the
/// target.
pub fn group_of<'c>(config: &'c Config, target: usize, model: &str) -> Option<&'c Group> {
    let has = |group: &&Group| group.members.iter().any(|member| member.target == target);
    config.group_for(model).filter(has).or_else(|| config.groups.iter().find(has))
}
