//! Who made the model: Converse is one API, and yet some members only some makers' models take.
//!
//! The maker is read from the model's id (`us.anthropic.claude-…`, an ARN that holds one). An ARN that tells nothing, as
//! that of an application inference profile, is of no known family and gets only what every model takes.

use crate::chat::Maker;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Claude,
    Nova,
    /// OpenAI's open-weight models.
    GptOss,
    /// OpenAI's others.
    Gpt,
    Other,
}

impl Family {
    pub(super) fn of(model: &str) -> Family {
        let model = model.to_ascii_lowercase();
        let has = |word: &str| model.contains(word);
        match () {
            () if has("anthropic.") => Family::Claude,
            () if has("amazon.nova") => Family::Nova,
            () if has("openai.gpt-oss") => Family::GptOss,
            () if has("openai.") => Family::Gpt,
            () => Family::Other,
        }
    }

    /// Who signs the thoughts of an answer.
    pub(super) fn maker(self) -> Maker {
        if self == Family::Claude { Maker::Anthropic } else { Maker::Bedrock }
    }

    /// Whether prompts may have cache points
    /// (<https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>): elsewhere they are an error.
    pub(super) fn caches(self) -> bool {
        matches!(self, Family::Claude | Family::Nova)
    }

    /// Whether a cache point may follow a tool.
    pub(super) fn caches_tools(self) -> bool {
        self == Family::Claude
    }

    /// Whether a tool's result may have a `status`; elsewhere its words must say that it is an error.
    pub(super) fn takes_result_status(self) -> bool {
        matches!(self, Family::Claude | Family::Nova)
    }

    /// The most stop sequences. 2,500 is Converse's own bound; Nova's is
    /// <https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html>.
    pub(super) fn max_stop_sequences(self) -> usize {
        if self == Family::Nova { 4 } else { 2_500 }
    }
}

#[cfg(test)]
mod tests {
    use super::Family;

    #[test]
    fn reads_ids_and_arns() {
        for (model, family) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", Family::Claude),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Claude),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-opus-4-6-v1",
                Family::Claude,
            ),
            ("amazon.nova-pro-v1:0", Family::Nova),
            ("openai.gpt-oss-120b-1:0", Family::GptOss),
            ("openai.gpt-6-luna", Family::Gpt),
            ("meta.llama3-3-70b-instruct-v1:0", Family::Other),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3", Family::Other),
        ] {
            assert_eq!(Family::of(model), family, "{model}");
        }
    }
}
