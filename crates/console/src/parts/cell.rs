//! A cell of a table.

use askama::Template;

use super::badge::Badge;
use super::text::VendorText;
use super::when::When;

#[derive(Debug, Clone)]
enum Content {
    Text(VendorText),
    Link { href: String, text: VendorText },
    Badge(Badge),
    When(When),
    Number(String),
}

/// A cell of a table.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/cell.html")]
pub(crate) struct Cell {
    content: Content,
}

impl Cell {
    /// A text of a vendor or a user.
    pub(crate) fn text(text: &str) -> Self {
        Self { content: Content::Text(VendorText::new(text)) }
    }

    /// A link to another page.
    pub(crate) fn link(href: impl Into<String>, text: &str) -> Self {
        Self { content: Content::Link { href: href.into(), text: VendorText::new(text) } }
    }

    pub(crate) fn badge(badge: Badge) -> Self {
        Self { content: Content::Badge(badge) }
    }

    pub(crate) fn when(when: When) -> Self {
        Self { content: Content::When(when) }
    }

    /// A number. Its column is aligned to the right.
    pub(crate) fn number(number: impl std::fmt::Display) -> Self {
        Self { content: Content::Number(number.to_string()) }
    }

    /// An unknown value, which is neither zero nor never.
    pub(crate) fn unknown() -> Self {
        Self::text("—")
    }
}
