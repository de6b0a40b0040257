//! What the files of the dialects are written in: shapes of objects, and what their members are.

use super::{Sort, Speaker};

/// What a value is.
pub(super) enum Rule {
    /// A text; of an object or a list, each string in it.
    Words(Sort),
    /// The arguments of a call as JSON in a string.
    Encoded,
    /// A JSON schema.
    Schema,
    /// One object of this shape or a list of such; in place of one, a bare string.
    In(&'static ObjectShape),
    /// As `In`, and the texts in it are pieces.
    Pieces(&'static ObjectShape),
    /// As `In`, and the texts in it are no pieces, whatever is around them.
    Whole(&'static ObjectShape),
    /// As `In`; the shape is chosen by the object's `type`, or an event's by its name.
    Pick(fn(&str) -> &'static ObjectShape),
    /// What it says is said in another member too.
    Again(u8, &'static Rule),
}

/// Who speaks in an object.
#[derive(Clone, Copy)]
pub(super) enum Speaks {
    /// Who speaks around it.
    Same,
    As(Speaker),
    /// The one that its `role` names.
    Role,
    /// A tool, if its `type` ends so.
    Result,
}

/// A number of a [`super::Strand`].
#[derive(Clone, Copy)]
pub(super) enum StrandNumber {
    Choice,
    Item,
    Part,
}

/// The members of an object. One that neither `told` nor `silent` names is [`Sort::Other`].
pub(super) struct ObjectShape {
    pub speaks: Speaks,
    /// What the places in a list of such objects count.
    pub counts: Option<StrandNumber>,
    /// Members that tell a number.
    pub numbers: &'static [(StrandNumber, &'static str)],
    /// What a string in place of the object is, if it is a text.
    pub bare: Option<Sort>,
    /// Members with texts in them.
    pub told: &'static [(&'static str, Rule)],
    /// Members with none.
    pub silent: &'static [&'static [&'static str]],
}

impl ObjectShape {
    /// An object of which nothing is known: to be written out with `..Shape::ANY`.
    pub const ANY: ObjectShape =
        ObjectShape { speaks: Speaks::Same, counts: None, numbers: &[], bare: None, told: &[], silent: &[] };
}

/// Members that name a thing, in every dialect.
pub(super) const IDS: &[&str] = &["id", "type", "index", "status", "object", "model", "role", "name"];

/// Members of a whole answer that are about it.
pub(super) const ABOUT: &[&str] = &[
    "created",
    "created_at",
    "completed_at",
    "error",
    "provider",
    "request_id",
    "service_tier",
    "stop_reason",
    "system_fingerprint",
    "usage",
];

/// Members that hold no text though they are long: addresses, and what is encoded or sealed.
pub(super) const SEALED: &[&str] = &[
    "data",
    "encrypted_content",
    "encrypted_index",
    "extra_content",
    "file_data",
    "file_id",
    "file_url",
    "format",
    "image_url",
    "media_type",
    "signature",
    "url",
];

/// What tells a provider how to keep a prompt in its cache.
pub(super) const CACHE: &[&str] = &["cache_control", "prompt_cache_breakpoint", "prompt_cache_key"];

/// A source that an answer cites, in whichever dialect.
pub(super) static CITATION: ObjectShape = ObjectShape {
    told: &[
        ("cited_text", Rule::Words(Sort::Citation)),
        ("content", Rule::Words(Sort::Citation)),
        ("document_title", Rule::Words(Sort::Citation)),
        ("filename", Rule::Words(Sort::Name)),
        ("quote", Rule::Words(Sort::Citation)),
        ("snippet", Rule::Words(Sort::Citation)),
        ("title", Rule::Words(Sort::Citation)),
        ("url_citation", Rule::In(&CITATION)),
    ],
    silent: &[IDS, SEALED, &["source", "date", "last_updated", "container_id", "link", "refer"]],
    ..ObjectShape::ANY
};
