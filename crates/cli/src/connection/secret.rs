//! Reads secrets from a file, standard input, or a prompt without echo.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use anyhow::{Context as _, Result};
use dialoguer::Password;
use secrecy::SecretString;
use soar_connector::secret_in;

use super::ValueSource;

/// A larger file is not a password but a wrong path.
const LARGEST: u64 = 64 * 1024;

impl ValueSource {
    /// The value, or a sentence that says why it cannot be read.
    pub(crate) fn value(&self) -> Result<SecretString, String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => file(path),
            Self::StandardInput if io::stdin().is_terminal() => {
                Err("Standard input is this terminal, which would show it. Pipe it in, or leave the flag out: \
                 footprint then asks for it."
                    .to_owned())
            }
            Self::StandardInput => {
                only_line_of(io::stdin().lock()).map_err(|problem| format!("Standard input {problem}."))
            }
        }
    }
}

fn file(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    if path == Path::new("-") {
        return Err("`-` is not a file here; the flag that ends in -stdin reads standard input.".to_owned());
    }
    let file = File::open(path).map_err(|error| format!("The file {shown} cannot be read: {error}."))?;
    only_line_of(file).map_err(|problem| format!("The file {shown} {problem}."))
}

/// The secret in `input`, which contains nothing else.
fn only_line_of(input: impl Read) -> Result<SecretString, String> {
    let mut text = String::new();
    input.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > LARGEST {
        return Err("is too large to contain only this setting".to_owned());
    }
    secret_in(&text).map_err(|problem| problem.to_string())
}

/// Whether there is a terminal to ask at.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for the setting `name` without echo.
pub(crate) fn ask(name: &str) -> Result<SecretString> {
    let typed = Password::new().with_prompt(name).report(false).allow_empty_password(true).interact();
    // An empty answer counts as not given. The check of the settings reports it as missing.
    Ok(secret_in(&typed.with_context(|| format!("{name} could not be asked for"))?).unwrap_or_else(|_| "".into()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_file_has_the_secret_without_its_line_break() {
        for written in ["p w ", "p w \n", "p w \r\n", "\u{feff}p w \r\n"] {
            assert_eq!(only_line_of(written.as_bytes()).unwrap().expose_secret(), "p w ");
        }
    }

    #[test]
    fn a_text_that_is_not_a_secret_is_refused_without_showing_it() {
        for (written, problem) in [("", "is empty"), ("\n", "is empty"), ("a\nb", "holds more than one line")] {
            assert_eq!(only_line_of(written.as_bytes()).unwrap_err(), problem);
        }
        assert!(only_line_of(io::repeat(b'x')).unwrap_err().contains("too large"));
        assert!(file(Path::new("-")).unwrap_err().contains("-stdin"));
    }
}
