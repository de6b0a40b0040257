//! Runs of code at a provider, in the ids of another dialect: whose they are, so that they go back to their maker and to no one else.

use crate::chat::{Maker, RunName};
use crate::json::Text;

/// What only our ids begin with.
pub const OURS: &str = "switchover.run.";

/// A run's name in one word.
pub fn mark(name: &RunName<'_>) -> String {
    [OURS, name.maker.format(), ".", &name.tool.decode(), ".", &name.id.decode()].concat()
}

/// The run that a word names; `None`: it is none of ours.
pub fn marked(word: &str) -> Option<RunName<'static>> {
    let mut pieces = word.strip_prefix(OURS)?.splitn(3, '.');
    let maker = Maker::from_format(pieces.next()?)?;
    let (tool, id) = (pieces.next()?, pieces.next()?);
    Some(RunName { maker, tool: Text::from(tool.to_owned()), id: Text::from(id.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_again_by_its_mark() {
        let name =
            RunName { maker: Maker::OpenAi, tool: Text::from("python"), id: Text::from("ci_1@cntr.2") };
        assert_eq!(mark(&name), "switchover.run.openai-responses-v1.python.ci_1@cntr.2");
        assert_eq!(marked(&mark(&name)), Some(name));
        for other in [
            "cntr_1",
            "switchover.run.",
            "switchover.run.nobody.python.1",
            "switchover.run.google-gemini-v1.python",
        ] {
            assert_eq!(marked(other), None, "{other}");
        }
    }
}
