//! The longest texts that the host keeps. HTTP, the terminal, commands and imports check them.

/// The most bytes of one answer.
pub const MOST_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The most characters of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimit {
    /// The name of the text in errors.
    what: &'static str,
    /// The most characters.
    pub characters: usize,
}

/// A text has too many characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The {} has {found} characters, and {} is the most. Shorten it.", limit.what, limit.characters)]
pub struct TextTooLong {
    limit: TextLimit,
    found: usize,
}

impl TextLimit {
    const fn new(what: &'static str, characters: usize) -> Self {
        Self { what, characters }
    }

    /// Checks a text.
    ///
    /// # Errors
    /// [`TextTooLong`].
    pub fn check(self, text: &str) -> Result<(), TextTooLong> {
        // A text has at least as many bytes as characters.
        if text.len() <= self.characters {
            return Ok(());
        }
        let found = text.chars().count();
        if found <= self.characters { Ok(()) } else { Err(TextTooLong { limit: self, found }) }
    }
}

/// The name of a site, a user, a key, a connection, a schedule or a tenant.
pub const NAME: TextLimit = TextLimit::new("name", 100);
/// The description of a site or a connection.
pub const ABOUT: TextLimit = TextLimit::new("description", 2_000);
/// The number of an incident or a case.
pub const NUMBER: TextLimit = TextLimit::new("number", 100);
/// The title of an incident or a case. Commands cut longer titles.
pub const TITLE: TextLimit = TextLimit::new("title", 100);
/// The description of an incident or a case.
pub const DESCRIPTION: TextLimit = TextLimit::new("description", 65_536);
/// The type of an incident or a case.
pub const KIND: TextLimit = TextLimit::new("type", 200);
/// The disposition of an incident.
pub const DISPOSITION: TextLimit = TextLimit::new("disposition", 200);
/// The conclusion of an incident, with all lines that were added.
pub const CONCLUSION: TextLimit = TextLimit::new("conclusion", 65_536);
/// The data that an incident is created from, as JSON.
pub const RAW_DATA: TextLimit = TextLimit::new("raw data", 1_048_576);
/// The priority of a case.
pub const PRIORITY: TextLimit = TextLimit::new("priority", 100);
/// The time zone of a case.
pub const TIME_ZONE: TextLimit = TextLimit::new("time zone", 100);
/// The most bytes of a task's name, and of a dynamic field's name with its section: both are in an index.
pub const DETAIL_NAME_BYTES: usize = 1_000;
/// The value of a dynamic field.
pub const FIELD_VALUE: TextLimit = TextLimit::new("value of a field", 10_000);
/// The parameters of a schedule, as JSON.
pub const SCHEDULE_PARAMETERS: TextLimit = TextLimit::new("text of the parameters", 65_536);

/// A text parameter of a command, and an item of a list. Commands may have lower limits.
pub const PARAMETER: TextLimit = TextLimit::new("text", 100_000);

/// The most tasks, and the most dynamic fields, of an incident.
pub const MOST_DETAILS: usize = 500;
/// The most links that a row of an import gives an incident.
pub const MOST_LINKS: usize = 10_000;
/// The most users, sites or commands that a key names.
pub const MOST_NAMED: usize = 1_000;
/// The most bytes that one command appends to conclusions, on all incidents together.
pub const CONCLUSIONS_AT_ONCE: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::NAME;

    #[test]
    fn characters_count_not_bytes() {
        assert!(NAME.check(&"é".repeat(100)).is_ok());
        let error = NAME.check(&"é".repeat(101)).map_err(|error| error.to_string());
        assert_eq!(error, Err("The name has 101 characters, and 100 is the most. Shorten it.".to_owned()));
    }
}
