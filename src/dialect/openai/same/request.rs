//! A caller's request with the target's model, usage asked for, and the target's quirks.

use super::json_string;
use super::members::{Fate, Members, is_only_refusal};
use super::thoughts::{BLANK, is_thought, moves, told, without_signatures};
use crate::chat::Features;
use crate::dialect::openai::quirks;
use crate::dialect::seam::openai_path;
use crate::dialect::{Losses, Memo, Outgoing, Quirk, Refusal, Target, Thoughts, Turn};
use crate::json::{Edit, Kind, Raw, Text, edit_front, edit_object};

const USAGE: &[u8] = br#"{"include_usage":true}"#;

/// Edits the request.
///
/// # Errors
/// A member that the provider rejects and that changes the meaning.
pub(super) fn edit(
    body: Raw<'_>,
    turn: &Turn,
    target: &Target,
    losses: &mut Losses,
) -> Result<Outgoing, Refusal> {
    let name = target.model(&turn.requested_model);
    let model = json_string(name);
    let mut editor = Editor::new(body, turn, target, losses);
    let mut outgoing =
        Outgoing { path: openai_path(target, name, "/chat/completions"), ..Outgoing::default() };
    outgoing.body.reserve(256);
    let mut more: Vec<(&str, &[u8])> = Vec::new();
    if body.get("model").is_none() {
        more.push(("model", &model));
    }
    let capped = editor.capped(body);
    if let Some((name, limit)) = &capped {
        more.push((name, limit));
    }
    if editor.asks_usage && body.get("stream_options").is_none() {
        more.push(("stream_options", USAGE));
    }
    let mut refused = None;
    let kept = edit_front(
        body,
        |name, value| match editor.decide(name.decode().as_ref(), value, &model) {
            Ok(edit) => edit,
            Err(refusal) => {
                refused.get_or_insert(refusal);
                Edit::Keep
            }
        },
        &more,
        &mut outgoing.body,
    );
    outgoing.kept = body.as_json().len().saturating_sub(kept);
    match refused {
        Some(refusal) => Err(refusal),
        None => {
            outgoing.memo = Memo { usage_asked: editor.asks_usage, stream: turn.stream, ..Memo::default() };
            Ok(outgoing)
        }
    }
}

struct Editor<'e> {
    target: &'e Target,
    losses: &'e mut Losses,
    /// The stream's usage must be asked for.
    asks_usage: bool,
    /// The name of the limit on answer tokens, if the provider knows only one of them.
    limit: Option<&'static str>,
    /// Both of the limit's names are there: the newer one wins.
    has_both_limits: bool,
    /// A limit is written anew: the caller's is more than the target can give.
    is_capped: bool,
    /// What the target lacks or shall not get.
    withheld: Features,
    /// No tool is to be called, and the provider can't be told but by offering none.
    calls_nothing: bool,
}

