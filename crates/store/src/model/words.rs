//! The words of a text, for searches: without case and diacritics, split at everything that is no letter and no digit.

use std::collections::BTreeSet;

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizer;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

/// The most characters of a word. The rest of a longer word is not searched.
const LONGEST: usize = 64;

/// The most different words of an incident.
const MOST: usize = 1_000;

/// Different words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// The words of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.add(text);
        words
    }

    /// Adds the words of a text, up to 1,000 different words.
    pub fn add(&mut self, text: &str) {
        let categories = CodePointMapData::<GeneralCategory>::new();
        let kept = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Number);
        let mut word = String::new();
        let mut length = 0;
        for character in folded(text).chars().chain([' ']) {
            let category = categories.get(character);
            if kept.contains(category) {
                if length < LONGEST {
                    word.push(character);
                }
                length += 1;
            } else if !GeneralCategoryGroup::Mark.contains(category) {
                if !word.is_empty() && self.0.len() < MOST {
                    self.0.insert(std::mem::take(&mut word));
                }
                word.clear();
                length = 0;
            }
        }
    }

    /// The words, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text without differences of case, with diacritics as characters of their own.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let normalizer = DecomposingNormalizer::new_nfkd();
    let folded = CaseMapper::new().fold_string(&normalizer.normalize(text)).into_owned();
    normalizer.normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Words::of(text).iter().map(str::to_owned).collect()
    }

    #[test]
    fn case_diacritics_and_punctuation_make_no_difference() {
        assert_eq!(words("Zoë's SIGN-IN, twice"), ["in", "s", "sign", "twice", "zoe"]);
        assert_eq!(words("zoe\u{308} STRASSE"), words("Zoë straße"));
        assert_eq!(words("20210127-198"), ["198", "20210127"]);
        assert_eq!(words("ﬁle №5 Ⅷ"), ["file", "no5", "viii"]);
        assert_eq!(words("日本語 検索"), ["日本語", "検索"]);
    }

    #[test]
    fn a_text_without_letters_and_digits_has_no_words() {
        assert!(Words::of("").is_empty());
        assert!(Words::of("\" * ' & | ! ( ) : \\ \u{202e} \u{300}").is_empty());
    }

    #[test]
    fn words_are_bounded() {
        assert_eq!(words(&"a".repeat(10_000)), ["a".repeat(64)]);
        let many: String = (0..5_000).map(|number| format!("w{number} ")).collect();
        assert_eq!(words(&many).len(), 1_000);
    }
}
