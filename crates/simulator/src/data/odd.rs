//! Puts the vendor's known deviations from its schemas into some rows, each with its source.
//!
//! The source of most is an independent client of the API, written against real instances, which works around: an
//! empty text where the schema has an object, a number or a date; the text `None` for null; dates with a space for the
//! `T`; `schedulerConfig` as `{}` or `""`; and a risk level's number as a word. Where a field that the client does not
//! name deviates here, it has the same type as one that it names.

use serde::{Serialize, Serializer};

use super::moment::{FormattedTime, TimeFormat};

/// A value, or what the vendor sometimes sends in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Odd<T> {
    Plain(T),
    /// JSON null.
    Null,
    /// An empty text where an object, a number or a date should be.
    Blank,
    /// The text `None` where null should be.
    NoneWord,
    /// An object without its fields.
    Hollow,
    /// A number as a word.
    Word(&'static str),
}

impl<T: Serialize> Serialize for Odd<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::Null => serializer.serialize_unit(),
            Self::Blank => serializer.serialize_str(""),
            Self::NoneWord => serializer.serialize_str("None"),
            Self::Hollow => serializer.collect_map(std::iter::empty::<((), ())>()),
            Self::Word(word) => serializer.serialize_str(word),
        }
    }
}

/// Decides which fields of one row are odd; never any if oddities are off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oddities {
    /// 0 if this row has none.
    bits: u64,
}

impl Oddities {
    /// Draws from a number that is particular to the row.
    pub(crate) fn of_row(on: bool, roll: u64) -> Self {
        Self { bits: if on { roll | 1 } else { 0 } }
    }

    /// Whether this row may deviate at all.
    pub(crate) fn on(self) -> bool {
        self.bits != 0
    }

    /// A number from 0 to 31 for a field of the row; 31 if oddities are off.
    fn roll(self, field: u32) -> u32 {
        if self.bits == 0 {
            return 31;
        }
        let turned = self.bits.rotate_left(field * 5).wrapping_mul(0x2545_f491_4f6c_dd1d);
        (turned >> 59) as u32
    }

    /// A value that is sometimes an empty text. Source: the independent client.
    pub(crate) fn value<T>(self, field: u32, value: T) -> Odd<T> {
        match self.roll(field) {
            0 => Odd::Blank,
            _ => Odd::Plain(value),
        }
    }

    /// A value or null, either sometimes an empty text, null sometimes the text `None`. Source: the independent
    /// client.
    pub(crate) fn nullable<T>(self, field: u32, value: Option<T>) -> Odd<T> {
        match (value, self.roll(field)) {
            (_, 0) => Odd::Blank,
            (None, 1..=8) => Odd::NoneWord,
            (None, _) => Odd::Null,
            (Some(value), _) => Odd::Plain(value),
        }
    }

    /// An object that is sometimes empty or an empty text. Source: the independent client, for `schedulerConfig`; other
    /// nested objects by analogy.
    pub(crate) fn object<T>(self, field: u32, value: T) -> Odd<T> {
        match self.roll(field) {
            0..=3 => Odd::Blank,
            4..=10 => Odd::Hollow,
            _ => Odd::Plain(value),
        }
    }

    /// A number that is sometimes a word. Source: the independent client, for levels.
    pub(crate) fn number<T>(self, field: u32, value: T, word: &'static str) -> Odd<T> {
        match self.roll(field) {
            0 => Odd::Word(word),
            _ => Odd::Plain(value),
        }
    }

    /// A moment in one of the vendor's forms, sometimes an empty text. Source: the independent client, for both forms
    /// with a space (with and without fractions) and for the empty text.
    pub(crate) fn moment(self, field: u32, micros: u64) -> Odd<FormattedTime> {
        let form = match self.roll(field) {
            0 => return Odd::Blank,
            1..=9 => TimeFormat::Space,
            10..=18 => TimeFormat::SpaceMicros,
            _ => TimeFormat::Iso,
        };
        Odd::Plain(FormattedTime { micros, form })
    }

    /// A moment or null, with the oddities of `moment` and `nullable`, and their source.
    pub(crate) fn nullable_moment(self, field: u32, micros: Option<u64>) -> Odd<FormattedTime> {
        match micros {
            Some(micros) => self.moment(field, micros),
            None => self.nullable(field, None),
        }
    }

    /// A text that is sometimes empty, which every schema allows.
    pub(crate) fn text(self, field: u32, text: &str) -> &str {
        if self.roll(field) == 0 { "" } else { text }
    }

    /// A time of day, given with its offset. Source: Django REST framework, whose times of day have no offset, though
    /// the format `time` of the schemas demands one.
    pub(crate) fn time_of_day(self, text: &'static str) -> &'static str {
        if self.on() { text.trim_end_matches('Z') } else { text }
    }

    /// A small picture in base64, often none.
    pub(crate) fn photo(self, field: u32) -> &'static str {
        /// One transparent pixel.
        const PIXEL: &str =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
        if self.roll(field) < 16 { PIXEL } else { "" }
    }
}
