//! What whole answers and streams share on the wire: parts, finish reasons, token counts, log probabilities.
//!
//! Both are made of the same `GenerateContentResponse` objects
//! (<https://ai.google.dev/api/generate-content#generatecontentresponse>).

use super::code;
use crate::chat::{Arguments, Citation, CodeOutcome, CodeRun, Finish, Maker, ToolCall, Usage};
use crate::dialect::Memo;
use crate::dialect::piece::citation;
use crate::failure::{Failure, Head, classify_event, clean, reports_error};
use crate::json::{Kind, Raw, Text, Writer};
use std::borrow::Cow;

/// What a part of an answer says.
pub(super) enum Said<'a> {
    /// `signature`: what Gemini seals its answer with; it comes with the last text, which may be empty.
    Text {
        text: Text<'a>,
        signature: Option<Text<'a>>,
    },
    Thought {
        text: Text<'a>,
        signature: Option<Text<'a>>,
    },
    Call(ToolCall<'a>),
    /// A picture in base64, which some models answer with.
    Image {
        media_type: Text<'a>,
        data: Text<'a>,
        signature: Option<Text<'a>>,
    },
    /// Sound in base64, which models that speak answer with. `format` is OpenAI's name of the encoding.
    Audio {
        format: Text<'a>,
        data: Text<'a>,
    },
    /// Code that the provider ran.
    Code {
        run: CodeRun<'a>,
        signature: Option<Text<'a>>,
    },
    Outcome {
        outcome: CodeOutcome<'a>,
        signature: Option<Text<'a>>,
    },
    /// What no tool brings about that a caller can ask for.
    Foreign(Text<'a>),
}

/// Counts the tool calls of one candidate, and names those that came without an id.
pub(super) struct GeminiCalls<'m> {
    pub(super) memo: &'m Memo,
    /// Of the answer, where it has one.
    pub(super) response_id: Option<&'m str>,
    pub(super) candidate: u32,
    pub(super) count: u32,
    /// How many times code was run.
    pub(super) runs: u32,
}

impl GeminiCalls<'_> {
    /// Reads a part; `None` for one that says nothing.
    pub(super) fn read<'a>(&mut self, part: Raw<'a>) -> Option<Said<'a>> {
        let signature = part.present("thoughtSignature").and_then(Raw::text).filter(|text| !text.is_empty());
        if let Some(call) = part.present("functionCall") {
            return Some(Said::Call(self.call(call, signature)?));
        }
        let is_thought = part.get("thought").and_then(Raw::as_bool) == Some(true);
        if let Some(text) = part.present("text").and_then(Raw::text) {
            if text.is_empty() && signature.is_none() {
                return None;
            }
            return Some(if is_thought {
                Said::Thought { text, signature }
            } else {
                Said::Text { text, signature }
            });
        }
        if let Some(media) = part.present("inlineData").filter(|_| !is_thought)
            && let (Some(media_type), Some(data)) =
                (media.get("mimeType").and_then(Raw::text), media.get("data").and_then(Raw::text))
        {
            let sound = media_type.decode().strip_prefix("audio/").map(encoding);
            if let Some(format) = sound {
                return Some(Said::Audio { format, data });
            }
            if media_type.decode().starts_with("image/") {
                return Some(Said::Image { media_type, data, signature });
            }
        }
        if let Some(code) = part.present("executableCode") {
            self.runs = self.runs.saturating_add(1);
            return Some(Said::Code { run: code::run(code, self.run_id()), signature });
        }
        if let Some(result) = part.present("codeExecutionResult") {
            return Some(Said::Outcome { outcome: code::outcome(result, self.run_id()), signature });
        }
        if signature.is_some() {
            return Some(Said::Text { text: Text::default(), signature });
        }
        let about = ["thought", "mediaResolution", "videoMetadata", "partMetadata"];
        let kind =
            part.fields().map(|(name, _)| name).find(|name| !about.iter().any(|known| *name == *known))?;
        Some(Said::Foreign(kind))
    }

    fn call<'a>(&mut self, call: Raw<'a>, signature: Option<Text<'a>>) -> Option<ToolCall<'a>> {
        let name = call.present("name").and_then(Raw::text)?;
        let args =
            call.present("args").filter(|args| args.kind() == Kind::Object).unwrap_or(Raw::trusted("{}"));
        // Whole answers come laid out over lines; a caller shall not pay for blanks when they come back.
        let compact = args.compact();
        let id = call.present("id").and_then(Raw::text).filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| Text::from(self.made_up_id(&name, &compact)));
        let arguments = match compact {
            Cow::Borrowed(_) => Arguments::Json(args),
            Cow::Owned(compact) => Arguments::Encoded(Text::from(compact)),
        };
        self.count = self.count.saturating_add(1);
        let name = if self.memo.renamed.is_empty() {
            name
        } else {
            Text::from(self.memo.original(&name.decode()).to_owned())
        };
        let signature = signature.map(|signature| (Maker::Gemini, signature));
        Some(ToolCall { id, name, arguments, signature })
    }

    /// The same whenever the same answer is read, another in every other answer.
    fn made_up_id(&self, name: &Text<'_>, arguments: &str) -> String {
        let place = format!("{}/{}", self.candidate, self.count);
        let hash = hash([self.response_id.unwrap_or_default(), &place, &name.decode(), arguments]);
        format!("call_{hash:016x}")
    }

    /// Of the last run: code and what came of it have the same, and come one after the other.
    fn run_id(&self) -> String {
        let place = format!("{}/{}", self.candidate, self.runs);
        format!("run_{:016x}", hash([self.response_id.unwrap_or_default(), &place, "", ""]))
    }
}

