//! The Error tab of a failed command: the three documented parts, and its cause and cure.

use askama::Template;
use soar_connector::{CommandError, ErrorParts};

use super::text::VendorText;

/// The Error tab of a failed command.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/error_tab.html")]
pub(crate) struct ErrorTab {
    /// The failed command. Empty where only the message is known.
    indicator: String,
    /// Empty where only the message is known.
    status: String,
    message: VendorText,
    /// Empty where it is not known.
    code: String,
    cause: Option<VendorText>,
    cure: Option<VendorText>,
    is_retryable: bool,
}

impl ErrorTab {
    pub(crate) fn new(error: &CommandError) -> Self {
        Self {
            indicator: error.failure_indicator.clone(),
            status: error.status_code.to_string(),
            message: VendorText::new(&error.message),
            code: error.code.clone(),
            cause: if_any(&error.cause),
            cure: if_any(&error.cure),
            is_retryable: error.retryable,
        }
    }

    /// The Error tab of a failure that is stored as a text. A text that is no Error tab is the message.
    pub(crate) fn stored(text: &str, code: Option<&str>, cause: Option<&str>, cure: Option<&str>) -> Self {
        let message = ErrorParts { failure_indicator: "", status_code: "", message: text };
        let ErrorParts { failure_indicator, status_code, message } = ErrorParts::of(text).unwrap_or(message);
        Self {
            indicator: failure_indicator.to_owned(),
            status: status_code.to_owned(),
            message: VendorText::new(message),
            code: code.unwrap_or_default().to_owned(),
            cause: cause.and_then(if_any),
            cure: cure.and_then(if_any),
            is_retryable: false,
        }
    }
}

fn if_any(text: &str) -> Option<VendorText> {
    (!text.is_empty()).then(|| VendorText::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_failure_has_the_parts_of_its_text_and_only_what_is_known() {
        let text = "List Devices failed.\nStatus Code: 401.\nMessage: Unauthorized.";
        let whole = ErrorTab::stored(text, Some("not-permitted"), Some("The cause."), Some("The cure.")).to_string();
        for part in ["failed.</p>", "<dd>401</dd>", "Unauthorized.", "The cause.", "The cure.", "not-permitted"] {
            assert!(whole.contains(part), "{part}: {whole}");
        }
        assert!(!whole.contains("Message: "), "{whole}");
        let bare = ErrorTab::stored("It broke.", None, None, None).to_string();
        assert!(bare.contains("It broke."), "{bare}");
        for part in ["Status Code", "Cause", "Cure", "<code>", "indicator"] {
            assert!(!bare.contains(part), "{part}: {bare}");
        }
    }
}
