//! Pieces that several dialects are made of, and none owns: media, schemas, names, ids, citations, tiers, runs of code.

pub mod base64;
pub mod breakpoint;
pub mod citation;
pub mod ids;
pub mod media;
pub mod names;
pub mod path;
pub mod runs;
pub mod schema;
pub mod structured;
pub mod tier;
