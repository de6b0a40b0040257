//! What is known of models: data, a file a maker.
//!
//! What a request may carry depends on the model more than on the provider: one takes a budget of thought, the next an
//! effort, a third refuses `stop`. A provider's row ([`crate::dialect::Row`]) says what its API has a place for; a row here
//! says what of that a model takes or lacks, how much it holds, and where that is written. The file has the last word.
//!
//! Whether an array of texts is taken stays with the provider (`Quirk::Strings`): a server's own validation refuses it before any
//! model sees it (DeepSeek: "invalid type: sequence, expected a string"; Groq: "value must be a string"), and what is text only is a string
//! wherever a request is translated. Whether there is a role for instructions is a model's ([`crate::chat::Features::SYSTEM_ROLE`]).
//!
//! | file | has |
//! |---|---|
//! | `model` | what a row says, and how a name finds its row |
//! | `effort` | sets of reasoning efforts |
//! | `anthropic` … `zhipu` | the rows |

mod anthropic;
mod bedrock;
mod cerebras;
mod cohere;
mod dashscope;
mod deepseek;
mod effort;
mod gemini;
mod groq;
mod mistral;
mod model;
mod moonshot;
mod openai;
mod perplexity;
mod xai;
mod zhipu;

pub use anthropic::ANTHROPIC;
pub use bedrock::BEDROCK;
pub use cerebras::CEREBRAS;
pub use cohere::COHERE;
pub use dashscope::DASHSCOPE;
pub use deepseek::DEEPSEEK;
pub use effort::Efforts;
pub use gemini::GEMINI;
pub use groq::GROQ;
pub use mistral::MISTRAL;
pub use model::{KnownModel, Model, ModelApi, Models, Off, SamplingWhen};
pub use moonshot::MOONSHOT;
pub use openai::{AZURE, OPENAI};
pub use perplexity::PERPLEXITY;
pub use xai::XAI;
pub use zhipu::ZHIPU;
