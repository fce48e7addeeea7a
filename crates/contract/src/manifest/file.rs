//! One file of a manifest, and the error of a file that cannot be used.

/// One manifest file: its name, for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct ManifestFile<'a> {
    /// Such as `commands/list-devices.toml`.
    pub name: &'a str,
    /// The TOML text.
    pub text: &'a str,
}

/// A manifest file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {field}: {problem}. {fix}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ManifestError {
    /// The file's name.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// The field, such as `inputs."Risk Level".choices`.
    pub field: String,
    /// The problem.
    pub problem: String,
    /// The correction.
    pub fix: String,
}

impl<'a> ManifestFile<'a> {
    /// The file of that name with that text.
    #[must_use]
    pub const fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }
}
