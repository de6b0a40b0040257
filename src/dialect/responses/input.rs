//! The items of `input` into messages.
//!
//! Items of the assistant that follow one another (reasoning, words, calls) are one turn of the model, so they become
//! one message; so do results of calls that follow one another.

use super::seal::{self, EncryptedContent};
use super::wire::picture;
use super::{OWN, code, content};
use crate::chat::{Arguments, Maker, Message, Part, PartKind, Role, Thought, ToolCall, ToolResult};
use crate::dialect::loss::at::At;
use crate::dialect::{Place, Refusal, Spot};
use crate::json::{Kind, Raw, Text};

type Extra<'a> = Vec<(Text<'a>, Raw<'a>)>;

/// Reads `input`.
#[derive(Default)]
pub(super) struct InputItems<'a> {
    pub(super) messages: Vec<Message<'a>>,
    /// An item that only names one in OpenAI's store.
    pub(super) reference: Option<Raw<'a>>,
    /// Of each message's parts: the item, and which of its own parts.
    origins: Vec<Vec<(usize, usize)>>,
    /// The item that is being read.
    index: usize,
    /// Of the call that comes next.
    signature: Option<(Maker, Text<'a>)>,
}

impl<'a> InputItems<'a> {
    /// # Errors
    /// Neither a string nor an array of items, or a bad item.
    pub(super) fn read(value: Raw<'a>, at: &At<'_>) -> Result<InputItems<'a>, Refusal> {
        let mut input = InputItems::default();
        match value.kind() {
            Kind::String => {
                let parts = content::read(value, at)?;
                input.messages.push(Message { role: Role::User, parts, name: None, extra: Vec::new() });
            }
            Kind::Array => {
                for (index, item) in value.items().enumerate() {
                    let at = at.index(index);
                    input.index = index;
                    input.item(at.object(item)?, &at)?;
                }
            }
            _ => return Err(at.refuse("must be a string or an array of items.")),
        }
        Ok(input)
    }

    fn item(&mut self, item: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        let kind = match item.present("type") {
            Some(kind) => at.name("type").text(kind)?,
            None if item.present("role").is_some() => Text::from("message"),
            None if item.present("id").is_some() => Text::from("item_reference"),
            None => return Err(at.name("type").missing("say what the item is, such as `message`.")),
        };
        let signature = self.signature.take();
        if let Some(picture) = Some(item).filter(|_| kind == "image_generation_call").and_then(picture) {
            self.add(Role::Assistant, vec![picture.into()], others(item, &["result", "output_format"]));
            return Ok(());
        }
        if let Some(parts) = Some(item).filter(|item| code::is_call(*item)).and_then(code::parts_of_other) {
            self.add(Role::Assistant, parts.into_iter().map(Into::into).collect(), Vec::new());
            return Ok(());
        }
        match kind.decode().as_ref() {
            "message" => self.message(item, at),
            "function_call" | "custom_tool_call" => self.call(item, signature, at),
            // One that names no call, but a tool, is OpenAI's own affair.
            "function_call_output" if item.present("call_id").is_some() || item.present("name").is_none() => {
                self.result(item, at)
            }
            "custom_tool_call_output" => self.result(item, at),
            "reasoning" => self.reasoning(item, at),
            "item_reference" => {
                self.reference = Some(item);
                Ok(())
            }
            name => {
                let role = if name.ends_with("_output") { Role::User } else { Role::Assistant };
                let part = PartKind::Foreign { dialect: OWN, kind: kind.clone(), raw: item };
                self.add(role, vec![part.into()], Vec::new());
                Ok(())
            }
        }
    }

    fn message(&mut self, item: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        let role = match at.required_text(item, "role", "say who speaks.")?.decode().as_ref() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            "developer" => Role::Developer,
            _ => return Err(at.name("role").refuse("must be user, assistant, system or developer.")),
        };
        let at = at.name("content");
        let given = item.present("content");
        let given = given.ok_or_else(|| at.missing("give a string or an array of parts."))?;
        let parts = content::read(given, &at)?;
        let mut extra = others(item, &["role", "content"]);
        extra.extend(content::unread(given, "content"));
        self.add(role, parts, extra);
        Ok(())
    }

    fn call(
        &mut self,
        item: Raw<'a>,
        signature: Option<(Maker, Text<'a>)>,
        at: &At<'_>,
    ) -> Result<(), Refusal> {
        let is_custom = item.get("type").and_then(Raw::text).is_some_and(|kind| kind == "custom_tool_call");
        let call = ToolCall {
            id: at.required_text(item, "call_id", "a call needs the id that its output refers to.")?,
            name: at.required_text(item, "name", "name the function.")?,
            arguments: match item.present("arguments").map(|arguments| (arguments.text(), arguments)) {
                _ if is_custom => {
                    let what = "a call needs its input, which may be empty.";
                    Arguments::FreeForm(at.required_text(item, "input", what)?)
                }
                Some((Some(text), _)) => Arguments::Encoded(text),
                Some((None, other)) => Arguments::Json(other),
                None => Arguments::Encoded(Text::default()),
            },
            signature,
        };
        let mut extra = others(item, &["call_id", "name", "arguments", "input", "caller"]);
        // What calls a function: the model itself unless said otherwise.
        let caller = item.present("caller");
        let is_direct =
            |caller: &Raw<'_>| caller.get("type").and_then(Raw::text).is_some_and(|t| t == "direct");
        extra.extend(caller.filter(|caller| !is_direct(caller)).map(|caller| (Text::from("caller"), caller)));
        self.add(Role::Assistant, vec![PartKind::ToolCall(call).into()], extra);
        Ok(())
    }

    fn result(&mut self, item: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        let what = "an output must name the call that it answers.";
        let call_id = at.required_text(item, "call_id", what)?;
        let at = at.name("output");
        let output = item.present("output").ok_or_else(|| at.missing("give what the function returned."))?;
        let result = ToolResult { call_id, name: None, parts: content::read(output, &at)?, is_error: false };
        let mut extra = others(item, &["call_id", "output", "name"]);
        extra.extend(content::unread(output, "output"));
        self.add(Role::User, vec![PartKind::ToolResult(result).into()], extra);
        Ok(())
    }

    fn reasoning(&mut self, item: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        let words = |name: &str| -> Result<Vec<Text<'a>>, Refusal> {
            let Some(parts) = item.present(name) else { return Ok(Vec::new()) };
            let at = at.name(name);
            let read = |(index, part): (usize, Raw<'a>)| {
                let at = at.index(index);
                at.required_text(at.object(part)?, "text", "give the words.")
            };
            at.array(parts)?.items().enumerate().map(read).collect()
        };
        // The thought itself where it is shown, else what OpenAI tells about it.
        let mut texts = words("content")?;
        if texts.is_empty() {
            texts = words("summary")?;
        }
        let text = match texts.len() {
            0 | 1 => texts.pop().unwrap_or_default(),
            _ => Text::from(texts.iter().map(|text| text.decode()).collect::<Vec<_>>().join("\n\n")),
        };
        let sealed =
            item.present("encrypted_content").map(|sealed| at.name("encrypted_content").text(sealed));
        let bare = Thought { text, signature: None, sealed: None, maker: None };
        let thought = match sealed.transpose()?.map_or(EncryptedContent::Unsigned, seal::open) {
            EncryptedContent::Call(maker, signature) => {
                self.signature = Some((maker, signature));
                return Ok(());
            }
            EncryptedContent::Unsigned if bare.text.is_empty() => return Ok(()),
            EncryptedContent::Unsigned => bare,
            EncryptedContent::Signature(maker, data) => {
                Thought { signature: Some(data), maker: Some(maker), ..bare }
            }
            EncryptedContent::Thought(maker, data) => {
                Thought { sealed: Some(data), maker: Some(maker), ..bare }
            }
            EncryptedContent::Own(data) => Thought { sealed: Some(data), maker: Some(Maker::OpenAi), ..bare },
        };
        let extra = others(item, &["content", "summary", "encrypted_content"]);
        self.add(Role::Assistant, vec![PartKind::Thought(thought).into()], extra);
        Ok(())
    }

    /// Adds to the message before where that is the same turn.
    fn add(&mut self, role: Role, mut parts: Vec<Part<'a>>, mut extra: Extra<'a>) {
        let index = self.index;
        let origins = (0..parts.len()).map(move |part| (index, part));
        match self.messages.last_mut() {
            Some(last) if last.role == role && (is_one_turn(last, &parts) || are_results(last, &parts)) => {
                last.parts.append(&mut parts);
                last.extra.append(&mut extra);
                if let Some(known) = self.origins.last_mut() {
                    known.extend(origins);
                }
            }
            _ => {
                self.origins.push(origins.collect());
                self.messages.push(Message { role, parts, name: None, extra });
            }
        }
    }
}

