//! What was learned from an answer while it passed.

use super::finish_name;
use crate::chat::{Event, Reply, Usage};
use crate::json::{Raw, Text};

/// What was learned from an answer while it passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Tokens, as far as the provider counted them.
    pub usage: Usage,
    /// The provider's name of the model that answered.
    pub model: Option<String>,
    /// OpenAI's name of the finish reason, for the record.
    pub finish: Option<String>,
    /// Events that could not be read and were left out.
    pub malformed_events: u32,
}

impl Seen {
    /// What a whole answer tells.
    pub fn of(reply: &Reply<'_>) -> Seen {
        Seen {
            usage: reply.usage,
            model: reply.model.as_ref().map(|model| model.decode().into_owned()),
            finish: reply.choices.first().map(|choice| finish_name(&choice.finish).to_owned()),
            malformed_events: 0,
        }
    }

    /// What one event of a stream tells.
    pub fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { model: Some(model), .. } => self.model = Some(model.decode().into_owned()),
            Event::Usage(usage) => self.usage.update(usage),
            Event::Finish { finish, .. } => self.finish = Some(finish_name(finish).to_owned()),
            Event::Malformed => self.note_malformed(),
            _ => {}
        }
    }

    /// An event could not be read.
    pub fn note_malformed(&mut self) {
        self.malformed_events = self.malformed_events.saturating_add(1);
    }

    /// The `model` of an answer or an event: the first that has a name counts.
    pub fn note_model(&mut self, model: Raw<'_>) {
        if self.model.is_none() {
            self.model = model.text().filter(|model| !model.is_empty()).map(Text::into_string);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Finish;

    #[test]
    fn a_stream_is_noted() {
        let mut seen = Seen::default();
        let usage = |input, output| Event::Usage(Usage { input, output, ..Usage::default() });
        let start = Event::Start { id: None, model: Some("m".into()) };
        let finish = Event::Finish { choice: 0, finish: Finish::ContextWindow };
        let events = [start, usage(Some(3), None), Event::Malformed, usage(None, Some(5)), finish];
        events.iter().for_each(|event| seen.note(event));
        assert_eq!((seen.usage.input, seen.usage.output), (Some(3), Some(5)));
        assert_eq!((seen.model.as_deref(), seen.finish.as_deref()), (Some("m"), Some("length")));
        assert_eq!(seen.malformed_events, 1);
    }

    #[test]
    fn the_first_name_of_the_model_counts() {
        let mut seen = Seen::default();
        for (json, model) in [("null", None), ("\"\"", None), ("\"a\"", Some("a")), ("\"b\"", Some("a"))] {
            seen.note_model(Raw::trusted(json));
            assert_eq!(seen.model.as_deref(), model);
        }
    }
}
