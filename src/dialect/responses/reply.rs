//! The `response` object, whole: <https://platform.openai.com/docs/api-reference/responses/object>.

use super::item::{ItemStatus, items_of};
use super::request::repeated;
use super::wire::{incomplete_reason, write_usage};
use crate::chat::{Reply, Usage};
use crate::dialect::piece::tier;
use crate::dialect::{Memo, Turn};
use crate::json::{Raw, Text, Writer};

/// What every form of one answer has in common.
pub(super) struct ResponseFrame {
    /// The turn's id, on which all ids are built.
    pub(super) id: String,
    model: String,
    created: u64,
    /// A JSON object of members that the request had.
    repeated: String,
}

/// How far an answer has come.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    /// There is more to come.
    pub(super) is_open: bool,
    /// Why it is incomplete.
    pub(super) reason: Option<&'static str>,
}

impl Progress {
    pub(super) fn status(self) -> ItemStatus {
        match (self.is_open, self.reason) {
            (true, _) => ItemStatus::InProgress,
            (false, Some(_)) => ItemStatus::Incomplete,
            (false, None) => ItemStatus::Completed,
        }
    }
}

impl ResponseFrame {
    pub(super) fn new(turn: &Turn, memo: &Memo) -> ResponseFrame {
        ResponseFrame {
            id: turn.id.clone(),
            model: turn.requested_model.clone(),
            created: turn.created,
            // The group's last answer has no attempt behind it, so nothing of the request.
            repeated: memo.repeated.clone().unwrap_or_else(|| repeated(Raw::trusted("{}"))),
        }
    }

    /// Writes the object; `output` writes its items.
    pub(super) fn write(
        &self,
        ending: Progress,
        usage: &Usage,
        service_tier: Option<&Text<'_>>,
        w: &mut Writer<'_>,
        output: impl FnOnce(&mut Writer<'_>),
    ) {
        w.object(|w| {
            w.key("id").string(&format!("resp_{}", self.id));
            w.key("object").string("response");
            w.key("created_at").u64(self.created);
            w.key("status").string(ending.status().name());
            w.key("error").null();
            w.key("incomplete_details");
            match ending.reason {
                Some(reason) => w.object(|w| w.key("reason").string(reason)),
                None => w.null(),
            }
            w.key("model").string(&self.model);
            w.key("output").array(output);
            for (name, value) in Raw::trusted(&self.repeated).fields() {
                w.key_text(&name).raw(value);
            }
            if let Some(tier) = service_tier.and_then(|tier| tier::openais(tier, tier::is_of_responses)) {
                w.key("service_tier").text(&tier);
            }
            w.key("usage");
            if usage.is_empty() { w.null() } else { write_usage(usage, w) }
        });
    }
}

/// Writes a whole answer: its first choice, as the dialect has no others.
pub(super) fn write(reply: &Reply<'_>, turn: &Turn, memo: &Memo, out: &mut Vec<u8>) {
    let choice = reply.choices.first();
    let items = choice.map(items_of).unwrap_or_default();
    let reason = choice.and_then(|choice| incomplete_reason(&choice.finish));
    let ending = Progress { is_open: false, reason };
    let tier = reply.service_tier.as_ref();
    ResponseFrame::new(turn, memo).write(ending, &reply.usage, tier, &mut Writer::new(out), |w| {
        let last = items.len().saturating_sub(1);
        for (at, (item, index)) in items.iter().zip(0u32..).enumerate() {
            // What was cut is the last thing.
            let status = if at == last { ending.status() } else { ItemStatus::Completed };
            item.write(&item.id(&turn.id, index), status, w);
        }
    });
}
