//! The values of a statement whose conditions depend on what the caller wants.

use sqlx::Arguments as _;
use sqlx::any::AnyArguments;

use super::StoreError;

/// Values in the order of their placeholders.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    values: Vec<Bound>,
}

#[derive(Debug)]
enum Bound {
    Number(i64),
    Text(String),
}

impl Bounds {
    /// Adds a number, and returns its placeholder.
    pub(super) fn number(&mut self, number: i64) -> String {
        self.add(Bound::Number(number))
    }

    /// Adds a text, and returns its placeholder.
    pub(super) fn text(&mut self, text: impl Into<String>) -> String {
        self.add(Bound::Text(text.into()))
    }

    fn add(&mut self, bound: Bound) -> String {
        self.values.push(bound);
        format!("${}", self.values.len())
    }

    /// The values for a query.
    pub(super) fn arguments(self) -> Result<AnyArguments, StoreError> {
        let mut arguments = AnyArguments::default();
        for value in self.values {
            let added = match value {
                Bound::Number(number) => arguments.add(number),
                Bound::Text(text) => arguments.add(text),
            };
            added.map_err(|error| StoreError::Database(sqlx::Error::Encode(error)))?;
        }
        Ok(arguments)
    }
}
