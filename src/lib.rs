//! Switchover: failover and translation between LLM providers, inside Envoy.
//!
//! ```text
//! bytes ─▶ host ─▶ filter ─▶ dialect (caller side) ─▶ plan ─▶ dialect (provider side) ─▶ bytes, per attempt
//! bytes ◀─ host ◀─ filter ◀─ dialect (caller side) ◀─ failure ◀─ dialect (provider side) ◀─ bytes
//! ```
//!
//! Imports go one way: `json, stream → chat, failure → dialect → settings → plan → config → filter → host`.
//! Everything but `host` is sans-IO: bytes or values in, values out, with time, randomness and ids as arguments.
//! So the same code runs natively, in the command, under wasm-bindgen-test and in the filter.
//!
//! # Words
//!
//! Envoy's words, OpenAI's and HTTP's mean here what they mean there. These are our own, or need to be told from others;
//! `tests/layers.rs` holds that each is still a name in the sources.
//!
//! | word | is | see |
//! |---|---|---|
//! | caller | who sends the request, a program with an SDK mostly; "client" and "user" are others' words for others | [`dialect::Caller`] |
//! | surface | a path that callers call | [`dialect::Surface`] |
//! | dialect | a wire format of requests, answers and streams; whoever has one speaks it | [`dialect::Dialect`] |
//! | provider | who serves models under a dialect: a *row* of data, and no code | [`dialect::Provider`], [`dialect::Row`] |
//! | quirk | what a provider does otherwise than the dialect's own house | [`dialect::Quirk`] |
//! | target | one model at one provider, with an endpoint and a key | [`settings::TargetSettings`], as a dialect sees it [`dialect::Target`] |
//! | group | what callers name in `model`: targets of which any may answer | [`settings::Group`] |
//! | member | a target's place in a group: its *tier* (which of them comes first) and its weight within | [`settings::GroupMember::tier`] |
//! | order | targets one after another, as Envoy tries them; each order of a group is a cluster of its own | [`plan::Order`] |
//! | seat | a place in an order: a target, or the twin that stands in for it | [`plan::Seat`] |
//! | verdict | why a member may be asked for this request, or not | [`plan::Verdict`] |
//! | aside | a member that a request wasn't planned for, with the reason that its caller is told | [`filter::Trip::asides`] |
//! | signal | what is known of a target, as far as a strategy may go by it | [`plan::Signal`] |
//! | strategy | who comes first among the members of a tier | [`plan::Strategy`] |
//! | standing | what a target's last requests taught of it that Envoy can't know: it cools down, its streams break | [`plan::Standing`] |
//! | news | one thing that happened to a target, told to all workers, from which they know its standing | [`plan::News`] |
//! | class | what kind of failure it was, which decides all that follows from it | [`failure::Class`] |
//! | drill | a failure on purpose | [`settings::Drill`] |
//! | twin | the cluster that stands in for a drilled target | [`settings::Twin`] |
//! | trip | one request in the filter, over all its attempts: what its two roles share | [`filter::Trip`] |
//! | role | one of the filter's two places: *router* in the listener, *translator* in an order's cluster | [`filter::PluginRole`] |
//! | attempt | one try at one target, by the translator | [`filter::Attempt`] |
//! | turn | what dialects need to know of a request, the same for all its attempts | [`dialect::Turn`] |
//! | memo | what reading an attempt's answer needs to know of the attempt's request | [`dialect::Memo`] |
//! | loss | what a dialect can't carry: refused, or left out and listed | [`dialect::Loss`] |
//! | native | both sides speak one dialect, so bytes are edited and nothing is translated | [`dialect::Native`] |
//! | pipe | a provider's stream on its way into its caller's dialect | [`dialect::Pipe`] |
//! | ledger | a trip's *records*, one of each attempt: how it ended, and what was seen of its answer | [`filter::Ledger`], [`filter::Record`] |
//! | held | the memory that one request has, in its worker's account | [`filter::Held`] |
//! | watch | what a plugin's timer looks after: streams, bodies and requests that wait | [`filter::watch`] |
//! | rush | many large bodies that end at one moment: some are told to come again | [`filter::watch::Rush`] |

pub mod catalog;
pub mod chat;
pub mod config;
pub mod dialect;
pub mod failure;
pub mod filter;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub mod host;
pub mod json;
pub mod plan;
pub mod settings;
pub mod stream;
