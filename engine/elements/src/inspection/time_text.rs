//! Times as people and other programs read them.

use weft_core::SECOND;

const DAY_S: u64 = 86_400;

/// A time in nanoseconds since 1970 as ISO 8601 has it, with microseconds, in UTC.
pub(super) fn time_text(at: u64) -> String {
    let (seconds, micros) = (at / SECOND, at % SECOND / 1000);
    let (year, month, day) = date(seconds / DAY_S);
    let rest = seconds % DAY_S;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+0000")
}

/// Year, month and day of a day since 1970, in the Gregorian calendar. Years are counted from March on,
/// so that the day that some have more comes last.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    /// Days from 1 March of year 0 to 1970.
    const BEFORE_1970: u64 = 719_468;
    let days = days + BEFORE_1970;
    let (eras, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (eras * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_iso_8601_has_them() {
        assert_eq!(time_text(0), "1970-01-01T00:00:00.000000+0000");
        let at = |seconds: u64| time_text(seconds * SECOND + 123_456_789);
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.123456+0000");
        assert_eq!(at(1_735_689_599), "2024-12-31T23:59:59.123456+0000");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.123456+0000");
    }
}
