//! One pass over a document: whether it is JSON, and where its values are.
//!
//! Walking a document skips from value to value; without an outline each skip reads all that it skips, and each name and
//! value is looked for anew. With one, a walk goes from node to node, so that a large prompt is read once however often
//! somebody walks past it.

use super::Text;
use super::block::is_same;
use super::scan::{Near, near_end, scalar_end, skip_blanks, valid_string_end};

/// A value that is shorter has no node where nodes are few or would be many: reading it is fast.
const LONG: usize = 64;

/// One value of a document. The nodes of what is in it follow its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OutlineNode {
    /// A member's name: where its inside begins, and its length.
    pub key: u32,
    pub key_length: u16,
    flags: u16,
    pub start: u32,
    pub end: u32,
    /// How many nodes this value has, its own included. While it is open: the node of the container around it.
    count: u32,
}

impl OutlineNode {
    /// There may be an escape in the name.
    const ESCAPED: u16 = 1;
    /// An array with short scalars in it, which have no nodes.
    const SPARSE: u16 = 2;
    /// Something in it has no node though it may be a member of an object: there were too many.
    const PARTIAL: u16 = 4;

    pub fn count(&self) -> usize {
        wide(self.count)
    }

    pub fn may_have_escaped_name(&self) -> bool {
        self.flags & OutlineNode::ESCAPED != 0
    }

    /// Whether it is the member of that name in an object whose text begins at `base`.
    #[inline]
    pub fn is_called(&self, name: &str, text: &str, base: usize) -> bool {
        let may_be = usize::from(self.key_length) == name.len() || self.may_have_escaped_name();
        may_be && self.is_really_called(name, text, base) == Some(true)
    }

    #[inline(never)]
    fn is_really_called(&self, name: &str, text: &str, base: usize) -> Option<bool> {
        let start = wide(self.key).checked_sub(base)?;
        let own = text.get(start..start.checked_add(usize::from(self.key_length))?)?;
        Some(if self.may_have_escaped_name() {
            Text::encoded(own) == *name
        } else {
            is_same(own.as_bytes(), name.as_bytes())
        })
    }

    /// Whether each child has a node.
    pub fn is_whole(&self) -> bool {
        self.flags & (OutlineNode::SPARSE | OutlineNode::PARTIAL) == 0
    }

    /// Whether each member of each object in it has a node.
    pub fn has_all_members(&self) -> bool {
        self.flags & OutlineNode::PARTIAL == 0
    }
}

#[inline]
pub(super) fn wide(number: u32) -> usize {
    // No processor that runs this has narrower addresses.
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The node of what isn't in a container.
const NOWHERE: u32 = u32::MAX;

struct Outliner {
    nodes: Vec<OutlineNode>,
    /// The innermost container that is open.
    open: u32,
    in_object: bool,
    /// Of the member whose value comes next.
    key: u32,
    key_length: u16,
    key_flags: u16,
    /// So many nodes may be there before short values get no more: a document of nothing but short values would take
    /// several times its size.
    most: usize,
    /// What may still come, in [`SHARE`]s of a value.
    left: Option<usize>,
    /// How many containers are open.
    depth: u32,
    /// Where one more was opened than may be.
    too_deep: Option<usize>,
}

/// So many containers may be open at once: each that is has a node, so that a document of nothing but brackets would take twenty
/// times its size. Nobody's JSON has a hundred levels.
pub(super) const DEEPEST: u32 = 30_000;

/// So many numbers or words in a list are one value.
const SHARE: usize = 16;
/// Any number of values.
pub(super) const ANY: usize = usize::MAX / SHARE;

/// Why a document has no outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoOutline {
    /// It is not JSON, or longer than 4 GiB.
    NoJson,
    /// More values than were allowed. Whether it is JSON was not looked at any further.
    TooMany,
    /// More than [`DEEPEST`] levels, from this place on.
    TooDeep(usize),
}

/// Validates a document and outlines it: the first node is that of the whole. It may have `most` values: members, objects and
/// lists, and strings in lists. Numbers in a list cost little: 16 of them count as one.
pub(super) fn outline(text: &str, most: usize) -> Result<Vec<OutlineNode>, NoOutline> {
    outlined(text, most).map(|outliner| outliner.nodes)
}

/// As [`outline`], and how many values there are.
pub(super) fn counted(text: &str, most: usize) -> Result<(Vec<OutlineNode>, usize), NoOutline> {
    outlined(text, most).map(|outliner| {
        let values = outliner.values(most);
        (outliner.nodes, values)
    })
}

/// How many values a text of JSON has, as [`outline`] counts them: 0 if it is none, nothing if they are more than `most`.
pub(super) fn values(text: &str, most: usize) -> Option<usize> {
    match outlined(text, most) {
        Ok(outliner) => Some(outliner.values(most)),
        Err(NoOutline::NoJson | NoOutline::TooDeep(_)) => Some(0),
        Err(NoOutline::TooMany) => None,
    }
}

fn outlined(text: &str, most: usize) -> Result<Outliner, NoOutline> {
    let bytes = text.as_bytes();
    if u32::try_from(bytes.len()).is_err() {
        return Err(NoOutline::NoJson);
    }
    let mut outliner = Outliner {
        nodes: Vec::with_capacity((bytes.len() / 32).min(1024) + 8),
        open: NOWHERE,
        in_object: false,
        key: 0,
        key_length: 0,
        key_flags: 0,
        most: (bytes.len() / 16).min((256 << 10) + bytes.len() / 64) + 64,
        left: Some(most.saturating_mul(SHARE)),
        depth: 0,
        too_deep: None,
    };
    match outliner.walk(bytes) {
        Some(()) => Ok(outliner),
        None if outliner.left.is_none() => Err(NoOutline::TooMany),
        None => Err(outliner.too_deep.map_or(NoOutline::NoJson, NoOutline::TooDeep)),
    }
}

