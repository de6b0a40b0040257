//! Searches of the web that a provider makes itself: whether its dialect can say what a caller holds them to.

use crate::chat::WebSearch;
use crate::dialect::loss::{Losses, Refusal};
use crate::json::{Raw, Text, Writer};

/// What a dialect can hold a search to.
#[derive(Clone, Copy, Debug)]
pub struct SearchHabits {
    /// Domains that alone may be searched.
    pub allows: bool,
    /// Domains that may not be.
    pub blocks: bool,
    /// Where the user is.
    pub location: bool,
    /// How much of what is found is read.
    pub context_size: bool,
    /// How many searches there may be.
    pub max_uses: bool,
}

impl SearchHabits {
    /// Whether the request's tool at `index` goes out. What only makes its results other ones is listed where the dialect can't say
    /// it; a search that would go where it may not is none.
    ///
    /// # Errors
    /// It can't go out, and may not be left out.
    pub fn hold(self, search: &WebSearch<'_>, index: usize, losses: &mut Losses) -> Result<bool, Refusal> {
        let is_offline = |(name, value): &(Text<'_>, Raw<'_>)| {
            *name == "external_web_access" && value.as_bool() == Some(false)
        };
        let why = match search {
            WebSearch { allowed_domains: Some(_), .. } if !self.allows => {
                "is a search of some domains only, to which this target's searches can't be held"
            }
            WebSearch { blocked_domains: Some(_), .. } if !self.blocks => {
                "is a search that leaves out some domains, which this target's searches can't"
            }
            WebSearch { others, .. } if others.iter().any(is_offline) => {
                "is a search that may fetch nothing new, which only OpenAI makes"
            }
            _ => {
                self.list(search, index, losses);
                return Ok(true);
            }
        };
        lose_search(search, index, why, losses).map(|()| false)
    }

    fn list(self, search: &WebSearch<'_>, index: usize, losses: &mut Losses) {
        let lost = [
            ("user_location", search.place().next().is_some() && !self.location),
            ("search_context_size", search.context_size.is_some() && !self.context_size),
            ("max_uses", search.max_uses.is_some() && !self.max_uses),
        ];
        let known = lost.into_iter().filter(|(_, is_lost)| *is_lost).map(|(name, _)| name.to_owned());
        // To say what happens anyway says nothing.
        let says = |(name, value): &&(Text<'_>, Raw<'_>)| {
            *name != "external_web_access" && !matches!(value.as_json(), "false" | r#"["direct"]"#)
        };
        let others = search.others.iter().filter(says).map(|(name, _)| name.decode().into_owned());
        for name in known.chain(others) {
            losses.advisory(path(search, index, &name));
        }
    }
}

/// Leaves out a search.
///
/// # Errors
/// It may not be left out.
pub fn lose_search(
    search: &WebSearch<'_>,
    index: usize,
    why: &str,
    losses: &mut Losses,
) -> Result<(), Refusal> {
    losses.meaning(path(search, index, ""), why)
}

/// The end of the sentence about a search where nobody makes one.
pub const NO_SEARCH: &str = "is a search of the web, which this target doesn't make";

/// The caller's name of a member of its search, or of the search: Chat Completions has a member of the request for it, and no tool.
fn path(search: &WebSearch<'_>, index: usize, member: &str) -> String {
    let is_option = search.dialect == "openai";
    let tool = if is_option { "web_search_options".to_owned() } else { format!("tools[{index}]") };
    if member.is_empty() { tool } else { format!("{tool}.{member}") }
}

/// Writes the member `user_location` as Anthropic's and Responses' tools have it.
pub fn write_location(search: &WebSearch<'_>, w: &mut Writer<'_>) {
    if search.place().next().is_none() {
        return;
    }
    w.key("user_location").object(|w| {
        w.key("type").string("approximate");
        for (name, said) in search.place() {
            w.key(name).text(&said);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::loss::{InChat, Unsupported};

    const NOTHING: SearchHabits =
        SearchHabits { allows: false, blocks: false, location: false, context_size: false, max_uses: false };

    fn held(dialect: &'static str, tool: &str, policy: Unsupported) -> (Result<bool, String>, String) {
        let search = WebSearch::of(dialect, Raw::trusted(tool));
        let mut losses = Losses::new(policy);
        let held = NOTHING.hold(&search, 1, &mut losses);
        let held = held.map_err(|refusal| refusal.named(&mut InChat).message);
        (held, losses.into_dropped(&mut InChat).join(" "))
    }

    #[test]
    fn what_makes_other_results_is_listed() {
        let tool = r#"{"type":"web_search_20260209","name":"web_search","max_uses":2,"defer_loading":false,"allowed_callers":["direct"],"new":1,
            "allowed_domains":[],"blocked_domains":null,"user_location":{"type":"approximate","city":"Paris"}}"#;
        let listed = "tools[1].user_location tools[1].max_uses tools[1].new".to_owned();
        assert_eq!(held("anthropic", tool, Unsupported::Refuse), (Ok(true), listed));
        let options = r#"{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"country":"FR"}}}"#;
        let listed = "web_search_options.user_location web_search_options.search_context_size".to_owned();
        assert_eq!(held("openai", options, Unsupported::Refuse), (Ok(true), listed));
        let plain = r#"{"type":"web_search","external_web_access":true}"#;
        assert_eq!(held("responses", plain, Unsupported::Refuse), (Ok(true), String::new()));
    }

    #[test]
    fn a_search_that_would_go_where_it_may_not_is_none() {
        for tool in [
            r#"{"type":"web_search","filters":{"allowed_domains":["a.com"]}}"#,
            r#"{"type":"web_search_20250305","blocked_domains":["a.com"]}"#,
            r#"{"type":"web_search","external_web_access":false}"#,
        ] {
            let (refused, _) = held("responses", tool, Unsupported::Refuse);
            assert!(refused.unwrap_err().starts_with("tools[1] is a search "), "{tool}");
            let dropped = held("responses", tool, Unsupported::Drop);
            assert_eq!(dropped, (Ok(false), "tools[1]".to_owned()), "{tool}");
        }
    }
}
