//! The part of a text that is the secret, wherever the text comes from.

use secrecy::SecretString;

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// Nothing is left of it.
    #[error("is empty")]
    Empty,
    /// A secret is one line.
    #[error("holds more than one line")]
    SeveralLines,
}

/// The secret that `text` is: one line, without the byte order mark before it and the line break after it, which
/// editors, shells and `docker --env-file` leave there. Everything else is part of it, blanks too.
///
/// # Errors
/// [`NoSecret`].
pub fn secret_in(text: &str) -> Result<SecretString, NoSecret> {
    let text = text.trim_start_matches('\u{feff}');
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() {
        return Err(NoSecret::Empty);
    }
    if line.contains(['\n', '\r']) {
        return Err(NoSecret::SeveralLines);
    }
    Ok(SecretString::from(line))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_byte_order_mark_and_one_line_break_are_no_part_of_a_secret_and_all_else_is() {
        for written in ["p w%41 ", "p w%41 \n", "p w%41 \r\n", "p w%41 \r", "\u{feff}p w%41 ", "\u{feff}p w%41 \r\n"] {
            let secret = secret_in(written).unwrap();
            assert_eq!(secret.expose_secret(), "p w%41 ", "{written:?}");
            assert_eq!(secret_in(secret.expose_secret()).unwrap().expose_secret(), "p w%41 ", "read twice");
        }
        assert_eq!(secret_in(" \u{feff}p").unwrap().expose_secret(), " \u{feff}p");
    }

    #[test]
    fn nothing_and_several_lines_are_no_secret() {
        for (text, problem) in [
            ("", NoSecret::Empty),
            ("\u{feff}\r\n", NoSecret::Empty),
            ("  \n", NoSecret::Empty),
            ("a\nb", NoSecret::SeveralLines),
            ("a\n\n", NoSecret::SeveralLines),
            ("a\rb", NoSecret::SeveralLines),
        ] {
            assert_eq!(secret_in(text).unwrap_err(), problem, "{text:?}");
        }
    }
}