impl Outliner {
    /// The whole document, if it is one.
    #[inline]
    fn walk(&mut self, bytes: &[u8]) -> Option<()> {
        let mut at = 0;
        loop {
            at = skip_blanks(bytes, at);
            match *bytes.get(at)? {
                b'"' => {
                    let end = valid_string_end(bytes, at)?;
                    self.scalar(at, end, SHARE)?;
                    at = end;
                }
                b'{' => {
                    self.open(at, true)?;
                    at = skip_blanks(bytes, at + 1);
                    if bytes.get(at) != Some(&b'}') {
                        at = self.name(bytes, at)?;
                        continue;
                    }
                }
                b'[' => {
                    self.open(at, false)?;
                    at = skip_blanks(bytes, at + 1);
                    if bytes.get(at) != Some(&b']') {
                        continue;
                    }
                }
                _ => {
                    let end = scalar_end(bytes, at)?;
                    self.scalar(at, end, 1)?;
                    at = end;
                }
            }
            // A value ended, or an empty container ends here: what is open closes until another value follows.
            loop {
                at = skip_blanks(bytes, at);
                if self.open == NOWHERE {
                    return (at == bytes.len()).then_some(());
                }
                let byte = *bytes.get(at)?;
                at += 1;
                if byte == b',' {
                    break;
                }
                if byte != if self.in_object { b'}' } else { b']' } {
                    return None;
                }
                self.close(bytes, at)?;
            }
            if self.in_object {
                at = self.name(bytes, skip_blanks(bytes, at))?;
            }
        }
    }

    /// How many values there were, of which there might have been `most`.
    fn values(&self, most: usize) -> usize {
        most.saturating_sub(self.left.unwrap_or(0) / SHARE)
    }

    /// Some shares of a value more; nothing if that is too much.
    #[inline]
    fn spend(&mut self, shares: usize) -> Option<()> {
        self.left = self.left?.checked_sub(shares);
        self.left.map(|_| ())
    }

    /// A member's name must begin at `at`. Past its colon.
    fn name(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        self.spend(SHARE)?;
        self.key_flags = 0;
        let end = match near_end(bytes, at) {
            Near::End(end) => end,
            Near::Further(_) => self.long_name(bytes, at)?,
        };
        self.key = narrow(at + 1);
        self.key_length = u16::try_from(end - at - 2).unwrap_or_else(|_| {
            self.mark(OutlineNode::PARTIAL);
            0
        });
        let colon = skip_blanks(bytes, end);
        (bytes.get(colon) == Some(&b':')).then_some(colon + 1)
    }

    #[inline(never)]
    fn long_name(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let end = valid_string_end(bytes, at)?;
        if bytes.get(at..end)?.contains(&b'\\') {
            self.key_flags = OutlineNode::ESCAPED;
        }
        Some(end)
    }

    /// A node for a value of the container that is open.
    fn node(&self, start: usize, end: usize, count: u32) -> OutlineNode {
        let (key, key_length, flags) =
            if self.in_object { (self.key, self.key_length, self.key_flags) } else { (0, 0, 0) };
        OutlineNode { key, key_length, flags, start: narrow(start), end: narrow(end), count }
    }

    /// A string, a number or a word.
    #[inline]
    fn scalar(&mut self, start: usize, end: usize, shares: usize) -> Option<()> {
        if !self.in_object {
            self.spend(shares)?;
        }
        if end - start < LONG && self.open != NOWHERE {
            if !self.in_object {
                self.mark(OutlineNode::SPARSE);
                return Some(());
            }
            if self.nodes.len() >= self.most {
                self.mark(OutlineNode::PARTIAL);
                return Some(());
            }
        }
        self.nodes.push(self.node(start, end, 1));
        Some(())
    }

    fn open(&mut self, start: usize, is_object: bool) -> Option<()> {
        self.spend(SHARE)?;
        if self.depth == DEEPEST {
            self.too_deep = Some(start);
            return None;
        }
        self.depth += 1;
        let place = u32::try_from(self.nodes.len()).unwrap_or(NOWHERE);
        self.nodes.push(self.node(start, start, self.open));
        (self.open, self.in_object) = (place, is_object);
        Some(())
    }

    /// The container that is open ends.
    fn close(&mut self, bytes: &[u8], end: usize) -> Option<()> {
        self.depth = self.depth.saturating_sub(1);
        let place = wide(self.open);
        let count = u32::try_from(self.nodes.len() - place).ok()?;
        let node = self.nodes.get_mut(place)?;
        self.open = node.count;
        (node.end, node.count) = (narrow(end), count);
        let (flags, length) = (node.flags, end - wide(node.start));
        if self.open == NOWHERE {
            return Some(());
        }
        let around = self.nodes.get(wide(self.open))?;
        self.in_object = bytes.get(wide(around.start)) == Some(&b'{');
        if self.nodes.len() > self.most && length < LONG {
            self.nodes.truncate(place);
            self.mark(OutlineNode::PARTIAL);
        } else if flags & OutlineNode::PARTIAL != 0 {
            self.mark(OutlineNode::PARTIAL);
        }
        Some(())
    }

    fn mark(&mut self, flag: u16) {
        if let Some(node) = self.nodes.get_mut(wide(self.open)) {
            node.flags |= flag;
        }
    }
}

/// A place in a document, whose length was checked.
#[inline]
pub(super) fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
