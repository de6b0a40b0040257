//! A caller's messages without what the provider doesn't know in them, and with what it wants said in its way.

use super::content::ContentChanges;
use super::members::{Fate, KnownMembers, is_only_refusal};
use super::neighbours::{are_one, groups, lost, together};
use super::thoughts::{
    BLANK, BLOCKS, DETAILS, has_others, is_thought, moves, told, without_others, without_signatures,
};
use crate::dialect::openai::quirks;
use crate::dialect::openai::reasoning::Seals;
use crate::dialect::{Loss, Losses, Quirk, Target, Thoughts};
use crate::json::{Edit, Kind, Raw, Text, edit_object};

/// What becomes of the messages.
pub(super) fn edit<'m>(messages: Raw<'_>, target: &Target, losses: &mut Losses) -> Edit<'m> {
    let row = target.row;
    let wanted = Changes::of(target, messages);
    let alternates = row.has(Quirk::Alternates) && has_neighbours(messages);
    if wanted.is_nothing() && !alternates {
        return Edit::Keep;
    }
    let mut out = Vec::with_capacity(messages.as_json().len());
    out.push(b'[');
    for group in groups(messages, alternates) {
        if out.len() > 1 {
            out.push(b',');
        }
        match group.as_slice() {
            [one] => wanted.edit(*one, losses, &mut out),
            several => {
                lost(several).for_each(|name| losses.advisory(Loss::Each(name.into_string().into())));
                let one = together(several);
                Raw::parse(&one).into_iter().for_each(|one| wanted.edit(one, losses, &mut out));
            }
        }
    }
    out.push(b']');
    Edit::Replace(out)
}

fn has_neighbours(messages: Raw<'_>) -> bool {
    let next = messages.items().skip(1);
    messages.items().zip(next).any(|(before, next)| are_one(before, next))
}

/// What has to change in some message.
struct Changes {
    members: Option<KnownMembers>,
    developer: bool,
    names: bool,
    /// Google's signatures of tool calls, which another provider doesn't know.
    signatures: bool,
    thoughts: Option<Thoughts>,
    /// Whose seals stay, where some message has others.
    seals: Option<Seals>,
    content: ContentChanges,
}

impl Changes {
    fn of(target: &Target, messages: Raw<'_>) -> Changes {
        let row = target.row;
        let may_be_sealed = matches!(quirks::thoughts(row), None | Some(Thoughts::Details))
            && [DETAILS, BLOCKS].iter().any(|name| messages.may_have_member(name));
        let seals = may_be_sealed.then(|| quirks::seals(target));
        Changes {
            members: KnownMembers::wanted(row, messages),
            developer: quirks::developer_role(row) != "developer" && messages.may_have_string("developer"),
            names: !quirks::takes_names(row) && messages.may_have_member("name"),
            signatures: !row.has(Quirk::SignedCalls) && messages.may_have_member("extra_content"),
            seals: seals.filter(|seals| messages.items().any(|message| has_others(*seals, message))),
            thoughts: quirks::thoughts(row).filter(|thoughts| {
                *thoughts != Thoughts::Details && messages.items().any(|message| moves(*thoughts, message))
            }),
            content: ContentChanges::of(row, messages),
        }
    }

    fn is_nothing(&self) -> bool {
        let Changes { members, developer, names, signatures, thoughts, seals, content } = self;
        !developer
            && seals.is_none()
            && !names
            && !signatures
            && members.is_none()
            && thoughts.is_none()
            && content.is_nothing()
    }

    /// Writes one message as the provider wants it.
    fn edit(&self, message: Raw<'_>, losses: &mut Losses, out: &mut Vec<u8>) {
        // A tool's result may say its tool's name everywhere.
        let is_result = message.get("role").and_then(Raw::text).is_some_and(|role| role == "tool");
        let (mut removed, mut has_thought, mut was_signed) = (false, false, false);
        let mut others = Vec::new();
        let refused = is_only_refusal(message);
        let others_sealed = self.seals.filter(|seals| has_others(*seals, message));
        let decide = |name: &Text<'_>, value: Raw<'_>| {
            if self.content.loses(name, losses) {
                return Edit::Remove;
            }
            match self.members.as_ref().map_or(Fate::Stays, |members| members.fate(refused, name, value)) {
                Fate::Stays => {}
                Fate::Goes => return Edit::Remove,
                Fate::IsContent => return Edit::Rename("content"),
                Fate::IsLost => {
                    others.push(format!("messages[].{}", name.decode()));
                    return Edit::Remove;
                }
            }
            if self.names && name == "name" && !is_result {
                removed = true;
                Edit::Remove
            } else if let (Some(seals), true) = (others_sealed, is_thought(name)) {
                was_signed = true;
                without_others(seals, name, value)
            } else if self.thoughts.is_some() && is_thought(name) {
                has_thought |= !value.is_null();
                Edit::Remove
            } else if self.signatures && name == "tool_calls" && value.kind() == Kind::Array {
                let (calls, signed) = without_signatures(value);
                was_signed |= signed;
                let plain = Raw::parse(&calls).ok().filter(|_| signed).unwrap_or(value);
                match self.content.with_short_ids(plain) {
                    Edit::Keep if signed => Edit::Replace(calls),
                    edit => edit,
                }
            } else if name == "tool_calls" || name == "tool_call_id" {
                self.content.with_short_ids(value)
            } else if name == "content" {
                self.content.content(message, value, losses)
            } else if self.developer && name == "role" && value.as_json() == r#""developer""# {
                Edit::Put(br#""system""#)
            } else {
                Edit::Keep
            }
        };
        let told = self.thoughts.and_then(|thoughts| told(thoughts, message));
        let more: Vec<(&str, &[u8])> = told.iter().map(|(name, json)| (*name, json.as_slice())).collect();
        edit_object(message, decide, &more, out);
        others.into_iter().for_each(|other| losses.advisory(other));
        if removed {
            losses.advisory("messages[].name");
        }
        if was_signed || has_thought && told.is_none_or(|(_, json)| json == BLANK) {
            losses.advisory("messages[].thinking");
        }
    }
}