/// FNV-1a: nothing secret about it, and short enough for every dialect.
fn hash(pieces: [&str; 4]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in pieces.iter().flat_map(|piece| piece.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// OpenAI's name of an encoding of sound: `L16;codec=pcm;rate=24000`, which Gemini speaks in
/// (<https://ai.google.dev/gemini-api/docs/speech-generation>), is its `pcm16`.
fn encoding(of: &str) -> Text<'static> {
    let name = of.split(';').next().unwrap_or(of).trim().to_ascii_lowercase();
    Text::from(if name == "l16" || name == "pcm" { "pcm16".to_owned() } else { name })
}

/// Why a candidate ended, <https://ai.google.dev/api/generate-content#FinishReason>. The table is closed: a reason
/// nobody knew yesterday is [`Finish::Other`]. `STOP` after tool calls means that they are to be made, and so does a reason that
/// finds fault with calls: those that are here came whole, what was broken of them Google has left out, and a caller who gets
/// one of a tool that it does not have says so to the model, as it does for every other provider.
pub(super) fn finish(reason: Text<'_>, has_calls: bool) -> Finish<'_> {
    match reason.decode().as_ref() {
        "STOP" if has_calls => Finish::ToolCalls,
        "STOP" => Finish::Stop,
        // CONTINUATION: a limit of the request, with more to be had for a token that no other dialect knows.
        "MAX_TOKENS" | "CONTINUATION" => Finish::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Finish::ContentFilter,
        "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "MISSING_THOUGHT_SIGNATURE" => {
            if has_calls {
                Finish::ToolCalls
            } else {
                Finish::Broken
            }
        }
        // OTHER, FINISH_REASON_UNSPECIFIED, NO_IMAGE, IMAGE_OTHER, PUP_LIMITED_DISABLED, and tomorrow's.
        _ => Finish::Other(reason.clone()),
    }
}

/// The failure that a candidate is that ended without a word because something broke: another target may do better, and this
/// one is not sick, as a prompt brings it about. With words before it, it is an answer, and its finish reason says how it ended.
pub(super) fn empty_failure(finish: &Finish<'_>, candidate: Raw<'_>) -> Option<Failure> {
    if !matches!(finish, Finish::Broken | Finish::Other(_)) {
        return None;
    }
    let text = |name: &str| candidate.present(name).and_then(Raw::text);
    let reason = text("finishReason").unwrap_or_default();
    let told = text("finishMessage").map(|told| format!(": {}", told.decode())).unwrap_or_default();
    Some(Failure::model(&format!("it ended without an answer ({}){told}", reason.decode())))
}

/// The failure that an answer or a piece of a stream reports instead of being one: an error, or a blocked prompt.
pub(super) fn reported(response: Raw<'_>, head: &Head<'_>) -> Option<Failure> {
    if reports_error(response) {
        return Some(classify_event(response, 0));
    }
    if response.present("candidates").is_some_and(|candidates| candidates.items().next().is_some()) {
        return None;
    }
    let feedback = response.present("promptFeedback")?;
    let reason = feedback.present("blockReason").and_then(Raw::text)?.into_string();
    let told = feedback.present("blockReasonMessage").and_then(Raw::text).map(Text::into_string);
    let message = match told {
        Some(told) => format!("the prompt was blocked ({reason}): {told}"),
        None => format!("the prompt was blocked ({reason})"),
    };
    Some(Failure { status: head.status, code: Some(clean(&reason)), ..Failure::filtered(&message) })
}

/// Reads `usageMetadata`. What tools of the provider put into the prompt counts as prompt, thoughts as answer.
pub(super) fn usage(raw: Raw<'_>) -> Usage {
    let count = |name: &str| raw.present(name).and_then(Raw::as_u64);
    let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
    };
    let thoughts = count("thoughtsTokenCount");
    Usage {
        input: sum(count("promptTokenCount"), count("toolUsePromptTokenCount")),
        cache_read: count("cachedContentTokenCount"),
        cache_write: None,
        output: sum(count("candidatesTokenCount"), thoughts),
        reasoning: thoughts,
    }
}

