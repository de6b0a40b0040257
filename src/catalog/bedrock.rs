//! What Bedrock's Converse serves beside Claude, by the names that it has there.

use super::{Efforts, Model, Models, Off, anthropic};
use crate::chat::{Effort, Features};

const NOVA: &str = "https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html";
const NOVA_2: &str = "https://docs.aws.amazon.com/nova/latest/nova2-userguide/reasoning-capabilities.html";
const READ: &str = "2026-11-28";

const LOW_TO_HIGH: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]);

static ROWS: [Model; 5] = [
    Model::new(&["amazon.nova-2*"], NOVA_2, READ).efforts(LOW_TO_HIGH).tokens(1_000_000, 64_000),
    Model::new(&["amazon.nova-micro*"], NOVA, READ)
        .lacks(Features::VISION.with(Features::DOCUMENTS))
        .tokens(128_000, 10_000),
    Model::new(&["amazon.nova-premier*"], NOVA, READ).tokens(1_000_000, 10_000),
    Model::new(&["amazon.nova-lite*", "amazon.nova-pro*"], NOVA, READ).tokens(300_000, 10_000),
    // `This model doesn't support system messages. Try again without a system message or use a model that supports system
    // messages.`; Titan's: Mintplex-Labs/anything-llm#2486, danny-avila/LibreChat#6456.
    Model::new(
        &["mistral.mistral-7b-instruct*", "mistral.mixtral-8x7b-instruct*", "amazon.titan-text*"],
        "https://github.com/567-labs/instructor/issues/1753",
        READ,
    )
    .lacks(Features::SYSTEM_ROLE),
];

/// OpenAI's models there take no stop sequences, as Vercel's SDK leaves them out, and but for the open ones no sampling.
static OPENAI: [Model; 2] = [
    Model::new(&["openai.gpt-oss*"], "https://github.com/vercel/ai/tree/main/packages/amazon-bedrock", READ)
        .lacks(Features::STOP.with(Features::VISION).with(Features::DOCUMENTS))
        .efforts(LOW_TO_HIGH)
        .off(Off::Never),
    Model::new(&["openai.*"], "https://github.com/vercel/ai/tree/main/packages/amazon-bedrock", READ)
        .lacks(Features::STOP.with(Features::SAMPLING)),
];

/// Those of Bedrock; of a name that isn't here nothing is guessed.
pub static BEDROCK: Models = Models { tables: &[&anthropic::ROWS, &ROWS, &OPENAI], newest: None };
