//! What a target's model is told besides, in a caller's `system`.

use crate::dialect::Instructions;
use crate::json::{Edit, Kind, Raw, Writer};

/// `system` where the caller says none.
pub(super) fn alone(body: Raw<'_>, told: &Instructions) -> Option<Vec<u8>> {
    (!told.is_empty() && body.present("system").is_none()).then(|| string(&told.around("")))
}

/// The caller's `system` with these texts around it. Its blocks keep their breakpoints; what comes before one is in its cache too.
pub(super) fn system<'e>(value: Raw<'_>, told: &Instructions) -> Edit<'e> {
    match value.kind() {
        _ if told.is_empty() => Edit::Keep,
        // Said in vain: it is written anew.
        Kind::Null => Edit::Remove,
        Kind::String => Edit::Replace(string(&told.around(&value.text().unwrap_or_default().decode()))),
        Kind::Array => {
            let mut out = Vec::with_capacity(value.as_json().len() + told.length() + 64);
            Writer::new(&mut out).array(|w| {
                told.prepend.iter().for_each(|text| write_block(text, w));
                value.items().for_each(|block| w.raw(block));
                told.append.iter().for_each(|text| write_block(text, w));
            });
            Edit::Replace(out)
        }
        // Wrong: the provider says so best.
        _ => Edit::Keep,
    }
}

fn write_block(text: &str, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").string(text);
    });
}

fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    out
}