/// More places than any answer cites: each is searched for in it.
const MOST_CITED: usize = 1000;

/// The pages that words of `text` rest on, <https://ai.google.dev/api/generate-content#GroundingMetadata>. Places are told in
/// bytes of one part of the answer, and parts are cut anywhere in a stream; the words themselves say more.
pub(super) fn citations<'a>(grounding: Option<Raw<'a>>, text: &str) -> Vec<Citation<'a>> {
    let mut citations = Vec::new();
    let Some(grounding) = grounding else { return citations };
    let chunks: Vec<_> = grounding.get("groundingChunks").into_iter().flat_map(Raw::items).collect();
    let (mut from, mut before) = (0, 0);
    for support in grounding.get("groundingSupports").into_iter().flat_map(Raw::items).take(MOST_CITED) {
        let words = support.at(&["segment", "text"]).and_then(Raw::text).unwrap_or_default().into_string();
        // They come in their order, but one may hold others.
        let rest = text.get(from..).unwrap_or_default();
        let Some((skipped, _)) = rest.split_once(&words).filter(|_| !words.is_empty()) else { continue };
        let start = before + skipped.chars().count();
        let end = start + words.chars().count();
        (from, before) = (from + skipped.len(), start);
        for number in support.get("groundingChunkIndices").into_iter().flat_map(Raw::items) {
            let chunk = number.as_u64().and_then(|at| chunks.get(usize::try_from(at).ok()?));
            let page = chunk.and_then(|chunk| {
                chunk.fields().find_map(|(_, of)| citation::page(of.get("uri"), of.get("title")))
            });
            let count = |count| u64::try_from(count).unwrap_or(u64::MAX);
            citations.extend(page.map(|page| page.cited(count(start), count(end))));
        }
    }
    citations
}

/// `logprobsResult` in OpenAI's form.
pub(super) fn logprobs(result: Raw<'_>) -> Option<String> {
    let mut chosen = result.present("chosenCandidates")?.items().peekable();
    chosen.peek()?;
    let mut tops = result.present("topCandidates").map(Raw::items);
    let mut out = Vec::new();
    Writer::new(&mut out).object(|w| {
        w.key("content").array(|w| {
            for token in chosen {
                w.object(|w| {
                    write_token(token, w);
                    let top =
                        tops.as_mut().and_then(Iterator::next).and_then(|top| top.present("candidates"));
                    w.key("top_logprobs").array(|w| {
                        for token in top.into_iter().flat_map(Raw::items) {
                            w.object(|w| write_token(token, w));
                        }
                    });
                });
            }
        });
        w.key("refusal").null();
    });
    String::from_utf8(out).ok()
}

