//! Takes secrets out of text that a product sent, before anybody reads it.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// The text in place of a secret.
const MASK: &str = "[redacted]";

/// Shorter secrets are left alone: masking every `a` would only hide the message.
const SHORTEST: usize = 4;

/// How much of a long text is looked at, in bytes: the product may have made it so that looking takes long.
const LOOKED_AT: usize = 8_000;

/// How much of that is not shown, since it may be a secret's first part; more than any token has in any spelling.
const MARGIN: usize = 4_000;

/// Knows the secrets of one session and masks them in text, also where they are URL-encoded, escaped or base64.
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Vec<SecretString>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Redactor({} forms)", self.forms.len())
    }
}

impl Redactor {
    /// Adds a secret in all the forms in which an answer may echo it.
    pub fn add(&mut self, secret: &SecretString) {
        let plain = secret.expose_secret();
        if plain.len() < SHORTEST {
            return;
        }
        self.forms.push(secret.clone());
        self.forms.extend(base64_forms(plain.as_bytes()).into_iter().map(SecretString::from));
    }

    /// `text` with every known secret masked; where secrets overlap, all that any of them covers.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut marked: Vec<Range<usize>> = Vec::new();
        for form in &self.forms {
            mark(text, form.expose_secret(), &mut marked);
        }
        if marked.is_empty() {
            return Cow::Borrowed(text);
        }
        marked.sort_by_key(|range| range.start);
        let mut clean = String::with_capacity(text.len());
        let mut done = 0;
        for range in marked {
            // A range that begins where the last one ended, or before, is under its mask already.
            if done == 0 || range.start > done {
                clean.push_str(text.get(done..range.start).unwrap_or_default());
                clean.push_str(MASK);
            }
            done = done.max(range.end);
        }
        clean.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(clean)
    }

    /// The same of the start of `text`, which is more than a message shows, in bounded time.
    #[must_use]
    pub fn clean_start<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.len() <= LOOKED_AT {
            return self.clean(text);
        }
        let clean = self.clean(start(text, LOOKED_AT));
        let shown = clean.len().saturating_sub(MARGIN);
        Cow::Owned(start(&clean, shown).to_owned())
    }
}

/// As much of the start of `text` as fits into so many bytes.
fn start(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    &text[..end]
}

