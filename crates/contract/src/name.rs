//! How names are matched: as documented, and in the forms people type.

/// The form in which two spellings of a name are equal: lower case, words joined by `-`.
///
/// `Footprint Tenant ID`, `footprint-tenant-id` and `footprint_tenant_id` are the same name, and so is `scannerId`
/// and `scannerid`; `deviceId` and `device-id` are not, since a product's own field names have no words to split.
#[must_use]
pub fn normalised(name: &str) -> String {
    normal(name).collect()
}

/// Whether two spellings are of the same name. See [`normalised`].
#[must_use]
pub fn is_same(name: &str, other: &str) -> bool {
    name == other || normal(name).eq(normal(other))
}

fn normal(name: &str) -> impl Iterator<Item = char> {
    let words = name.split(|c: char| c.is_whitespace() || c == '-' || c == '_').filter(|word| !word.is_empty());
    words.enumerate().flat_map(|(at, word)| {
        let joint = (at > 0).then_some('-');
        joint.into_iter().chain(word.chars().flat_map(char::to_lowercase))
    })
}

/// The form in which two spellings of a product's word are equal: lower case, letters and digits only.
///
/// `fixConfirmed`, `fix confirmed` and `FIX_CONFIRMED` are the same word.
#[must_use]
pub fn same_word(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The flag that a name gives: lower-case letters and digits in words joined by `-`, and nothing that a shell reads.
///
/// `Case Owner's Site` gives `case-owners-site`.
#[must_use]
pub fn flag_of(name: &str) -> String {
    let apostrophes = ['\'', '\u{2019}'];
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && !apostrophes.contains(&c));
    let words = words.map(|word| word.replace(apostrophes, "").to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// Longer names are not typing errors, and comparing them takes time.
const LONGEST_SLIP: usize = 100;

/// The candidate that was most likely meant by `given`, if one is near enough to suggest.
#[must_use]
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LONGEST_SLIP {
        return None;
    }
    let given = normalised(given);
    candidates
        .into_iter()
        .map(|candidate| {
            let normal = normalised(candidate);
            let distance = strsim::damerau_levenshtein(&given, &normal);
            let longest = given.chars().count().max(normal.chars().count());
            (distance, longest, candidate)
        })
        .filter(|(distance, longest, _)| *distance <= 2.max(longest / 3))
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

/// ` Did you mean "…"?`, or nothing when no candidate is near.
#[must_use]
pub fn suggestion<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, candidates).map(|name| format!(" Did you mean \"{name}\"?")).unwrap_or_default()
}

/// Whether a character acts on the terminal or page that shows it, or misleads its reader: controls, line separators, marks that reorder
/// or hide text.
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        // Bidirectional marks, embeddings, overrides and isolates (Unicode Annex 9).
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        // Line and paragraph separators; characters without width; tags, which carry hidden text.
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// A value as it can be quoted in a message: on one line, without characters that steer, cut at 80 characters.
#[must_use]
pub fn quoted(value: &str) -> String {
    let mut text: String = value.chars().take(80).map(|c| if steers(c) { ' ' } else { c }).collect();
    if value.chars().count() > 80 {
        text.push('…');
    }
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_and_typed_forms_are_the_same_name() {
        for typed in ["Footprint Tenant ID", "footprint-tenant-id", "footprint_tenant_id", " FOOTPRINT  tenant-ID "] {
            assert_eq!(normalised(typed), "footprint-tenant-id");
            assert!(is_same(typed, "Footprint Tenant ID"));
        }
        assert!(!is_same("deviceId", "device-id"));
        assert!(!is_same("Tenant", "Tenant ID"));
    }

    #[test]
    fn a_flag_holds_letters_digits_and_dashes_only() {
        for (name, flag) in [
            ("Footprint Tenant ID", "footprint-tenant-id"),
            ("Case Owner's Site", "case-owners-site"),
            ("Is it (really) 1/2?", "is-it-really-1-2"),
            ("scannerId", "scannerid"),
        ] {
            assert_eq!(flag_of(name), flag);
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_noise_finds_none() {
        let names = ["List Devices", "List Device Users", "Patch Rescan"];
        assert_eq!(nearest("list-devcies", names), Some("List Devices"));
        assert_eq!(nearest("patchrescan", names), Some("Patch Rescan"));
        assert_eq!(nearest("make coffee", names), None);
        assert_eq!(nearest(&"List Devices".repeat(1_000_000), names), None);
    }

    #[test]
    fn a_quoted_value_is_short_and_harmless() {
        assert_eq!(quoted("a\u{1b}[2Jb"), "\"a [2Jb\"");
        assert_eq!(quoted("a\u{2029}b\u{202e}c"), "\"a b c\"");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 83);
    }
}
