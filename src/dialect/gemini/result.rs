//! The results of tools: `functionResponse` parts.
//!
//! A result is an object there (<https://ai.google.dev/api/caching#FunctionResponse>). One that is JSON of an object goes
//! as it is; anything else stands under `result`, or `error` where the tool failed. Media is in `parts` where the model
//! takes it (<https://ai.google.dev/gemini-api/docs/function-calling#multimodal>), else beside the result.

use super::generation::GeminiModel;
use super::media::Media;
use super::names::Names;
use super::part::{GeminiPart, Response, ToolOutput};
use crate::chat::ToolResult;
use crate::json::{Raw, Text, Writer};

impl<'r> ToolOutput<'r> {
    /// The result, and what of `inside` must stand beside it.
    pub(super) fn of(
        result: &'r ToolResult<'r>,
        name: &'r Text<'r>,
        inside: Vec<GeminiPart<'r>>,
        model: GeminiModel<'_>,
    ) -> (ToolOutput<'r>, Vec<GeminiPart<'r>>) {
        let mut texts = Vec::new();
        let mut media = Vec::new();
        for piece in inside {
            match piece {
                GeminiPart::Text { text, .. } | GeminiPart::Media(Media::Text(text)) => texts.push(text),
                GeminiPart::Media(found) => media.push(found),
                _ => {}
            }
        }
        let mut rest = Vec::new();
        if !model.is_levelled() {
            rest = std::mem::take(&mut media).into_iter().map(GeminiPart::Media).collect();
        }
        let response = Response::of(texts, result.is_error);
        (ToolOutput { id: &result.call_id, name, response, media }, rest)
    }

    /// Writes the member of a part. `with_id`: the model takes the ids of calls.
    pub(super) fn write(&self, names: &Names, with_id: bool, w: &mut Writer<'_>) {
        w.key("functionResponse").object(|w| {
            if with_id {
                w.key("id").text(self.id);
            }
            w.key("name").text(&names.sent(self.name));
            w.key("response");
            self.response.write(w);
            if !self.media.is_empty() {
                w.key("parts").array(|w| self.media.iter().for_each(|media| w.object(|w| media.write(w))));
            }
        });
    }
}

impl<'r> Response<'r> {
    fn of(texts: Vec<&'r Text<'r>>, is_error: bool) -> Response<'r> {
        let key = if is_error { "error" } else { "result" };
        if let [only] = texts.as_slice() {
            let json = only.decode();
            let start = json.trim_start().as_bytes().first().copied();
            if matches!(start, Some(b'{' | b'[')) && Raw::parse(json.as_bytes()).is_ok() {
                return match start {
                    Some(b'{') if !is_error => Response::Object(json),
                    _ => Response::Json { key, json },
                };
            }
        }
        Response::Texts { key, texts }
    }

    fn write(&self, w: &mut Writer<'_>) {
        match self {
            Response::Object(json) => w.raw(Raw::trusted(json)),
            Response::Json { key, json } => w.object(|w| w.key(key).raw(Raw::trusted(json))),
            Response::Texts { key, texts } => {
                let gap = Text::from("\n");
                let parts = texts.iter().enumerate().flat_map(|(at, text)| {
                    let before = (at > 0).then_some(&gap);
                    before.into_iter().chain([*text])
                });
                w.object(|w| w.key(key).texts(parts));
            }
        }
    }
}
