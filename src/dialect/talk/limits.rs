//! What many dialects have no place for, and what they bound.

use crate::chat::{Effort, Features, Request, Sampling};
use crate::dialect::Target;
use crate::dialect::loss::{Losses, Member, Refusal};
use crate::json::{Raw, Text};

/// Leaves out several answers and the probabilities of tokens. `who` gives one; `how` ends a sentence about the other.
///
/// # Errors
/// They may not be left out.
pub fn lose_candidates(
    request: &Request<'_>,
    who: &str,
    how: &str,
    losses: &mut Losses,
) -> Result<(), Refusal> {
    if request.candidates.is_some_and(|n| n > 1) {
        losses.meaning("n", &format!("asks for several answers, and {who} gives one"))?;
    }
    if request.logprobs.on {
        losses.meaning("logprobs", &format!("can't be had from {who}{how}"))?;
    }
    Ok(())
}

/// Lists the sampling that only OpenAI's dialect and few others have, where it says something.
pub fn list_foreign_sampling(sampling: &Sampling<'_>, losses: &mut Losses) {
    let says_something = |value: &Raw<'_>| value.as_f64() != Some(0.0) && value.as_json() != "{}";
    let named = [
        ("frequency_penalty", sampling.frequency_penalty.filter(says_something)),
        ("presence_penalty", sampling.presence_penalty.filter(says_something)),
        ("logit_bias", sampling.logit_bias.filter(says_something)),
        ("seed", sampling.seed),
    ];
    for (name, _) in named.iter().filter(|(_, value)| value.is_some()) {
        losses.advisory(*name);
    }
}

/// Which stop sequences a dialect takes.
#[derive(Clone, Copy, Debug)]
pub struct StopBounds<'b> {
    pub is_refused: fn(&Text<'_>) -> bool,
    /// Why a refused one is a loss: the end of a sentence. Nothing where nobody misses it.
    pub why: Option<&'b str>,
    pub most: usize,
    pub too_many: &'b str,
}

impl StopBounds<'_> {
    /// The stop sequences that go out.
    ///
    /// # Errors
    /// Some can't and may not be left out.
    pub fn kept<'r>(
        self,
        request: &'r Request<'r>,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<Vec<&'r Text<'r>>, Refusal> {
        if !request.stop.is_empty() && !target.has(Features::STOP) {
            losses.meaning(Member::Stop, NO_STOP)?;
            return Ok(Vec::new());
        }
        let mut kept = Vec::with_capacity(request.stop.len());
        for sequence in &request.stop {
            if !(self.is_refused)(sequence) {
                kept.push(sequence);
            } else if let Some(why) = self.why {
                losses.meaning(Member::Stop, why)?;
            }
        }
        if kept.len() > self.most {
            losses.meaning(Member::Stop, self.too_many)?;
            kept.truncate(self.most);
        }
        Ok(kept)
    }
}

/// The ends of the sentences about a form of answers that a target can't give.
pub const NO_SCHEMA: &str = "has a schema, which this target can't hold an answer to";
pub const NO_JSON: &str = "asks for JSON, which this target can't hold an answer to";

/// The longest `user` of OpenAI's, in characters.
const MAX_USER: usize = 64;

/// The end user, by a name that OpenAI's APIs take; a longer one is listed.
pub fn openais_user<'r>(request: &'r Request<'r>, losses: &mut Losses) -> Option<&'r Text<'r>> {
    let user = request.user.as_ref()?;
    if user.decode().chars().count() <= MAX_USER {
        return Some(user);
    }
    losses.advisory(Member::User);
    None
}

/// The end of the sentence about `stop` where a target's model doesn't take it.
pub const NO_STOP: &str = "ends the answer at a text, which this target's model can't be asked for";

/// The smallest budget of thought that Claude takes, in tokens.
const MIN_BUDGET: u64 = 1_024;

/// Claude's budget of thought, wherever it is hosted: it leaves room for the answer in `max_tokens`, which it counts against.
pub fn fitting_budget(budget: u64, is_explicit: bool, max_tokens: Option<u64>) -> Option<u64> {
    let Some(max_tokens) = max_tokens else { return Some(budget.max(MIN_BUDGET)) };
    if max_tokens <= MIN_BUDGET {
        return None;
    }
    let most = if is_explicit { max_tokens - 1 } else { max_tokens / 4 * 3 };
    Some(budget.min(most).max(MIN_BUDGET))
}

