//! Sixteen and sixty-four bytes at a time: where in them is what a string's reader must look at.

/// So many bytes are looked at in one step.
pub(super) const BLOCK: usize = 16;

/// Whether both are the same: eight bytes at a time, as the VM's own comparison goes byte by byte.
#[inline]
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ((ones, rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    rest.iter().eq(other_rest)
        && ones.iter().zip(others).all(|(one, other)| u64::from_le_bytes(*one) == u64::from_le_bytes(*other))
}

/// A bit for each byte of a block that a string's reader must look at: quotes and backslashes, and with `strict` control
/// characters.
#[cfg(target_arch = "wasm32")]
#[inline]
pub(super) fn special(block: &[u8; BLOCK], strict: bool) -> u32 {
    use std::arch::wasm32::{i8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};
    let (low, high) = halves(block);
    let bytes = u64x2(low, high);
    let mut marks = v128_or(u8x16_eq(bytes, u8x16_splat(b'"')), u8x16_eq(bytes, u8x16_splat(b'\\')));
    if strict {
        marks = v128_or(marks, u8x16_lt(bytes, u8x16_splat(0x20)));
    }
    u32::from(i8x16_bitmask(marks))
}

/// Elsewhere, in the command and in tests: intrinsics of other processors would need `unsafe`.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
pub(super) fn special(block: &[u8; BLOCK], strict: bool) -> u32 {
    let (low, high) = halves(block);
    marks(low, strict) | (marks(high, strict) << 8)
}

#[inline]
fn halves(block: &[u8; BLOCK]) -> (u64, u64) {
    let both = u128::from_le_bytes(*block);
    #[expect(clippy::cast_possible_truncation, reason = "each takes its half")]
    (both as u64, (both >> 64) as u64)
}

/// As [`special`], of eight bytes in a word.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn marks(word: u64, strict: bool) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let controls = if strict { none(word & (ONES * 0xe0)) } else { 0 };
    let marks = none(word ^ (ONES * u64::from(b'"'))) | none(word ^ (ONES * u64::from(b'\\'))) | controls;
    u32::from(gathered(marks))
}

/// The high bit of each byte that is 0, exactly: no carry goes from one byte to the next.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn none(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & LOW) + LOW) | word) & !LOW
}

/// The eight high bits of a word's bytes: the product puts bit 8 i + 7 at 56 + i, and no two products meet.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn gathered(marks: u64) -> u16 {
    u16::try_from(((marks >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56).unwrap_or(0)
}

/// A string is mostly long text or a short name: for long ones, so many bytes are looked at in one step.
pub(super) const WIDE: usize = 64;

/// A bit for each byte of a wide block.
pub(super) struct Marks {
    pub quotes: u64,
    pub backslashes: u64,
    pub controls: u64,
}

impl Marks {
    #[inline]
    pub fn of(wide: &[u8; WIDE], sought: &Sought) -> Marks {
        let mut marks = Marks { quotes: 0, backslashes: 0, controls: 0 };
        let (blocks, _) = wide.as_chunks::<BLOCK>();
        for (place, block) in blocks.iter().enumerate() {
            let (quotes, backslashes, controls) = told_apart(block, sought);
            let shift = place * BLOCK;
            marks.quotes |= u64::from(quotes) << shift;
            marks.backslashes |= u64::from(backslashes) << shift;
            marks.controls |= u64::from(controls) << shift;
        }
        marks
    }

    /// The bytes that a backslash escapes. Of a run of backslashes every other one is escaped: a carry that runs along the
    /// run tells on which side it ends, as simdjson has found.
    #[inline]
    pub fn escaped(&self, carry: &mut bool) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if self.backslashes == 0 {
            return u64::from(std::mem::take(carry));
        }
        let before = u64::from(*carry);
        let backslashes = self.backslashes & !before;
        let follows = backslashes << 1 | before;
        let odd_starts = backslashes & !EVEN & !follows;
        let (even, runs_over) = odd_starts.overflowing_add(backslashes);
        *carry = runs_over;
        (EVEN ^ (even << 1)) & follows
    }
}

/// What is sought, in each byte of a block. Not as constants: V8 would make each of them anew at each use, by three
/// instructions.
#[cfg(target_arch = "wasm32")]
pub(super) struct Sought {
    quote: std::arch::wasm32::v128,
    backslash: std::arch::wasm32::v128,
    last_control: std::arch::wasm32::v128,
}

#[cfg(target_arch = "wasm32")]
impl Sought {
    #[inline]
    pub fn new() -> Sought {
        let all = |byte: u8| std::arch::wasm32::u8x16_splat(std::hint::black_box(byte));
        Sought { quote: all(b'"'), backslash: all(b'\\'), last_control: all(0x1f) }
    }
}

/// Bits of a block's quotes, backslashes and control characters.
#[cfg(target_arch = "wasm32")]
#[inline]
fn told_apart(block: &[u8; BLOCK], sought: &Sought) -> (u16, u16, u16) {
    use std::arch::wasm32::{i8x16_bitmask, u8x16_eq, u8x16_le, u64x2};
    let (low, high) = halves(block);
    let bytes = u64x2(low, high);
    (
        i8x16_bitmask(u8x16_eq(bytes, sought.quote)),
        i8x16_bitmask(u8x16_eq(bytes, sought.backslash)),
        i8x16_bitmask(u8x16_le(bytes, sought.last_control)),
    )
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Sought;

#[cfg(not(target_arch = "wasm32"))]
impl Sought {
    #[inline]
    pub fn new() -> Sought {
        Sought
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn told_apart(block: &[u8; BLOCK], _: &Sought) -> (u16, u16, u16) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (low, high) = halves(block);
    let both = |mark: fn(u64) -> u64| gathered(mark(low)) | (gathered(mark(high)) << 8);
    (
        both(|word| none(word ^ (ONES * u64::from(b'"')))),
        both(|word| none(word ^ (ONES * u64::from(b'\\')))),
        both(|word| none(word & (ONES * 0xe0))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn law_blocks_mark_what_bytes_say(block in proptest::array::uniform16(0u8..)) {
            let expected = block.iter().enumerate()
                .filter(|(_, byte)| matches!(byte, b'"' | b'\\' | 0..0x20))
                .fold(0, |marks, (place, _)| marks | (1u32 << place));
            proptest::prop_assert_eq!(special(&block, true), expected);
            let printable = block.iter().enumerate().filter(|(_, byte)| **byte >= 0x20).fold(0, |marks, (place, _)| marks | (1u32 << place));
            proptest::prop_assert_eq!(special(&block, false), expected & printable);
        }

        #[test]
        fn law_wide_blocks_tell_marks_apart(block in proptest::array::uniform16(proptest::prop_oneof![0u8.., 0x1fu8..0x24, 0x5bu8..0x5e])) {
            let bits = |wanted: &dyn Fn(u8) -> bool| block.iter().enumerate()
                .filter(|(_, byte)| wanted(**byte)).fold(0, |marks, (place, _)| marks | (1u16 << place));
            let expected = (bits(&|byte| byte == b'"'), bits(&|byte| byte == b'\\'), bits(&|byte| byte < 0x20));
            proptest::prop_assert_eq!(told_apart(&block, &Sought::new()), expected);
        }
    }
}