/// The kind of a choice of tools, for the row's quirk.
fn kind_of_choice(choice: Raw<'_>) -> &'static str {
    match choice.text() {
        Some(text) if text == "none" => "none",
        Some(text) if text == "required" || text == "any" => "required",
        // Whatever else it is, the provider says so best.
        Some(_) => "auto",
        None if choice.kind() == Kind::Object => "named",
        None => "auto",
    }
}

impl<'e> Editor<'e> {
    fn new(body: Raw<'_>, turn: &Turn, target: &'e Target, losses: &'e mut Losses) -> Editor<'e> {
        let is_limit = |quirk: &Quirk| match quirk {
            Quirk::MaxTokensIs(name) => Some(*name),
            _ => None,
        };
        let limit = target.row.quirks.iter().find_map(is_limit);
        let has = |name| limit.is_some() && body.present(name).is_some();
        Editor {
            target,
            losses,
            asks_usage: turn.stream && quirks::counts_streams(target.row),
            limit,
            has_both_limits: has("max_tokens") && has("max_completion_tokens"),
            is_capped: false,
            withheld: target.withheld(),
            calls_nothing: !quirks::takes_choice(target.row, "none")
                && body.get("tool_choice").is_some_and(|choice| kind_of_choice(choice) == "none"),
        }
    }

    fn decide<'m>(&mut self, name: &str, value: Raw<'_>, model: &'m [u8]) -> Result<Edit<'m>, Refusal> {
        match name {
            // These have quirks of their own.
            "stream_options" => return Ok(self.stream_options(value)),
            "max_tokens" | "max_completion_tokens" => return Ok(self.limit(name, value)),
            "tools" if self.calls_nothing => return Ok(Edit::Remove),
            "tool_choice" if !quirks::takes_choice(self.target.row, kind_of_choice(value)) => {
                if !self.calls_nothing {
                    self.losses.meaning("tool_choice", quirks::NO_FORCE)?;
                }
                return Ok(Edit::Remove);
            }
            _ => {}
        }
        let gets = self.withheld.is_empty() || quirks::gets(self.withheld, name, value, self.losses)?;
        if !gets || !quirks::takes(self.target.row, name, value, self.losses)? {
            return Ok(Edit::Remove);
        }
        Ok(match name {
            "model" if value.as_json().as_bytes() != model => Edit::Put(model),
            "messages" => self.messages(value),
            _ => Edit::Keep,
        })
    }

    fn stream_options<'m>(&mut self, value: Raw<'_>) -> Edit<'m> {
        if !quirks::counts_streams(self.target.row) {
            if !value.is_null() {
                self.losses.advisory("stream_options");
            }
            return Edit::Remove;
        }
        if !self.asks_usage {
            return Edit::Keep;
        }
        match (value.kind(), value.get("include_usage")) {
            (Kind::Object, Some(asked)) if asked.as_bool() == Some(true) => Edit::Keep,
            (Kind::Object, asked) => {
                let more: &[(&str, &[u8])] =
                    if asked.is_none() { &[("include_usage", b"true")] } else { &[] };
                let mut out = Vec::with_capacity(value.as_json().len() + USAGE.len());
                let decide = |name: &Text<'_>, _: Raw<'_>| {
                    if name == "include_usage" { Edit::Put(b"true") } else { Edit::Keep }
                };
                edit_object(value, decide, more, &mut out);
                Edit::Replace(out)
            }
            (Kind::Null, _) => Edit::Put(USAGE),
            // Wrong: the provider says so best.
            _ => Edit::Keep,
        }
    }

    /// The target's own limit by its name, if the caller wants more.
    fn capped(&mut self, body: Raw<'_>) -> Option<(&'static str, Vec<u8>)> {
        let asked = ["max_completion_tokens", "max_tokens"]
            .into_iter()
            .find_map(|name| Some((name, body.present(name)?.as_u64()?)));
        let (name, asked) = asked?;
        let limit = self.target.capped(asked, self.losses);
        self.is_capped = limit < asked;
        self.is_capped.then(|| (self.limit.unwrap_or(name), limit.to_string().into_bytes()))
    }

    fn limit<'m>(&self, name: &str, value: Raw<'_>) -> Edit<'m> {
        match self.limit {
            _ if self.is_capped => Edit::Remove,
            Some(_) if value.is_null() => Edit::Remove,
            Some(_) if self.has_both_limits && name == "max_tokens" => Edit::Remove,
            Some(limit) if limit != name => Edit::Rename(limit),
            _ => Edit::Keep,
        }
    }

    /// The messages, without what the provider doesn't know in them.
    fn messages<'m>(&mut self, messages: Raw<'_>) -> Edit<'m> {
        let row = self.target.row;
        let wanted = Wanted {
            members: Members::wanted(row, messages),
            developer: quirks::developer_role(row) != "developer" && messages.may_have_string("developer"),
            names: !quirks::takes_names(row) && messages.may_have_member("name"),
            signatures: !row.has(Quirk::SignedCalls) && messages.may_have_member("extra_content"),
            thoughts: quirks::thoughts(row).filter(|thoughts| {
                *thoughts != Thoughts::Details && messages.items().any(|message| moves(*thoughts, message))
            }),
        };
        if wanted.members.is_none()
            && !wanted.developer
            && !wanted.names
            && !wanted.signatures
            && wanted.thoughts.is_none()
        {
            return Edit::Keep;
        }
        let mut out = Vec::with_capacity(messages.as_json().len());
        out.push(b'[');
        for message in messages.items() {
            if out.len() > 1 {
                out.push(b',');
            }
            self.message(message, &wanted, &mut out);
        }
        out.push(b']');
        Edit::Replace(out)
    }

    fn message(&mut self, message: Raw<'_>, wanted: &Wanted, out: &mut Vec<u8>) {
        // A tool's result may say its tool's name everywhere.
        let is_result = message.get("role").and_then(Raw::text).is_some_and(|role| role == "tool");
        let (mut removed, mut has_thought, mut was_signed) = (false, false, false);
        let mut others = Vec::new();
        let refused = is_only_refusal(message);
        let decide = |name: &Text<'_>, value: Raw<'_>| {
            match wanted.members.as_ref().map_or(Fate::Stays, |members| members.fate(refused, name, value)) {
                Fate::Stays => {}
                Fate::Goes => return Edit::Remove,
                Fate::IsContent => return Edit::Rename("content"),
                Fate::IsLost => {
                    others.push(format!("messages[].{}", name.decode()));
                    return Edit::Remove;
                }
            }
            if wanted.names && name == "name" && !is_result {
                removed = true;
                Edit::Remove
            } else if wanted.thoughts.is_some() && is_thought(name) {
                has_thought |= !value.is_null();
                Edit::Remove
            } else if wanted.signatures && name == "tool_calls" && value.kind() == Kind::Array {
                let (calls, signed) = without_signatures(value);
                was_signed |= signed;
                if signed { Edit::Replace(calls) } else { Edit::Keep }
            } else if wanted.developer && name == "role" && value.as_json() == r#""developer""# {
                Edit::Put(br#""system""#)
            } else {
                Edit::Keep
            }
        };
        let told = wanted.thoughts.and_then(|thoughts| told(thoughts, message));
        let more: Vec<(&str, &[u8])> = told.iter().map(|(name, json)| (*name, json.as_slice())).collect();
        edit_object(message, decide, &more, out);
        others.into_iter().for_each(|other| self.losses.advisory(other));
        if removed {
            self.losses.advisory("messages[].name");
        }
        if was_signed || has_thought && told.is_none_or(|(_, json)| json == BLANK) {
            self.losses.advisory("messages[].thinking");
        }
    }
}

