//! A caller's request: <https://platform.openai.com/docs/api-reference/embeddings/create>.

use crate::dialect::Refusal;
use crate::dialect::loss::at::At;
use crate::json::{Kind, Raw, Text};

/// What a caller wants embedded, and how.
#[derive(Debug, Default)]
pub struct EmbeddingsRequest<'a> {
    /// The caller's name for the model.
    pub model: Text<'a>,
    pub input: Input<'a>,
    /// Numbers in a vector, where the model lets one choose.
    pub dimensions: Option<u64>,
    /// `encoding_format: base64`.
    pub base64: bool,
    pub user: Option<Text<'a>>,
    /// What the texts are for (`search_document`, `search_query`, …): not OpenAI's, but a member that callers of Cohere's
    /// and NVIDIA's models send beside the others.
    pub input_type: Option<Text<'a>>,
    /// Names of all other members.
    pub extra: Vec<String>,
}

/// One vector for each.
#[derive(Debug)]
pub enum Input<'a> {
    Texts(Vec<Text<'a>>),
    /// So many lists of a tokenizer's numbers, which mean nothing to other models.
    Tokens(usize),
}

impl Default for Input<'_> {
    fn default() -> Self {
        Input::Tokens(0)
    }
}

impl<'a> Input<'a> {
    pub fn count(&self) -> usize {
        match self {
            Input::Texts(texts) => texts.len(),
            Input::Tokens(lists) => *lists,
        }
    }

    /// The texts, for a provider that takes nothing else. `who` begins a sentence.
    ///
    /// # Errors
    /// They are tokens.
    pub fn texts(&self, who: &str) -> Result<&[Text<'a>], Refusal> {
        match self {
            Input::Texts(texts) => Ok(texts),
            Input::Tokens(_) => {
                let message =
                    format!("{who} takes texts only, and `input` holds tokens. Send the text instead.");
                Err(Refusal::unsupported("input", message))
            }
        }
    }
}

impl<'a> EmbeddingsRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it, in words for the caller.
    pub fn read(body: Raw<'a>) -> Result<EmbeddingsRequest<'a>, Refusal> {
        if body.kind() != Kind::Object {
            return Err(Refusal::invalid("", "The body must be a JSON object."));
        }
        let mut request = EmbeddingsRequest::default();
        for (name, value) in body.fields().filter(|(_, value)| !value.is_null()) {
            let name = name.decode();
            let at = At::member(&name);
            match name.as_ref() {
                "model" => request.model = at.text(value)?,
                "input" => request.input = read_input(&at, value)?,
                "dimensions" => request.dimensions = Some(at.whole(value)?),
                "encoding_format" => request.base64 = read_format(&at, value)?,
                "user" => request.user = Some(at.text(value)?),
                "input_type" => request.input_type = Some(at.text(value)?),
                _ => request.extra.push(name.into_owned()),
            }
        }
        Ok(request)
    }

    /// Bytes of the longest text: what a model's window must hold, as each text is embedded by itself.
    pub fn longest(body: Raw<'_>) -> usize {
        let input = body.get("input").unwrap_or(Raw::NULL);
        let is_list_of_inputs =
            input.items().next().is_some_and(|first| matches!(first.kind(), Kind::String | Kind::Array));
        if !is_list_of_inputs {
            return input.as_json().len();
        }
        input.items().map(|one| one.as_json().len()).max().unwrap_or(0)
    }
}

fn read_format(at: &At<'_>, value: Raw<'_>) -> Result<bool, Refusal> {
    match at.text(value)?.decode().as_ref() {
        "float" => Ok(false),
        "base64" => Ok(true),
        _ => Err(at.refuse("must be `float` or `base64`.")),
    }
}

fn read_input<'a>(at: &At<'_>, value: Raw<'a>) -> Result<Input<'a>, Refusal> {
    if let Some(text) = value.text() {
        return Ok(Input::Texts(vec![text]));
    }
    let first = value.items().next().map(Raw::kind);
    match first {
        Some(Kind::String) => {
            let texts = value.items().enumerate().map(|(place, item)| at.index(place).text(item));
            Ok(Input::Texts(texts.collect::<Result<_, _>>()?))
        }
        Some(Kind::Number) => {
            check_tokens(at, value)?;
            Ok(Input::Tokens(1))
        }
        Some(Kind::Array) => {
            let mut lists = 0;
            for (place, list) in value.items().enumerate() {
                check_tokens(&at.index(place), list)?;
                lists += 1;
            }
            Ok(Input::Tokens(lists))
        }
        _ => Err(at
            .refuse("must be a text, a list of texts, a list of tokens or a list of such lists, not empty.")),
    }
}

fn check_tokens(at: &At<'_>, list: Raw<'_>) -> Result<(), Refusal> {
    if at.array(list)?.items().next().is_none() {
        return Err(at.refuse("is empty. Send at least one token."));
    }
    list.items().enumerate().try_for_each(|(place, token)| at.index(place).whole(token).map(drop))
}