/// The highest effort whose budget is not above this one; `least` if there is none.
pub fn effort_of(budget: u64, least: Effort) -> Effort {
    let efforts = [Effort::High, Effort::Medium, Effort::Low];
    efforts.into_iter().find(|effort| effort.budget() <= budget).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::loss::{InChat, Unsupported};

    /// What is kept of these sequences, and what is listed or refused.
    fn kept(why: Option<&str>, most: usize, policy: Unsupported) -> Result<(usize, usize), String> {
        let stop = ["a", "", "b"].map(Text::from).into();
        let request = Request { stop, ..Request::default() };
        let target = Target::example("cohere");
        let mut losses = Losses::new(policy);
        let bounds = StopBounds { is_refused: |text| text.is_empty(), why, most, too_many: "has too many" };
        let kept = bounds.kept(&request, &target, &mut losses).map(|kept| kept.len());
        kept.map(|kept| (kept, losses.dropped().len())).map_err(|refusal| refusal.named(&mut InChat).message)
    }

    #[test]
    fn stop_sequences_within_bounds() {
        assert_eq!(kept(None, 2, Unsupported::Refuse), Ok((2, 0)));
        assert_eq!(kept(Some("is empty"), 1, Unsupported::Drop), Ok((1, 1)));
        assert!(kept(Some("is empty"), 2, Unsupported::Refuse).unwrap_err().starts_with("stop is empty"));
        assert!(kept(None, 1, Unsupported::Refuse).unwrap_err().starts_with("stop has too many"));
    }

    #[test]
    fn a_model_that_takes_none() {
        let target = Target { capabilities: Features::NONE, ..Target::example("cohere") };
        let bounds = StopBounds { is_refused: |_| false, why: None, most: 4, too_many: "" };
        let stop = vec![Text::from("a")];
        let (none, some) = (Request::default(), Request { stop, ..Request::default() });
        let kept = |request: &Request<'_>, policy| {
            let mut losses = Losses::new(policy);
            let kept = bounds.kept(request, &target, &mut losses).map(|kept| kept.len());
            kept.map(|kept| (kept, losses.dropped().len()))
                .map_err(|refusal| refusal.named(&mut InChat).message)
        };
        assert_eq!(kept(&none, Unsupported::Refuse), Ok((0, 0)));
        assert_eq!(kept(&some, Unsupported::Drop), Ok((0, 1)));
        assert!(kept(&some, Unsupported::Refuse).unwrap_err().starts_with("stop ends the answer at a text"));
    }

    #[test]
    fn sampling_that_says_nothing_is_not_listed() {
        let raw = |json| Some(Raw::trusted(json));
        let mut losses = Losses::new(Unsupported::Refuse);
        let sampling = Sampling {
            frequency_penalty: raw("0.0"),
            logit_bias: raw("{}"),
            seed: raw("0"),
            ..Sampling::default()
        };
        list_foreign_sampling(&sampling, &mut losses);
        assert_eq!(losses.into_dropped(&mut InChat), ["seed"]);
    }

    #[test]
    fn one_answer_without_probabilities() {
        let request = Request { candidates: Some(2), ..Request::default() };
        let mut losses = Losses::new(Unsupported::Refuse);
        let refused = lose_candidates(&request, "Claude", "", &mut losses).unwrap_err();
        assert!(refused.message.starts_with("asks for several answers, and Claude gives one"));
    }

    #[test]
    fn budgets_and_efforts() {
        assert_eq!(fitting_budget(16_384, false, Some(8_000)), Some(6_000));
        assert_eq!(fitting_budget(100, true, None), Some(1_024));
        assert_eq!(fitting_budget(10_000, true, Some(4_000)), Some(3_999));
        assert_eq!(fitting_budget(10_000, true, Some(1_024)), None);
        assert_eq!(effort_of(5_000, Effort::Low), Effort::Medium);
        assert_eq!(effort_of(1, Effort::Minimal), Effort::Minimal);
    }
}
