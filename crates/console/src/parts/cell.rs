//! A cell of a table, or the value of a fact.

use askama::Template;

use super::badge::Badge;
use super::day_strip::DayStrip;
use super::sparkline::Sparkline;
use super::text::VendorText;
use super::when::When;

#[derive(Debug, Clone)]
enum Content {
    Text(VendorText),
    Link {
        href: String,
        text: VendorText,
        /// Whether the linked page opens as a dialog.
        is_dialog: bool,
    },
    Badge(Badge),
    When(When),
    Number,
    Spark(Sparkline),
    Strip(DayStrip),
    /// A checkbox of the form with the id `form`, with a label for screen readers.
    Check {
        form: &'static str,
        name: &'static str,
        value: String,
    },
}

/// A cell of a table.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/cell.html")]
pub(crate) struct Cell {
    content: Content,
    /// The text in an export.
    plain: String,
}

impl Cell {
    fn new(content: Content, plain: impl Into<String>) -> Self {
        Self { content, plain: plain.into() }
    }

    /// A text of a vendor or a user.
    pub(crate) fn text(text: &str) -> Self {
        Self::new(Content::Text(VendorText::new(text)), text)
    }

    /// A link to another page.
    pub(crate) fn link(href: impl Into<String>, text: &str) -> Self {
        Self::new(Content::Link { href: href.into(), text: VendorText::new(text), is_dialog: false }, text)
    }

    /// A link to a page that opens as a dialog.
    pub(crate) fn dialog(href: impl Into<String>, text: &str) -> Self {
        Self::new(Content::Link { href: href.into(), text: VendorText::new(text), is_dialog: true }, text)
    }

    pub(crate) fn badge(badge: Badge) -> Self {
        let plain = badge.text().to_owned();
        Self::new(Content::Badge(badge), plain)
    }

    pub(crate) fn when(when: When) -> Self {
        let plain = when.machine().to_owned();
        Self::new(Content::When(when), plain)
    }

    /// A number. Its column is aligned to the right.
    pub(crate) fn number(number: impl std::fmt::Display) -> Self {
        Self::new(Content::Number, number.to_string())
    }

    /// A small chart of values.
    pub(crate) fn spark(spark: Sparkline) -> Self {
        Self::new(Content::Spark(spark), "")
    }

    /// A strip of days.
    pub(crate) fn strip(strip: DayStrip) -> Self {
        Self::new(Content::Strip(strip), "")
    }

    /// A checkbox of the form with the id `form`. The value is also its label.
    pub(crate) fn check(form: &'static str, name: &'static str, value: &str) -> Self {
        Self::new(Content::Check { form, name, value: value.to_owned() }, "")
    }

    /// An unknown value, which is neither zero nor never.
    pub(crate) fn unknown() -> Self {
        Self { plain: String::new(), ..Self::text("—") }
    }

    /// The text; unknown if it is empty.
    pub(crate) fn text_or_unknown(text: &str) -> Self {
        if text.is_empty() { Self::unknown() } else { Self::text(text) }
    }

    /// `Yes` or `No`.
    pub(crate) fn yes_or_no(value: bool) -> Self {
        Self::text(if value { "Yes" } else { "No" })
    }

    /// The text in an export.
    pub(super) fn plain(&self) -> &str {
        &self.plain
    }
}
