//! JSON at the speed of a scan: values stay text until somebody looks into them.
//!
//! A document is validated once, when it comes in ([`Raw::parse`]). After that a [`Raw`] is a slice of it: walking an
//! object or an array skips over what nobody asked for, and copying a value to the other side copies its bytes, so
//! unknown fields and number formats survive untouched. Nothing here builds a tree.

mod block;
mod closing;
mod document;
mod edit;
mod indent;
mod outline;
mod raw;
mod scan;
mod shape;
mod text;
mod twice;
mod walk;
mod write;

pub(crate) use block::is_same;
pub use closing::Closing;
pub use document::{Document, Unread, values};
pub use edit::{Edit, edit_front, edit_object};
pub use indent::indented;
pub use raw::{Kind, Raw, SyntaxError};
pub use shape::Shape;
pub use text::Text;
pub use walk::{Fields, Items};
pub use write::Writer;
