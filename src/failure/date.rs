//! The moments that providers name: the three forms of an HTTP date, and RFC 3339.
//!
//! All give milliseconds since 1970 in UTC, with 0 for anything earlier. No leap seconds, no time zone but an offset.

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An HTTP date in any of the forms of <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>. `now_ms` settles the
/// century of a year with two digits: not more than 50 years ahead.
pub(super) fn http_date(text: &str, now_ms: u64) -> Option<u64> {
    let (name, rest) = text.trim().split_once(|c| [',', ' '].contains(&c))?;
    if name.len() < 3 || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let mut words = rest.split([' ', '-']).filter(|word| !word.is_empty());
    let mut word = || words.next();
    let first = word()?;
    // asctime begins with the month: `Nov  6 08:49:37 1994`. The others: `06 Nov 1994 08:49:37 GMT`, `06-Nov-94 …`.
    let (day, month, year, time) = match month(first) {
        Some(month) => {
            let (day, time) = (number(word()?)?, word()?);
            (day, month, number(word()?)?, time)
        }
        None => {
            let (month, year, time) = (month(word()?)?, word()?, word()?);
            if !matches!(word(), Some("GMT" | "UTC")) {
                return None;
            }
            let year = if year.len() == 2 { century(number(year)?, now_ms) } else { number(year)? };
            (number(first)?, month, year, time)
        }
    };
    if word().is_some() {
        return None;
    }
    millis(year, month, day, time_of_day(time)?)
}

/// `2026-11-21T08:00:00Z`, with a fraction or an offset where there is one:
/// <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
pub(super) fn rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.trim().split_once(['T', 't', ' '])?;
    let mut parts = date.split('-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at_checked(zone)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let seconds = number(hours)? * 3600 + number(minutes)? * 60;
            if zone.starts_with('-') { -seconds } else { seconds }
        }
    };
    let whole = millis(year, month, day, time_of_day(time)? - offset)?;
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(whole.saturating_add(thousandths.parse().ok()?))
}

fn month(name: &str) -> Option<i64> {
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i64::try_from(at + 1).ok()
}

fn number(digits: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

fn century(year: i64, now_ms: u64) -> i64 {
    // To the year is precise enough, so is a year of 365.2425 days.
    let this_year = 1970 + i64::try_from(now_ms / 31_556_952_000).unwrap_or_default();
    let year = this_year - this_year % 100 + year;
    if year > this_year + 50 { year - 100 } else { year }
}

/// Seconds since midnight of `08:49:37`.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(number);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let is_time = parts.next().is_none() && hours < 24 && minutes < 60 && seconds <= 60;
    is_time.then_some(hours * 3600 + minutes * 60 + seconds)
}

fn millis(year: i64, month: i64, day: i64, seconds: i64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * DAY + seconds;
    Some(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000))
}

/// Days since 1970 of a date of the Gregorian calendar, by counting years from March, so that the leap day is the last
/// of its year: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 21 November 2026, 08:00:00.
    const NOW: u64 = 1_795_248_000_000;

    #[test]
    fn the_three_forms_of_http() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            " Sun, 6 Nov 1994 08:49:37 UTC ",
        ] {
            assert_eq!(http_date(text, NOW), Some(784_111_777_000), "{text}");
        }
        assert_eq!(http_date("Sat, 21 Nov 2026 08:00:00 GMT", NOW), Some(NOW));
        assert_eq!(http_date("Saturday, 21-Nov-26 08:00:00 GMT", NOW), Some(NOW));
        assert_eq!(http_date("Thursday, 29-Feb-68 00:00:00 GMT", NOW), rfc3339("2068-02-29T00:00:00Z"));
        assert_eq!(http_date("Tue, 31 Dec 1850 00:00:00 GMT", NOW), Some(0));
    }

    #[test]
    fn rfc_3339() {
        assert_eq!(rfc3339("2026-11-21T08:00:00Z"), Some(NOW));
        assert_eq!(rfc3339("2026-11-21T08:00:00.25Z"), Some(NOW + 250));
        assert_eq!(rfc3339("2026-11-21t10:30:00.123456789+02:30"), Some(NOW + 123));
        assert_eq!(rfc3339("2026-11-20 23:00:00-09:00"), Some(NOW));
        assert_eq!(rfc3339("2000-02-29T00:00:00Z"), Some(951_782_400_000));
        assert_eq!(rfc3339("2000-03-01T00:00:00Z"), Some(951_868_800_000));
    }

    #[test]
    fn not_dates() {
        for text in [
            "",
            "30",
            "Sun",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 32 Nov 1994 00:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "é, 1",
        ] {
            assert_eq!(http_date(text, NOW), None, "{text}");
        }
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T08:00:00",
            "2026-13-01T00:00:00Z",
            "2026-11-21T08:00Z",
            "2026-11-21T08:00:00+1",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }
}
