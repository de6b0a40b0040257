//! What every writer of requests does with a conversation: what a dialect wants differently is said to it. And what readers of
//! answers make of its tools.
//!
//! | file | does |
//! |---|---|
//! | `here`, `turns` | the parts and what becomes of them; the turns that they make |
//! | `stretches` | the same in messages: each call followed by its results |
//! | `parts` | parts that don't go out, where a dialect writes them one by one |
//! | `tools`, `choice` | which tools go out, and which may be called |
//! | `form` | an answer held to a schema, or given by a tool |
//! | `called` | whose tool an answer calls |
//! | `free_form` | tools whose input is a text, as functions and back |
//! | `search` | searches of the web that the provider makes |
//! | `code` | code that the provider runs |
//! | `limits` | stop sequences, budgets of thought, and what many have no place for |

mod called;
mod choice;
mod code;
mod form;
mod free_form;
mod here;
mod limits;
mod parts;
mod search;
mod stretches;
mod tools;
mod turns;

pub use called::Called;
pub use choice::{Chosen, NO_FORCE, is_of_lost, not_in_tools};
pub use code::{NO_CODE, hold_code, lose_code};
pub use form::{AnswerForm, AnswerTool, WantedForm};
pub use free_form::{FreeFormCalls, as_functions, free_form_of, has_free_form, restore};
pub use here::{Admission, Here, Stand};
pub use limits::{
    NO_JSON, NO_SCHEMA, NO_STOP, StopBounds, effort_of, fitting_budget, list_foreign_sampling,
    lose_candidates, openais_user,
};
pub use parts::{kept, refuse};
pub use search::{NO_SEARCH, SearchHabits, lose_search, write_location};
pub use stretches::{Indexed, Placed, Stretch, stretches};
pub use tools::{Offered, ToolHabits, is_strict, lose_foreign};
pub use turns::{SILENT_USER, Spoken, Turns};