fn write_token(token: Raw<'_>, w: &mut Writer<'_>) {
    let text = token.get("token").and_then(Raw::text).unwrap_or_default();
    w.key("token").text(&text);
    // Google leaves out a probability of 1.
    w.key("logprob").raw(token.present("logProbability").unwrap_or(Raw::trusted("0")));
    w.key("bytes").array(|w| text.decode().bytes().for_each(|byte| w.u64(u64::from(byte))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_row() {
        // google-genai 3.4, types.FinishReason.
        let known = [
            ("STOP", "Stop"),
            ("MAX_TOKENS", "Length"),
            ("SAFETY", "ContentFilter"),
            ("RECITATION", "ContentFilter"),
            ("LANGUAGE", "ContentFilter"),
            ("BLOCKLIST", "ContentFilter"),
            ("PROHIBITED_CONTENT", "ContentFilter"),
            ("SPII", "ContentFilter"),
            ("MALFORMED_FUNCTION_CALL", "Broken"),
            ("IMAGE_SAFETY", "ContentFilter"),
            ("IMAGE_PROHIBITED_CONTENT", "ContentFilter"),
            ("IMAGE_RECITATION", "ContentFilter"),
            ("UNEXPECTED_TOOL_CALL", "Broken"),
            ("TOO_MANY_TOOL_CALLS", "Broken"),
            ("MISSING_THOUGHT_SIGNATURE", "Broken"),
            ("MALFORMED_RESPONSE", "Broken"),
            ("ESCALATION", "ContentFilter"),
            ("CONTINUATION", "Length"),
            ("MODEL_ARMOR", "ContentFilter"),
        ];
        for (reason, expected) in known {
            assert_eq!(format!("{:?}", finish(Text::from(reason), false)), expected, "{reason}");
        }
        assert_eq!(finish(Text::from("STOP"), true), Finish::ToolCalls);
        assert_eq!(finish(Text::from("MAX_TOKENS"), true), Finish::Length);
        assert_eq!(finish(Text::from("UNEXPECTED_TOOL_CALL"), true), Finish::ToolCalls);
        for reason in [
            "FINISH_REASON_UNSPECIFIED",
            "OTHER",
            "IMAGE_OTHER",
            "NO_IMAGE",
            "PUP_LIMITED_DISABLED",
            "TOMORROW",
        ] {
            assert_eq!(finish(Text::from(reason), true), Finish::Other(Text::from(reason)));
        }
    }

    #[test]
    fn counts() {
        let raw = r#"{"promptTokenCount":10,"cachedContentTokenCount":4,"toolUsePromptTokenCount":3,
            "candidatesTokenCount":5,"thoughtsTokenCount":7,"totalTokenCount":25}"#;
        let expected = Usage {
            input: Some(13),
            cache_read: Some(4),
            cache_write: None,
            output: Some(12),
            reasoning: Some(7),
        };
        assert_eq!(usage(Raw::trusted(raw)), expected);
        assert!(usage(Raw::trusted("{}")).is_empty());
    }

    #[test]
    fn probabilities() {
        let raw = r#"{"chosenCandidates":[{"token":"é","logProbability":-0.25,"tokenId":7},{"token":"!"}],
            "topCandidates":[{"candidates":[{"token":"é","logProbability":-0.25},{"token":"e","logProbability":-2}]}]}"#;
        assert_eq!(
            logprobs(Raw::parse(raw.as_bytes()).unwrap()).unwrap(),
            r#"{"content":[{"token":"é","logprob":-0.25,"bytes":[195,169],"top_logprobs":[{"token":"é","logprob":-0.25,"bytes":[195,169]},{"token":"e","logprob":-2,"bytes":[101]}]},{"token":"!","logprob":0,"bytes":[33],"top_logprobs":[]}],"refusal":null}"#
        );
        assert_eq!(logprobs(Raw::trusted("{}")), None);
    }

    #[test]
    fn calls_without_ids_get_stable_ones() {
        let memo = Memo::default();
        let mut calls = GeminiCalls { memo: &memo, response_id: Some("r1"), candidate: 0, count: 0, runs: 0 };
        let part = Raw::trusted(r#"{"functionCall":{"name":"f","args":{"a":1}}}"#);
        let id = |calls: &mut GeminiCalls<'_>| match calls.read(part) {
            Some(Said::Call(call)) => call.id.into_string(),
            _ => panic!("no call"),
        };
        let (first, second) = (id(&mut calls), id(&mut calls));
        assert_eq!(first.len(), 21);
        assert_ne!(first, second);
        calls.count = 0;
        assert_eq!(id(&mut calls), first);
        calls = GeminiCalls { memo: &memo, response_id: Some("r2"), candidate: 0, count: 0, runs: 0 };
        assert_ne!(id(&mut calls), first);
    }
}
