//! The rule for names of sites, users, keys, connections, schedules, tenants, masters, agents and webhooks.
//!
//! The store keeps a name in Unicode's normalization form C, with single blanks and without invisible characters. Two
//! names are the same if their [`name_key`]s are equal.

use std::borrow::Cow;
use std::collections::HashMap;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use soar_connector::name::{quoted, steers};

use super::limits;

/// A braille pattern without dots. It is shown as a blank, but Unicode does not count it as one.
const BLANK_BRAILLE: char = '\u{2800}';

/// The form in which two spellings of a name are equal: Unicode's canonical caseless match (D145), without the blanks
/// around the name and with single blanks inside it.
#[must_use]
pub fn name_key(name: &str) -> String {
    let decomposed = DecomposingNormalizer::new_nfd().normalize(name).into_owned();
    let folded = CaseMapper::new().fold_string(&decomposed).into_owned();
    single_blanks(&ComposingNormalizer::new_nfc().normalize(&folded))
}

/// Whether two names are the same.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    one == other || name_key(one) == name_key(other)
}

/// The things of this name. If some have exactly this spelling, only those: things from before this rule may have the
/// same name.
pub fn named<'a, T>(things: &'a [T], name: &str, name_of: impl Fn(&T) -> &str) -> Vec<&'a T> {
    let exact: Vec<_> = things.iter().filter(|thing| earlier_key(name_of(thing)) == earlier_key(name)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let key = name_key(name);
    things.iter().filter(|thing| name_key(name_of(thing)) == key).collect()
}

/// The reason for which a name is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(String);

/// A name in the form in which the store keeps it.
///
/// # Errors
/// [`InvalidName`]: the name is empty, too long, or has an invisible character.
pub fn checked_name(what: &str, name: &str) -> Result<String, InvalidName> {
    let invalid =
        |problem: Cow<'_, str>| Err(InvalidName(format!("The name of the {what} {problem}: {}.", quoted(name))));
    let kept = single_blanks(&ComposingNormalizer::new_nfc().normalize(name));
    if kept.is_empty() {
        return invalid("is empty".into());
    }
    if limits::NAME.check(&kept).is_err() {
        return invalid(format!("is longer than {} characters", limits::NAME.characters).into());
    }
    // The check looks at the given text: a line break is a blank too, and would be gone.
    match unseen(name.trim()) {
        Some(character) => {
            invalid(format!("contains the invisible character U+{:04X}; leave it out", u32::from(character)).into())
        }
        None => Ok(kept),
    }
}

/// The first character of `name` that no name may have: a control character or an invisible one.
#[must_use]
pub fn unseen(name: &str) -> Option<char> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    name.chars().find(|c| steers(*c) || ignorable.contains(*c) || *c == BLANK_BRAILLE)
}

/// `text` without blanks around it, and with single blanks inside.
fn single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Things by their names. Things from before this rule may have the same name. Each is then found by its own spelling.
#[derive(Debug, Clone)]
pub struct ByName<T> {
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
    all: Vec<T>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), folded: HashMap::new(), all: Vec::new() }
    }
}

impl<T> ByName<T> {
    /// The thing of this name. A thing of exactly this spelling comes first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        let place = self.exact.get(&earlier_key(name)).or_else(|| self.folded.get(&name_key(name)))?;
        self.all.get(*place)
    }

    /// All things.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter()
    }
}

impl<T> FromIterator<(String, T)> for ByName<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(named: I) -> Self {
        let mut by_name = Self::default();
        for (name, thing) in named {
            let place = by_name.all.len();
            by_name.all.push(thing);
            let (exact, folded) = (earlier_key(&name), name_key(&name));
            // Of several things with the same name, all other spellings find the one whose spelling is the folded one.
            if exact == folded {
                by_name.folded.insert(folded, place);
            } else {
                by_name.folded.entry(folded).or_insert(place);
            }
            by_name.exact.entry(exact).or_insert(place);
        }
        by_name
    }
}

/// The form in which versions before this rule compared names.
pub(crate) fn earlier_key(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for (one, other) in [
            ("Zo\u{eb}", "Zoe\u{308}"),
            ("STRASSE", "stra\u{df}e"),
            ("\u{3a3}\u{391}\u{3a3}", "\u{3c3}\u{3b1}\u{3c2}"),
            ("Acme Corp", " acme\u{a0}\u{a0}CORP "),
            ("\u{212a}elvin", "kelvin"),
            ("\u{1f80}", "\u{1f88}"),
        ] {
            assert!(same_name(one, other), "{one:?} and {other:?}");
        }
        assert!(!same_name("Zoe", "Zo\u{eb}"));
        assert!(!same_name("Acme Corp", "AcmeCorp"));
    }

    #[test]
    fn a_name_is_kept_composed_and_with_single_blanks() {
        assert_eq!(checked_name("user", " Zoe\u{308}  van\u{a0}Dam ").unwrap(), "Zo\u{eb} van Dam");
        assert_eq!(checked_name("user", "\u{5e4}\u{5d5}").unwrap(), "\u{5e4}\u{5d5}");
        assert_eq!(checked_name("user", &"e\u{308}".repeat(100)).unwrap().chars().count(), 100);
    }

    #[test]
    fn characters_that_are_not_seen_are_refused_by_their_number() {
        for (name, number) in [
            ("Ac\u{ad}me", "U+00AD"),
            ("Acme\u{3164}", "U+3164"),
            ("\u{115f}Acme", "U+115F"),
            ("A\u{200d}cme", "U+200D"),
            ("A\u{202e}cme", "U+202E"),
            ("A\u{fe0f}cme", "U+FE0F"),
            ("A\u{2800}cme", "U+2800"),
            ("A\ncme", "U+000A"),
        ] {
            let error = checked_name("site", name).unwrap_err().to_string();
            assert!(error.contains(number) && error.starts_with("The name of the site"), "{error}");
        }
        assert!(checked_name("site", " \u{a0} ").unwrap_err().to_string().contains("is empty"));
    }

    #[test]
    fn things_from_before_the_rule_are_each_found_by_their_own_spelling() {
        let by_name: ByName<i32> = [("Zo\u{eb}".to_owned(), 1), ("Zoe\u{308}".to_owned(), 2)].into_iter().collect();
        assert_eq!((by_name.get("zo\u{eb}"), by_name.get("ZOE\u{308}")), (Some(&1), Some(&2)));
        assert_eq!(by_name.get("Zoe"), None);
    }
}
