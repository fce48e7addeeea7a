//! The Error tab of a failed command: the three documented parts, and its cause and cure.

use askama::Template;
use soar_connector::CommandError;

use super::text::VendorText;

/// The Error tab of a failed command.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/error_tab.html")]
pub(crate) struct ErrorTab {
    indicator: String,
    status: String,
    message: VendorText,
    code: String,
    cause: VendorText,
    cure: VendorText,
    is_retryable: bool,
}

impl ErrorTab {
    pub(crate) fn new(error: &CommandError) -> Self {
        Self {
            indicator: error.failure_indicator.clone(),
            status: error.status_code.to_string(),
            message: VendorText::new(&error.message),
            code: error.code.clone(),
            cause: VendorText::new(&error.cause),
            cure: VendorText::new(&error.cure),
            is_retryable: error.retryable,
        }
    }
}
