//! A header map in the form that the ABI has for it: counts, sizes, then names and values, each with a NUL.

use crate::filter::headers::Header;

/// See the module. It is read in place.
#[derive(Debug, Default)]
pub struct Pairs(Vec<u8>);

impl Pairs {
    /// As [`super::abi::headers`] got it.
    pub(super) fn new(bytes: Vec<u8>) -> Pairs {
        Pairs(bytes)
    }

    /// All lines.
    pub fn lines(&self) -> Vec<Header<'_>> {
        let mut lines = Vec::with_capacity(word(&self.0, 0).unwrap_or(0).min(self.0.len() / 8));
        lines.extend(self.iter());
        lines
    }

    /// Names (in lower case) and values, as bytes: neither need be UTF-8.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let count = word(&self.0, 0).unwrap_or(0);
        let mut sizes = 4;
        let mut at = count.checked_mul(8).and_then(|bytes| bytes.checked_add(4)).unwrap_or(usize::MAX);
        (0..count).map_while(move |_| {
            let (name_size, value_size) = (word(&self.0, sizes)?, word(&self.0, sizes + 4)?);
            sizes += 8;
            let name = self.0.get(at..at.checked_add(name_size)?)?;
            at += name_size + 1;
            let value = self.0.get(at..at.checked_add(value_size)?)?;
            at += value_size + 1;
            Some((name, value))
        })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(word)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::headers::HeaderList;

    #[test]
    fn header_maps_survive_the_trip() {
        let pairs: [(&[u8], &[u8]); 3] = [(b":path", b"/v1"), (b"x-bad", b"caf\xe9"), (b"x-empty", b"")];
        let mut list = HeaderList::new();
        pairs.iter().for_each(|(name, value)| list.push(name, value));
        let read = Pairs(list.serialized());
        assert_eq!(read.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(Pairs(Vec::new()).iter().count(), 0);
        assert_eq!(Pairs(vec![255; 40]).iter().count(), 0);
    }
}