/// What has to change in some message.
struct Wanted {
    members: Option<Members>,
    developer: bool,
    names: bool,
    /// Google's signatures of tool calls, which another provider doesn't know.
    signatures: bool,
    thoughts: Option<Thoughts>,
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{target, turn};
    use super::*;
    use crate::dialect::{Row, Unsupported};

    fn edited(body: &str, stream: bool, quirks: &'static [Quirk]) -> Result<(String, Vec<String>), Refusal> {
        let mut target = target("openai_compatible");
        let row = Row { quirks, ..*target.row };
        target.row = Box::leak(Box::new(row));
        target.model = Some("there".into());
        let turn = Turn { stream, ..turn(false) };
        let mut losses = Losses::new(Unsupported::Refuse);
        let body = Raw::parse(body.as_bytes()).unwrap();
        let mut outgoing = edit(body, &turn, &target, &mut losses)?;
        outgoing.complete(body.as_json().as_bytes());
        assert_eq!(outgoing.path, "/v1/chat/completions");
        let dropped = losses
            .into_dropped(&mut crate::dialect::loss::InChat)
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect();
        Ok((String::from_utf8(outgoing.body).unwrap(), dropped))
    }

    #[test]
    fn nobody_elses_thoughts() {
        let body = r#"{"model":"m","messages":[{"role":"assistant","content":"a","reasoning_content":"t","reasoning_details":[{"signature":"s"}]}]}"#;
        let (sent, dropped) = edited(body, false, &[Quirk::Thoughts(Thoughts::Never)]).unwrap();
        assert_eq!(sent, r#"{"model":"there","messages":[{"role":"assistant","content":"a"}]}"#);
        assert_eq!(dropped, ["messages[].thinking"]);
    }

    #[test]
    fn members_that_say_nothing() {
        let body = r#"{"model":"there","messages":[{"role":"assistant","content":"null","tool_calls":null},{"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"a"}]}"#;
        assert_eq!(edited(body, false, &[Quirk::EmptyMembers]).unwrap(), (body.to_owned(), vec![]));
        let plain = r#"{"model":"there","messages":[{"role":"assistant","content":"null"},{"role":"assistant","content":"no"},{"role":"user","content":"a"}]}"#;
        assert_eq!(edited(body, false, &[]).unwrap(), (plain.to_owned(), vec![]));
    }

    #[test]
    fn members_that_nobody_knows() {
        let body = r#"{"model":"there","messages":[{"role":"user","content":"a","name":"b","cache":[],"mood":"c"}]}"#;
        let known = &[Quirk::MessageMembers(&["role", "content"])];
        let (sent, dropped) = edited(body, false, known).unwrap();
        assert_eq!(sent, r#"{"model":"there","messages":[{"role":"user","content":"a","name":"b"}]}"#);
        assert_eq!(dropped, ["messages[].mood"]);
    }

    #[test]
    fn no_more_than_the_target_gives() {
        let sent = |body: &str, most, quirks| {
            let mut target = target("openai_compatible");
            target.row = Box::leak(Box::new(Row { quirks, ..*target.row }));
            target.max_output_tokens = Some(most);
            let mut losses = Losses::new(Unsupported::Refuse);
            let body = Raw::parse(body.as_bytes()).unwrap();
            let mut outgoing = edit(body, &turn(false), &target, &mut losses).unwrap();
            outgoing.complete(body.as_json().as_bytes());
            (String::from_utf8(outgoing.body).unwrap(), losses.dropped().len())
        };
        let body = r#"{"model":"asked","max_tokens":9}"#;
        assert_eq!(sent(body, 9, &[]), (body.to_owned(), 0));
        assert_eq!(sent(body, 8, &[]), (r#"{"model":"asked","max_tokens":8}"#.to_owned(), 1));
        let renamed = r#"{"model":"asked","max_tokens":8}"#.to_owned();
        let body = r#"{"model":"asked","max_completion_tokens":9}"#;
        assert_eq!(sent(body, 8, &[Quirk::MaxTokensIs("max_tokens")]), (renamed, 1));
    }

    #[test]
    fn only_the_model_changes() {
        let body = r#"{ "model" : "asked" , "temperature": 1.00, "n":1e0,
            "messages": [ {"role":"developer","content":"\u00e9 \/", "x": -0.0} ], "brand_new": {"b":[ ]} }"#;
        assert_eq!(edited(body, false, &[]).unwrap().0, body.replace("\"asked\"", "\"there\""));
    }

    #[test]
    fn asks_for_usage() {
        let options = |options: &str| {
            let body = format!(r#"{{"model":"m"{options},"stream":true}}"#);
            edited(&body, true, &[]).unwrap().0
        };
        assert_eq!(options(""), r#"{"model":"there","stream_options":{"include_usage":true},"stream":true}"#);
        for given in ["null", "{ }", r#"{"include_usage":false}"#, r#"{"include_usage":true}"#] {
            let out = options(&format!(r#","stream_options":{given}"#)).replace(' ', "");
            assert_eq!(out, r#"{"model":"there","stream_options":{"include_usage":true},"stream":true}"#);
        }
        assert!(
            options(r#","stream_options":{"include_obfuscation":false}"#)
                .contains(r#"{"include_obfuscation":false,"include_usage":true}"#)
        );
    }

    #[test]
    fn a_strict_provider() {
        const QUIRKS: &[Quirk] =
            &[Quirk::NoNames, Quirk::Only(&["model", "messages"]), Quirk::MaxTokensIs("max_tokens")];
        let (body, dropped) = edited(
            r#"{"model":"m","max_completion_tokens":5,"brand_new":1,"n":1,"messages":[{"role":"user","name":"a","content":"name"},{"role":"tool","name":"t"}]}"#,
            false,
            QUIRKS,
        )
        .unwrap();
        assert_eq!(
            body,
            r#"{"model":"there","max_tokens":5,"messages":[{"role":"user","content":"name"},{"role":"tool","name":"t"}]}"#
        );
        assert_eq!(dropped, ["brand_new", "messages[].name"]);
    }

    #[test]
    fn quirks() {
        const QUIRKS: &[Quirk] = &[
            Quirk::MaxTokensIs("max_tokens"),
            Quirk::DeveloperIsSystem,
            Quirk::NoStreamUsage,
            Quirk::Without("seed"),
            Quirk::Without("n"),
        ];
        let (body, dropped) = edited(
            r#"{"model":"m","seed":1,"n":1,"max_completion_tokens":5,"max_tokens":null,"messages":[{"role":"developer","content":"developer"}, {"role":"user"}],"stream_options":{"include_usage":true}}"#,
            true,
            QUIRKS,
        )
        .unwrap();
        assert_eq!(
            body,
            r#"{"model":"there","max_tokens":5,"messages":[{"role":"system","content":"developer"},{"role":"user"}]}"#
        );
        assert_eq!(dropped, ["seed", "stream_options"]);
        let both =
            edited(r#"{"model":"m","max_tokens":1,"max_completion_tokens":2}"#, false, QUIRKS).unwrap();
        assert_eq!(both.0, r#"{"model":"there","max_tokens":2}"#);
        let refusal = edited(r#"{"model":"m","n":2}"#, false, QUIRKS).unwrap_err();
        assert!(refusal.message.starts_with("asks for several answers, and this provider gives one."));
    }
}
