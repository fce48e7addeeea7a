//! The rules for new passwords, and the form in which passwords are hashed.

use std::collections::HashSet;

use icu_normalizer::ComposingNormalizerBorrowed;
use soar_store::model::name::name_key;
use zeroize::Zeroizing;

/// The fewest characters of a password.
const FEWEST: usize = 12;

/// The most bytes of a password.
const MOST_BYTES: usize = 1024;

/// The fewest different characters of a password.
const FEWEST_DIFFERENT: usize = 5;

/// The reason for which a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// It is too short.
    #[error("The password has fewer than {FEWEST} characters. Use at least {FEWEST}, such as several words.")]
    Short,
    /// It is too long.
    #[error("The password has more than {MOST_BYTES} bytes. Use a shorter one.")]
    Long,
    /// It repeats a few characters.
    #[error("The password repeats a few characters. Use at least {FEWEST_DIFFERENT} different ones.")]
    Repetitive,
    /// It is the user's name or contains it.
    #[error("The password contains the user's name. Use another one.")]
    Name,
}

/// Checks a new password of the user `name`.
///
/// # Errors
/// [`PasswordProblem`].
pub(super) fn check(password: &str, name: &str) -> Result<(), PasswordProblem> {
    if password.len() > MOST_BYTES {
        return Err(PasswordProblem::Long);
    }
    if password.chars().count() < FEWEST {
        return Err(PasswordProblem::Short);
    }
    if password.chars().collect::<HashSet<_>>().len() < FEWEST_DIFFERENT {
        return Err(PasswordProblem::Repetitive);
    }
    let name = name_key(name);
    // A short name may be part of a word.
    if name.chars().count() >= 4 && Zeroizing::new(name_key(password)).contains(&name) {
        return Err(PasswordProblem::Name);
    }
    Ok(())
}

/// A password in the form in which it is hashed: Unicode NFC, since keyboards send the same letter in different forms.
/// `None` if it is too long to be a password.
pub(super) fn normal(password: &str) -> Option<Zeroizing<String>> {
    let is_short = password.len() <= MOST_BYTES;
    is_short.then(|| Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(password).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_refused_with_its_reason() {
        for (password, problem) in [
            ("elevenchars", PasswordProblem::Short),
            ("", PasswordProblem::Short),
            (&*"é".repeat(513), PasswordProblem::Long),
            ("abababababab", PasswordProblem::Repetitive),
            ("ALICE's secret!", PasswordProblem::Name),
        ] {
            assert_eq!(check(password, "alice"), Err(problem), "{password}");
        }
        for password in ["correct horse battery", "пароль из слов", &"abcde".repeat(200)] {
            assert_eq!(check(password, "alice"), Ok(()), "{password}");
        }
        assert_eq!(check("a bobsled in summer", "bob"), Ok(()), "a short name may be part of a word");
    }

    #[test]
    fn the_same_letters_are_the_same_password() {
        assert_eq!(normal("Zoe\u{308} and Zoe\u{308}"), normal("Zo\u{eb} and Zo\u{eb}"));
        assert_eq!(normal(&"a".repeat(2_000)), None);
    }
}
