//! Anthropic on both sides: bytes are edited and everything else survives as it was written.
//!
//! Requests: the model's name, what Claude's other houses want ([`hosts`]), and thoughts that Claude did not sign, which
//! a conversation has that was answered by another provider in between and which the API would refuse, as it does ids of calls
//! that others gave twice. Answers: the model's name.

use super::begun::Begun;
use super::foreign::{with_ids_apart, without_foreign_runs, without_foreign_thoughts};
use super::framing::{MessageEvent, MessageFrames};
use super::rethought::Rethought;
use super::wire::{Counts, finish, write_error_event};
use super::withheld::Withheld;
use super::{Anthropic, cited, code, hosts, instructed, reply};
use crate::dialect::loss::Loss;
use crate::dialect::seam::{FramePipe, FrameReader, Framed, Native, Pipe, Sending, WholeAnswer, finish_name};
use crate::dialect::{Body, CallerError, Memo, Outgoing, Refusal, Seen, Surface, Turn};
use crate::failure::{Failure, Head, classify, reports_error};
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_front, edit_object};
use crate::stream::sse::write_event;

impl Native for Anthropic {
    fn request(&self, body: Raw<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let Sending { target, turn, losses } = to;
        let host = target.row.host;
        let counts = turn.surface == Surface::CountTokens;
        let model = target.model(&turn.requested_model);
        let mut more: Vec<(&str, Vec<u8>)> = Vec::new();
        if let Some(version) = hosts::body_version(host)
            && body.present("anthropic_version").is_none()
        {
            more.push(("anthropic_version", string(version)));
        }
        if let Some(betas) = hosts::body_betas(host, turn)
            && body.present("anthropic_beta").is_none()
        {
            more.push(("anthropic_beta", betas));
        }
        if let Some(system) = instructed::alone(body, &target.instructions) {
            more.push(("system", system));
        }
        let mut more: Vec<(&str, &[u8])> =
            more.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let mut out = Vec::with_capacity(256);
        let withheld = Withheld::of(target);
        let mut rethought = Rethought::of(body, target, losses);
        // A budget beyond the target's limit is the provider's to refuse: it can't be meant less.
        let said = body.at(&["thinking", "budget_tokens"]).filter(|_| rethought.is_none());
        let budget = said.and_then(Raw::as_u64).unwrap_or(0);
        let fits = target.max_output_tokens.is_some_and(|most| budget < most);
        let effort = rethought.as_ref().and_then(|rethought| rethought.effort).filter(|_| !counts);
        let output_config = effort.map(|effort| format!("{{\"effort\":\"{}\"}}", effort.name()));
        if let Some(config) = output_config.as_ref().filter(|_| body.present("output_config").is_none()) {
            more.push(("output_config", config.as_bytes()));
        }
        let mut refused = None;
        let decide = |name: &Text<'_>, value: Raw<'_>| match name.decode().as_ref() {
            "thinking" if rethought.is_some() => {
                let thinking = rethought.as_mut().and_then(|rethought| rethought.thinking.take());
                thinking.map_or(Edit::Remove, Edit::Replace)
            }
            name if withheld.is_out(name, value) => {
                losses.advisory(name.to_owned());
                Edit::Remove
            }
            "output_config" if output_config.is_some() && value.is_null() => Edit::Remove,
            "output_config" if withheld.touches(value) || effort.is_some() => {
                match withheld.output_config(value, effort, losses) {
                    Ok(edit) => edit,
                    Err(refusal) => {
                        refused.get_or_insert(refusal);
                        Edit::Keep
                    }
                }
            }
            "max_tokens" if fits => match value.as_u64().map(|asked| (asked, target.capped(asked, losses))) {
                Some((asked, limit)) if limit < asked => Edit::Replace(limit.to_string().into_bytes()),
                _ => Edit::Keep,
            },
            "model" if !counts && !hosts::body_has_model(host) => Edit::Remove,
            "model" if target.model.is_some() => Edit::Replace(string(model)),
            "stream" if !hosts::body_has_stream(host) => Edit::Remove,
            "system" => instructed::system(value, &target.instructions),
            "messages" => {
                let own = without_foreign_runs(value, losses);
                let thoughtless = without_foreign_thoughts(messages_of(&own, value));
                if thoughtless.is_some() {
                    losses.advisory(Loss::THOUGHTS);
                }
                let thoughtless = thoughtless.or(own);
                let uncited = cited::without_foreign(messages_of(&thoughtless, value)).or(thoughtless);
                match with_ids_apart(messages_of(&uncited, value)).or(uncited) {
                    Some(messages) => Edit::Replace(messages),
                    None => Edit::Keep,
                }
            }
            "tools" => match code::without_tool(value, host, losses) {
                Ok(tools) => tools.map_or(Edit::Keep, Edit::Replace),
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                    Edit::Keep
                }
            },
            // Said in vain: it is written anew.
            "anthropic_version" | "anthropic_beta" if value.is_null() => Edit::Remove,
            _ => Edit::Keep,
        };
        let kept = edit_front(body, decide, &more, &mut out);
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        Ok(Outgoing {
            path: if counts { hosts::count_path(target)? } else { hosts::path(target, model, turn.stream)? },
            headers: hosts::headers(host, turn),
            body: out,
            kept: body.as_json().len().saturating_sub(kept),
            dropped: Vec::new(),
            memo: Memo { stream: turn.stream, ..Memo::default() },
        })
    }

    fn reply(&self, turn: &Turn, _: &Memo, head: &Head<'_>, body: &Body<'_>) -> Result<WholeAnswer, Failure> {
        if turn.surface == Surface::CountTokens {
            return count(head, body);
        }
        let message = reply::message(head, body)?;
        if message.get("content").is_none_or(|content| content.kind() != Kind::Array) {
            return Err(Failure::malformed("its message has no content"));
        }
        let mut answer =
            WholeAnswer { body: Vec::with_capacity(body.bytes.len() + 32), ..WholeAnswer::default() };
        let mut counts = Counts::default();
        message.present("model").into_iter().for_each(|model| answer.seen.note_model(model));
        if let Some(usage) = message.present("usage") {
            counts.update(usage);
        }
        answer.seen.usage = counts.usage();
        answer.seen.finish = finish_of(message);
        with_model(message, &string(&turn.requested_model), &mut answer.body);
        Ok(answer)
    }

    fn stream(&self, turn: &Turn, _: &Memo) -> Box<dyn Pipe> {
        let passing = PassingMessages { model: string(&turn.requested_model), ..PassingMessages::default() };
        Box::new(Framed::over(MessageFrames::new(self.is_aws), passing))
    }
}

