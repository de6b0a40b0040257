//! Where in a conversation a writer is, and what becomes of the part there.

use crate::chat::{Message, Part, PartKind, Request, Role};
use crate::dialect::loss::{Loss, Losses, Member, Place, Refusal, Spot};
use std::borrow::Cow;

/// Where a part stands: not every place takes every part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Among the instructions.
    System,
    User,
    Assistant,
    /// Inside a tool's result.
    Result,
}

/// What becomes of a part.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    Sent,
    /// Empty text, another maker's thought: nobody misses it.
    Needless,
    /// Why the provider can't have it: the end of a sentence that begins with its path.
    Lost(Cow<'static, str>),
}

/// The part that is read, and the list of what is lost.
#[derive(Debug)]
pub struct Here<'l> {
    pub losses: &'l mut Losses,
    pub stand: Stand,
    message: usize,
    part: usize,
}

impl<'l> Here<'l> {
    /// Goes through the messages. Nobody's dialect but OpenAI's has names for those who speak.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn in_each<'r>(
        request: &'r Request<'r>,
        losses: &mut Losses,
        mut read: impl FnMut(&'r Message<'r>, &mut Here<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        for (index, message) in request.messages.iter().enumerate() {
            if message.name.is_some() {
                losses.advisory(Loss::NAMES);
            }
            read(message, &mut Here::of(index, message.role, losses))?;
        }
        Ok(())
    }

    fn of(message: usize, role: Role, losses: &'l mut Losses) -> Here<'l> {
        let stand = match role {
            Role::System | Role::Developer => Stand::System,
            Role::User => Stand::User,
            Role::Assistant => Stand::Assistant,
        };
        Here { losses, stand, message, part: 0 }
    }

    /// Goes through the parts of the message.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn each_part<'r>(
        &mut self,
        message: &'r Message<'r>,
        mut read: impl FnMut(&'r Part<'r>, &mut Here<'l>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        for (at, part) in message.parts.iter().enumerate() {
            self.part = at;
            read(part, self)?;
        }
        Ok(())
    }

    /// The number of the message.
    pub fn message(&self) -> usize {
        self.message
    }

    /// Whether the part stands among instructions and is no text.
    pub fn is_odd_instruction(&self, part: &Part<'_>) -> bool {
        self.stand == Stand::System && !matches!(part.kind, PartKind::Text(_) | PartKind::Refusal(_))
    }

    /// Leaves out the part here.
    ///
    /// # Errors
    /// It may not be left out.
    pub fn lose(&mut self, why: &str) -> Result<(), Refusal> {
        self.losses.meaning(Loss::part(self.message, self.part), why)
    }

    /// Leaves out a member of the part here.
    ///
    /// # Errors
    /// It may not be left out.
    pub fn lose_member(&mut self, member: &'static str, why: &str) -> Result<(), Refusal> {
        let place = Place { message: self.message, spot: Spot::Part(self.part) };
        self.losses.meaning(Loss::At(place, member), why)
    }

    /// Lists a cache breakpoint that a provider doesn't know.
    pub fn note_cache(&mut self, part: &Part<'_>) {
        if part.cache.is_some() {
            self.losses.advisory("cache_control");
        }
    }

    /// Whether the part goes out as a block, as `fate` says; what is lost of it is listed.
    ///
    /// # Errors
    /// It must go out and can't.
    pub fn admits(
        &mut self,
        part: &Part<'_>,
        fate: &mut dyn FnMut(&Part<'_>, &mut Here<'_>) -> Result<Admission, Refusal>,
    ) -> Result<bool, Refusal> {
        if self.losses.answers_nothing(&part.kind) {
            self.lose("answers a call that was left out")?;
            return Ok(false);
        }
        let own = fate(part, self)?;
        match &part.kind {
            PartKind::ToolResult(result) => {
                let around = std::mem::replace(&mut self.stand, Stand::Result);
                // What is lost inside is listed under the result; what is left goes out.
                for inner in &result.parts {
                    self.admits(inner, fate)?;
                }
                self.stand = around;
            }
            PartKind::Image { detail: Some(detail), .. } if *detail != "auto" => {
                self.losses.advisory(Member::Detail);
            }
            _ => {}
        }
        match own {
            Admission::Sent => Ok(true),
            Admission::Needless => {
                if matches!(part.kind, PartKind::Thought(_)) {
                    self.losses.advisory(Loss::THOUGHTS);
                }
                Ok(false)
            }
            Admission::Lost(why) => {
                self.lose(&why)?;
                self.losses.left_out(&part.kind);
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ToolResult;
    use crate::dialect::loss::{InChat, Unsupported};
    use crate::json::Text;

    /// What is refused or listed where no text goes into a result.
    fn admitted(parts: Vec<PartKind<'_>>) -> Result<Vec<String>, String> {
        let parts = parts.into_iter().map(Part::from).collect();
        let message = Message { role: Role::User, parts, name: Some(Text::from("me")), extra: Vec::new() };
        let request = Request { messages: vec![message], ..Request::default() };
        let mut losses = Losses::new(Unsupported::Drop);
        let mut fate = |part: &Part<'_>, here: &mut Here<'_>| {
            let is_lost = here.stand == Stand::Result && matches!(part.kind, PartKind::Text(_));
            Ok(if is_lost { Admission::Lost("is lost".into()) } else { Admission::Sent })
        };
        Here::in_each(&request, &mut losses, |message, here| {
            here.each_part(message, |part, here| here.admits(part, &mut fate).map(|_| ()))
        })
        .map_err(|refusal| refusal.named(&mut InChat).message)?;
        Ok(losses.into_dropped(&mut InChat).into_iter().map(Cow::into_owned).collect())
    }

    #[test]
    fn what_is_lost_inside_a_result_is_listed_under_it() {
        let inside = vec![Part::from(PartKind::Text(Text::from("a")))];
        let result = ToolResult { call_id: Text::from("c"), name: None, parts: inside, is_error: false };
        let parts = vec![PartKind::Text(Text::from("b")), PartKind::ToolResult(result)];
        assert_eq!(admitted(parts).unwrap(), ["messages[].name", "messages[0].content[1]"]);
    }
}