/// The caller's names of places in the messages that a request becomes.
pub(super) fn places<'a>(body: Raw<'a>) -> Box<dyn Fn(Place) -> String + 'a> {
    let before = usize::from(body.present("instructions").is_some());
    let items = body.present("input").unwrap_or(Raw::NULL);
    let input = InputItems::read(items, &At::member("input")).unwrap_or_default();
    let has_list = |item: Raw<'_>| item.get("content").is_some_and(|content| content.kind() == Kind::Array);
    // Of each item.
    let lists: Vec<bool> = items.items().map(has_list).collect();
    Box::new(move |place| {
        let Some(message) = place.message.checked_sub(before) else { return "instructions".to_owned() };
        let Some(origins) = input.origins.get(message) else { return "input".to_owned() };
        let is_list = |origin: &(usize, usize)| lists.get(origin.0).copied().unwrap_or_default();
        let origin = match place.spot {
            Spot::Message => origins.first(),
            Spot::Part(part) => origins.get(part),
        };
        match (origin, place.spot) {
            (Some(origin @ (index, part)), Spot::Part(_)) if is_list(origin) => {
                format!("input[{index}].content[{part}]")
            }
            (Some((index, _)), _) => format!("input[{index}]"),
            (None, _) => "input".to_owned(),
        }
    })
}

/// Whether both are the assistant's. Words of one item and those of the next stay apart: they are paragraphs.
fn is_one_turn(last: &Message<'_>, parts: &[Part<'_>]) -> bool {
    let is_words = |part: &Part<'_>| matches!(part.kind, PartKind::Text(_) | PartKind::Refusal(_));
    last.role == Role::Assistant
        && !(last.parts.last().is_some_and(is_words) && parts.first().is_some_and(is_words))
}

/// Whether both are results of calls. Of a message that has one, all parts are.
fn are_results(last: &Message<'_>, parts: &[Part<'_>]) -> bool {
    last.parts.last().iter().copied().chain(parts).all(|part| matches!(part.kind, PartKind::ToolResult(_)))
}

/// The members that an item has besides these and those that every item of an answer has.
fn others<'a>(item: Raw<'a>, known: &[&str]) -> Extra<'a> {
    let is_known =
        |name: &Text<'_>| ["type", "id", "status"].iter().chain(known).any(|known| *name == **known);
    item.fields().filter(|(name, value)| !value.is_null() && !is_known(name)).collect()
}