/// A count of tokens, as it is.
fn count(head: &Head<'_>, body: &Body<'_>) -> Result<WholeAnswer, Failure> {
    let answer = body.json().ok().filter(|answer| !reports_error(*answer));
    match answer.and_then(|answer| answer.get("input_tokens")?.as_u64()) {
        Some(_) => Ok(WholeAnswer { body: body.bytes.to_vec(), seen: Seen::default() }),
        None => Err(classify(head, body.bytes, 0)),
    }
}

/// The messages as they are now.
fn messages_of<'m>(edited: &'m Option<Vec<u8>>, messages: Raw<'m>) -> Raw<'m> {
    let edited = edited.as_deref().and_then(|edited| std::str::from_utf8(edited).ok());
    edited.map_or(messages, Raw::trusted)
}

fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    out
}

fn with_model(message: Raw<'_>, model: &[u8], out: &mut Vec<u8>) {
    let decide = |name: &Text<'_>, _: Raw<'_>| {
        if *name == "model" { Edit::Replace(model.to_vec()) } else { Edit::Keep }
    };
    edit_object(message, decide, &[], out);
}

fn finish_of(holder: Raw<'_>) -> Option<String> {
    let reason = holder.present("stop_reason").and_then(Raw::text)?;
    Some(finish_name(&finish(reason, None)).to_owned())
}

