//! Writes dates and times in the several forms that the vendor's replies have.

use fastrand::Rng;
use serde::{Serialize, Serializer};

/// Midnight on 2025-11-03 in UTC, in seconds since 1970: what the data call "today", so that they never change.
pub(crate) const TODAY: u64 = 1_762_128_000;
const DAY: u64 = 86_400;

/// How a moment is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// `2022-05-18T15:28:09.807554Z`, as the schemas say.
    #[default]
    Iso,
    /// `2018-07-19 01:29:00+00:00`
    Space,
    /// `2022-05-18 15:28:09.807554+00:00`
    SpaceMicros,
}

/// A point in time, written in the form it is shown in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormattedTime {
    /// Microseconds since 1970.
    pub(crate) micros: u64,
    pub(crate) form: TimeFormat,
}

impl FormattedTime {
    /// A moment in the schema's form.
    pub(crate) fn iso(micros: u64) -> Self {
        Self { micros, form: TimeFormat::Iso }
    }

    /// Some moment in the days before today.
    pub(crate) fn before_today(dice: &mut Rng, days: u64) -> u64 {
        let seconds = TODAY - dice.u64(1..=days * DAY);
        seconds * 1_000_000 + u64::from(dice.u32(..1_000_000))
    }

    /// The text, in a fixed buffer, and its length.
    fn write(self) -> ([u8; 32], usize) {
        let seconds = self.micros / 1_000_000;
        // Seconds of one day and the rest of a second fit 32 bits, which are quicker to divide.
        let of_day = (seconds % DAY) as u32;
        let micros = (self.micros % 1_000_000) as u32;
        let (year, month, day) = civil((seconds / DAY) as u32);
        let mut text = *b"0000-00-00T00:00:00.000000+00:00";
        two(&mut text, 0, year / 100);
        two(&mut text, 2, year % 100);
        two(&mut text, 5, month);
        two(&mut text, 8, day);
        two(&mut text, 11, of_day / 3600);
        two(&mut text, 14, of_day / 60 % 60);
        two(&mut text, 17, of_day % 60);
        two(&mut text, 20, micros / 10_000);
        two(&mut text, 22, micros / 100 % 100);
        two(&mut text, 24, micros % 100);
        match self.form {
            TimeFormat::Iso => {
                text[26] = b'Z';
                (text, 27)
            }
            TimeFormat::Space => {
                text[10] = b' ';
                text.copy_within(26..32, 19);
                (text, 25)
            }
            TimeFormat::SpaceMicros => {
                text[10] = b' ';
                (text, 32)
            }
        }
    }
}

impl Serialize for FormattedTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (text, length) = self.write();
        // The buffer holds digits and punctuation only.
        serializer.serialize_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

/// Two digits at this place; the number is below 100.
fn two(text: &mut [u8; 32], at: usize, number: u32) {
    text[at] = b'0' + (number / 10) as u8;
    text[at + 1] = b'0' + (number % 10) as u8;
}

/// Year, month and day of a day counted from 1970-01-01, by Howard Hinnant's algorithm for 400-year eras.
fn civil(days: u32) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text(micros: u64, form: TimeFormat) -> String {
        serde_json::to_value(FormattedTime { micros, form }).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn moments_are_written_in_the_vendors_forms() {
        let micros = 1_652_887_689_807_554;
        assert_eq!(text(micros, TimeFormat::Iso), "2022-05-18T15:28:09.807554Z");
        assert_eq!(text(micros, TimeFormat::Space), "2022-05-18 15:28:09+00:00");
        assert_eq!(text(micros, TimeFormat::SpaceMicros), "2022-05-18 15:28:09.807554+00:00");
    }

    #[test]
    fn days_agree_with_a_calendar_library() {
        for day in (0..40_000).step_by(7) {
            let micros = day * DAY * 1_000_000;
            let theirs = jiff::Timestamp::from_second(i64::try_from(day * DAY).unwrap()).unwrap();
            let ours = text(micros, TimeFormat::Iso);
            assert_eq!(ours[..10], theirs.to_string()[..10], "day {day}");
        }
    }
}
