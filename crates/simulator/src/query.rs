//! Reads query parameters the way the vendor does: unknown names are ignored, bad values of known ones refused.

use crate::reply::Reply;

/// The decoded query of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestQuery<'a>(pub(crate) &'a [(String, String)]);

impl<'a> RequestQuery<'a> {
    /// The last value of this name, as Django has it; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let value = self.0.iter().rev().find(|(key, _)| key == name)?.1.as_str();
        (!value.is_empty()).then_some(value)
    }

    /// The position of the value among the choices, or 400 for another word.
    pub(crate) fn choice(&self, name: &str, choices: &[&str]) -> Result<Option<usize>, Reply> {
        self.get(name).map(|value| position(name, value, choices)).transpose()
    }

    /// A comma list of choices as a bit set (bit 0 is the first choice), or 400 for another word.
    pub(crate) fn choices(&self, name: &str, choices: &[&str]) -> Result<Option<u32>, Reply> {
        let Some(list) = self.get(name) else {
            return Ok(None);
        };
        let mut set = 0;
        for word in list.split(',') {
            set |= 1 << position(name, word.trim(), choices)?;
        }
        Ok(Some(set))
    }

    /// A Boolean, or 400.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Reply> {
        match self.get(name) {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(_) => Err(Reply::field(name, "Must be a valid boolean.")),
        }
    }

    /// A whole number of any magnitude; one that does not fit is the largest that does. The vendor falls back on
    /// "not given" for anything else.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let text = self.get(name)?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(u64::MAX))
    }

    /// A text in lower case, for searches that ignore case.
    pub(crate) fn folded(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_lowercase)
    }
}

/// Whether the text is a whole number, with or without a sign, of any magnitude.
pub(crate) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn position(name: &str, value: &str, choices: &[&str]) -> Result<usize, Reply> {
    choices
        .iter()
        .position(|choice| *choice == value)
        .ok_or_else(|| Reply::field(name, &format!("\"{value}\" is not a valid choice.")))
}