/// The base64 characters that depend only on the secret, for each of its three alignments.
fn base64_forms(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.extend(text.get(own.clone()).map(str::to_owned));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// Notes where `form` stands in `text`, however its characters are spelled.
fn mark(text: &str, form: &str, marked: &mut Vec<Range<usize>>) {
    let Some(first) = form.chars().next() else { return };
    for (start, c) in text.char_indices() {
        if (c == first || matches!(c, '%' | '\\' | '+'))
            && let Some(end) = end_of_match(text, start, form)
        {
            marked.push(start..end);
        }
    }
}

/// Where `form` ends in `text` if it starts at `start`, each of its characters in any of its spellings.
fn end_of_match(text: &str, start: usize, form: &str) -> Option<usize> {
    // A `%` may be itself or the start of `%25`, so that there can be more than one place to go on from.
    let mut ends = vec![start];
    for c in form.chars() {
        let mut next = Vec::with_capacity(ends.len());
        for end in ends {
            for length in spellings(text.get(end..).unwrap_or_default(), c).into_iter().flatten() {
                if !next.contains(&(end + length)) {
                    next.push(end + length);
                }
            }
        }
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.into_iter().max()
}

/// The lengths of the spellings of `c` that `text` starts with: itself, URL-encoded, or escaped as in JSON.
fn spellings(text: &str, c: char) -> [Option<usize>; 3] {
    let itself = text.starts_with(c).then(|| c.len_utf8());
    match text.as_bytes().first() {
        Some(b'+') if c == ' ' => [itself, Some(1), None],
        Some(b'%') => {
            let bytes = c.encode_utf8(&mut [0; 4]).bytes().map(u32::from).collect::<Vec<_>>();
            [itself, escaped(text, "%", 2, &bytes), None]
        }
        Some(b'\\') => {
            let short = text[1..].starts_with(match c {
                '\u{8}' => 'b',
                '\u{c}' => 'f',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '"' | '\\' | '/' => c,
                _ => '\0',
            });
            let units = c.encode_utf16(&mut [0; 2]).iter().map(|unit| u32::from(*unit)).collect::<Vec<_>>();
            [itself, short.then_some(2), escaped(text, "\\u", 4, &units)]
        }
        _ => [itself, None, None],
    }
}

/// The length of `units` at the start of `text`, each written as `mark` and so many hexadecimal digits.
fn escaped(text: &str, mark: &str, digits: usize, units: &[u32]) -> Option<usize> {
    let mut rest = text;
    for unit in units {
        let number = rest.strip_prefix(mark)?.get(..digits)?;
        // `from_str_radix` takes a sign too.
        if !number.bytes().all(|digit| digit.is_ascii_hexdigit()) || u32::from_str_radix(number, 16) != Ok(*unit) {
            return None;
        }
        rest = rest.get(mark.len() + digits..)?;
    }
    Some(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for secret in secrets {
            redactor.add(&SecretString::from(*secret));
        }
        redactor
    }

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let redactor = redactor(&["p@ss \"wörd\""]);
        for (echoed, clean) in [
            ("bad password p@ss \"wörd\" given", "bad password [redacted] given"),
            (r#"{"password": "p@ss \"wörd\""}"#, r#"{"password": "[redacted]"}"#),
            (r#"{"password": "p@ss \u0022w\u00F6rd\""}"#, r#"{"password": "[redacted]"}"#),
            ("password=p%40ss%20%22w%C3%B6rd%22&x=1", "password=[redacted]&x=1"),
            ("password=p%40ss+%22w%c3%b6rd%22&x=1", "password=[redacted]&x=1"),
            ("password=p@ss%20\"wörd%22&x=1", "password=[redacted]&x=1"),
        ] {
            assert_eq!(redactor.clean(echoed), clean);
        }
    }

    #[test]
    fn base64_is_masked_wherever_the_secret_stands_in_it_and_in_both_alphabets() {
        let secret = "hunter2?>~canary";
        let redactor = redactor(&[secret]);
        for user in ["", "u", "us", "user:"] {
            let bytes = format!("{user}{secret}\u{1}");
            for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                let clean = redactor.clean(&text).into_owned();
                // The rest is the neighbours, and the characters that they share with the secret's ends.
                let left = clean.replace(MASK, "").len();
                assert!(clean.contains(MASK) && left <= user.len() * 8 / 6 + 4, "{text} became {clean}");
            }
        }
    }

    #[test]
    fn secrets_that_overlap_leave_nothing_of_each_other() {
        assert_eq!(redactor(&["abcd", "abcdefgh"]).clean("xabcdefghx"), "x[redacted]x");
        assert_eq!(redactor(&["abcd", "cdef"]).clean("xabcdefx"), "x[redacted]x");
        assert_eq!(redactor(&["aaaa"]).clean("aaaaaa"), "[redacted]");
        assert_eq!(redactor(&["abcd", "wxyz"]).clean("abcd wxyz"), "[redacted] [redacted]");
    }

    #[test]
    fn a_percent_sign_or_backslash_in_a_secret_is_found_in_both_readings() {
        let redactor = redactor(&["%41%\\n"]);
        for text in ["%41%\\n", "%2541%25%5Cn", r"%41%\\n"] {
            assert_eq!(redactor.clean(text), MASK, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_where_no_secret_can_be_cut_with_it() {
        let redactor = redactor(&["hunter2-canary"]);
        for before in [LOOKED_AT - 5, MARGIN - 5, 0] {
            let clean = redactor
                .clean_start(&format!("{}hunter2-canary{}", " ".repeat(before), "x".repeat(LOOKED_AT)))
                .into_owned();
            assert!(!clean.contains("hunt") && clean.len() <= LOOKED_AT - MARGIN + MASK.len(), "{before}");
        }
        assert_eq!(redactor.clean_start("hunter2-canary"), MASK);
    }

    #[test]
    fn text_without_a_secret_is_returned_as_it_is() {
        assert!(matches!(redactor(&["abc"]).clean("abcdef"), Cow::Borrowed("abcdef")));
    }
}