/// A stream that passes, event by event.
#[derive(Default)]
struct PassingMessages {
    /// The caller's name of the model, as JSON.
    model: Vec<u8>,
    has_started: bool,
    has_ended: bool,
    has_token: bool,
    begun: Begun,
    counts: Counts,
    seen: Seen,
}

impl FrameReader<MessageFrames, Vec<u8>> for PassingMessages {
    fn take(&mut self, piece: MessageEvent<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let event = Body::new(piece.data);
        let Ok(event) = event.json() else {
            if piece.name == "error" {
                return Err(super::failure_of_event(piece.data));
            }
            self.seen.note_malformed();
            return Ok(());
        };
        let kind = event.get("type").and_then(Raw::text).unwrap_or_else(|| Text::from(piece.name));
        self.begun.check(&kind, event)?;
        match kind.decode().as_ref() {
            "error" => return Err(super::failure_of_event(piece.data)),
            "message_start" => {
                self.start(event, out);
                return Ok(());
            }
            "content_block_start" => self.has_token |= is_token_block(event),
            "content_block_delta" => self.has_token |= is_token_delta(event),
            "message_delta" => {
                self.count(event);
                if let Some(finish) = event.get("delta").and_then(finish_of) {
                    self.has_token = true;
                    self.seen.finish = Some(finish);
                }
            }
            "message_stop" => self.has_ended = true,
            _ => {}
        }
        // Written anew, as Bedrock has no names and the SDKs pass over what has none; the data stay as they are.
        write_event(out, Some(&kind.decode()), |out| out.extend_from_slice(piece.data));
        Ok(())
    }

    fn finish(&mut self, frames: &MessageFrames, _: &mut Vec<u8>) -> Result<(), Failure> {
        super::reader::ended(self.has_started, self.has_ended, frames.leftover())
    }

    fn is_over(&self) -> bool {
        self.has_ended
    }
}

impl FramePipe<MessageFrames> for PassingMessages {
    fn has_token(&self) -> bool {
        self.has_token
    }

    fn fail(&self, error: &CallerError, out: &mut Vec<u8>) {
        write_error_event(error, out);
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl PassingMessages {
    /// The start, with the caller's name of the model.
    fn start(&mut self, event: Raw<'_>, out: &mut Vec<u8>) {
        self.has_started = true;
        let message = event.get("message").unwrap_or(Raw::NULL);
        message.present("model").into_iter().for_each(|model| self.seen.note_model(model));
        self.count(message);
        let mut edited = Vec::with_capacity(message.as_json().len() + 32);
        with_model(message, &self.model, &mut edited);
        let decide = |name: &Text<'_>, _: Raw<'_>| {
            if *name == "message" { Edit::Replace(edited.clone()) } else { Edit::Keep }
        };
        write_event(out, Some("message_start"), |out| edit_object(event, decide, &[], out));
    }

    fn count(&mut self, holder: Raw<'_>) {
        if let Some(usage) = holder.present("usage") {
            self.counts.update(usage);
            self.seen.usage = self.counts.usage();
        }
    }
}

/// A block that says something by beginning: a tool call, or text that comes with it.
fn is_token_block(event: Raw<'_>) -> bool {
    let Some(block) = event.get("content_block") else { return false };
    let kind = block.get("type").and_then(Raw::text);
    match kind.as_ref().map(Text::decode).as_deref() {
        Some(name @ ("text" | "thinking")) => {
            block.get(name).and_then(Raw::text).is_some_and(|text| !text.is_empty())
        }
        kind => kind.is_some(),
    }
}

fn is_token_delta(event: Raw<'_>) -> bool {
    let said = |name| event.at(&["delta", name]).and_then(Raw::text).is_some_and(|text| !text.is_empty());
    said("text") || said("thinking") || said("partial_json")
}
