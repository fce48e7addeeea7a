//! A page that consists of parts only.

use askama::Template;

use super::counts::Counts;
use super::error_tab::ErrorTab;
use super::facts::Facts;
use super::filter::Filter;
use super::form_panel::FormPanel;
use super::json_text::JsonText;
use super::link_button::LinkButton;
use super::progress::ProgressPanel;
use super::shown_once::ShownOnce;
use super::table::Table;
use super::tabs::Tabs;
use crate::visit::Frame;

/// A part of a page.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/block.html")]
pub(crate) enum Block {
    Counts(Box<Counts>),
    Filter(Box<Filter>),
    Table(Box<Table>),
    Facts(Box<Facts>),
    Form(Box<FormPanel>),
    Secret(Box<ShownOnce>),
    Tabs(Box<Tabs>),
    Progress(ProgressPanel),
    Error(Box<ErrorTab>),
    Json(JsonText),
    Text(String),
}

impl From<Counts> for Block {
    fn from(counts: Counts) -> Self {
        Self::Counts(Box::new(counts))
    }
}

impl From<ProgressPanel> for Block {
    fn from(progress: ProgressPanel) -> Self {
        Self::Progress(progress)
    }
}

impl From<ErrorTab> for Block {
    fn from(error: ErrorTab) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<JsonText> for Block {
    fn from(text: JsonText) -> Self {
        Self::Json(text)
    }
}

impl From<Tabs> for Block {
    fn from(tabs: Tabs) -> Self {
        Self::Tabs(Box::new(tabs))
    }
}

impl From<Filter> for Block {
    fn from(filter: Filter) -> Self {
        Self::Filter(Box::new(filter))
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(Box::new(table))
    }
}

impl From<Facts> for Block {
    fn from(facts: Facts) -> Self {
        Self::Facts(Box::new(facts))
    }
}

impl From<FormPanel> for Block {
    fn from(form: FormPanel) -> Self {
        Self::Form(Box::new(form))
    }
}

impl From<ShownOnce> for Block {
    fn from(secret: ShownOnce) -> Self {
        Self::Secret(Box::new(secret))
    }
}

impl From<String> for Block {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A page that consists of parts only.
#[derive(Debug, Template)]
#[template(path = "layout/content.html")]
pub(crate) struct ContentPage {
    frame: Frame,
    actions: Vec<LinkButton>,
    blocks: Vec<Block>,
    /// The topics with whose news the parts are loaded again; empty for none.
    live: &'static str,
}

impl ContentPage {
    pub(crate) fn new(frame: Frame) -> Self {
        Self { frame, actions: Vec::new(), blocks: Vec::new(), live: "" }
    }

    /// Adds a link beside the title.
    #[must_use]
    pub(crate) fn action(mut self, action: impl Into<Option<LinkButton>>) -> Self {
        self.actions.extend(action.into());
        self
    }

    /// Loads the parts again when one of the topics has news.
    #[must_use]
    pub(crate) fn live(mut self, topics: &'static str) -> Self {
        self.live = topics;
        self
    }

    /// Adds a part.
    #[must_use]
    pub(crate) fn with(mut self, block: impl Into<Block>) -> Self {
        self.blocks.push(block.into());
        self
    }

    /// Adds a part, if there is one.
    #[must_use]
    pub(crate) fn with_some(mut self, block: Option<impl Into<Block>>) -> Self {
        self.blocks.extend(block.map(Into::into));
        self
    }
}
