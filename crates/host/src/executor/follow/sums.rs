//! The requests and warnings of a followed run, over all of its steps.

use serde::{Deserialize, Serialize};
use soar_connector::{Conclusion, Receipt, Warning};

/// What the steps so far have sent, and what the start warned of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sums {
    requests: u64,
    retries: u64,
    warnings: Vec<Warning>,
}

impl Sums {
    /// The sums of a start.
    pub(super) fn of_start(start: &Conclusion) -> Self {
        let Conclusion { receipt, warnings, .. } = start;
        Self { requests: receipt.requests, retries: receipt.retries, warnings: warnings.clone() }
    }

    /// The sums in the store. What cannot be read counts as nothing: it is no part of the result.
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Adds the requests of a question.
    pub(super) fn add(&mut self, receipt: &Receipt) {
        self.requests += receipt.requests;
        self.retries += receipt.retries;
    }

    /// The conclusion of the last step, with the requests and warnings of all steps.
    pub(super) fn conclude(&self, last: Conclusion) -> Conclusion {
        let Conclusion { error, mut receipt, warnings } = last;
        receipt.requests += self.requests;
        receipt.retries += self.retries;
        let new = warnings.into_iter().filter(|warning| !self.warnings.contains(warning));
        let warnings = self.warnings.iter().cloned().chain(new).collect();
        Conclusion { error, receipt, warnings }
    }
}
