//! Durations and times as the file writes them.

/// The units of a duration, in milliseconds; a longer one that ends like a shorter comes first.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// The form of [`duration_ms`] for the schema.
pub(super) const DURATION_PATTERN: &str = "^[0-9]{1,12}(\\.[0-9]{1,9})?(ms|s|m|h)$";

/// Reads `500ms`, `10s`, `1.5s`, `5m` or `1h`; parts of a millisecond are left out.
pub(super) fn duration_ms(text: &str) -> Option<u64> {
    let (number, unit) = UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.len() > 12 || part.len() > 9 {
        return None;
    }
    let part_unit = 10u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let whole = digits(whole)?.checked_mul(unit)?;
    let part = digits(part)?.checked_mul(unit)? / part_unit;
    whole.checked_add(part)
}

/// Writes a duration in the largest unit that it is whole in.
pub(super) fn show_ms(ms: u64) -> String {
    let (name, unit) = UNITS.iter().rev().find(|(_, unit)| ms.is_multiple_of(*unit)).unwrap_or(&UNITS[0]);
    format!("{}{name}", ms / unit)
}

fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Reads a time of RFC 3339 from 1970 on, in milliseconds since then.
pub(super) fn timestamp_ms(text: &str) -> Option<u64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [year, month, day] = three(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = three(clock, ':', [2, 2, 2])?;
    let days = days_since_1970(year, month, day)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at_checked(zone_at)?;
    let fraction_ms = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        None => return None,
        Some(part) => {
            digits(part).filter(|_| (1..=18).contains(&part.len()))?;
            digits(&format!("{part}000").chars().take(3).collect::<String>())?
        }
    };
    let local = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let seconds = match zone {
        "Z" | "z" => local,
        _ => {
            let (sign, offset) = zone.split_at_checked(1)?;
            let (hours, minutes) = offset.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
            let (hours, minutes) = (digits(hours)?, digits(minutes)?);
            let offset = (hours * 60 + minutes) * 60;
            if hours > 23 || minutes > 59 {
                return None;
            }
            match sign {
                "+" => local.checked_sub(offset)?,
                "-" => local + offset,
                _ => return None,
            }
        }
    };
    Some(seconds * 1000 + fraction_ms)
}

fn three(text: &str, separator: char, lengths: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts =
        text.split(separator).zip(lengths).map(|(part, n)| digits(part).filter(|_| part.len() == n));
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    (text.matches(separator).count() == 2).then_some(numbers)
}

fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month_index = usize::try_from(month.checked_sub(1)?).ok()?;
    let length = *lengths.get(month_index)?;
    if year < 1970 || day == 0 || day > length {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    Some(years + lengths.iter().take(month_index).sum::<u64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let good =
            [("0s", 0), ("500ms", 500), ("10s", 10_000), ("1.5s", 1_500), ("5m", 300_000), ("1h", 3_600_000)];
        for (text, ms) in good {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
        for text in [
            "",
            "s",
            "10",
            "10 s",
            "-1s",
            "+1s",
            "1.s.",
            "1e3s",
            "10sec",
            "1m30s",
            "ms",
            "9999999999999h",
            "1d",
        ] {
            assert_eq!(duration_ms(text), None, "{text}");
        }
        for ms in [0, 1, 999, 1_000, 90_000, 3_600_000] {
            assert_eq!(duration_ms(&show_ms(ms)), Some(ms));
        }
    }

    #[test]
    fn timestamps() {
        let good = [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00.25Z", 951_825_600_250),
            ("2026-12-31T23:30:00+01:00", 1_798_756_200_000),
            ("2026-12-31 22:30:00z", 1_798_756_200_000),
            ("2026-12-31T17:30:00-05:00", 1_798_756_200_000),
        ];
        for (text, ms) in good {
            assert_eq!(timestamp_ms(text), Some(ms), "{text}");
        }
        let bad = [
            "",
            "tomorrow",
            "2026-12-31",
            "2026-12-31T23:30:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-12-31T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-12-31T23:30:00.Z",
            "2026-12-31T23:30:00+1:00",
            "2026-12-31T23:30:00é",
            "1970-01-01T00:00:00+01:00",
            "2026-12-31T23:30:00ZZ",
            "2026-12-31T23:30:00Z01:00",
        ];
        for text in bad {
            assert_eq!(timestamp_ms(text), None, "{text}");
        }
    }
}
