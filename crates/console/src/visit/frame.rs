//! The texts and links of the layout around the content of a page.

use soar_host::sign_in::ConsoleSession;
use soar_store::model::Theme;

use super::ConsoleState;
use super::navigation::{self, Group};
use super::notice::Notice;

/// A step of the way to the current page.
#[derive(Debug)]
pub(crate) struct Crumb {
    pub(crate) title: String,
    pub(crate) href: String,
}

/// The texts and links of the layout around the content of a page.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The title of the page.
    pub(crate) title: String,
    /// The sentence under the title: what the page is for. Empty for a page below such a page.
    pub(crate) purpose: &'static str,
    /// The pages above the page, the topmost first.
    pub(crate) crumbs: Vec<Crumb>,
    /// The address of the console.
    pub(crate) base: String,
    pub(crate) css: String,
    pub(crate) js: String,
    pub(crate) icon: String,
    pub(crate) theme: Theme,
    pub(crate) navigation: Vec<Group>,
    /// The name of the signed-in user.
    pub(crate) user: Option<String>,
    /// The value of the hidden field `csrf` of each form.
    pub(crate) csrf: String,
    pub(crate) notice: Option<Notice>,
    /// Whether only a region of the page is wanted. The navigation is left out then.
    pub(crate) is_region: bool,
}

impl Frame {
    pub(super) fn new(
        state: &ConsoleState,
        session: Option<&ConsoleSession>,
        path: &str,
        is_region: bool,
        notice: Option<Notice>,
    ) -> Self {
        let navigation = session.filter(|_| !is_region).map(|session| navigation::groups(session, &state.base, path));
        Self {
            title: String::new(),
            purpose: "",
            crumbs: Vec::new(),
            base: state.base.clone(),
            css: state.assets.css.clone(),
            js: state.assets.js.clone(),
            icon: state.assets.icon.clone(),
            theme: session.map_or(Theme::System, |session| session.profile.theme),
            navigation: navigation.unwrap_or_default(),
            user: session.map(|session| session.user.name.clone()),
            csrf: session.map(|session| session.csrf.text()).unwrap_or_default(),
            notice,
            is_region,
        }
    }

    /// Adds a page above the current page. `path` is its address below the console.
    #[must_use]
    pub(crate) fn below(mut self, title: impl Into<String>, path: &str) -> Self {
        let href = format!("{}{path}", self.base);
        self.crumbs.push(Crumb { title: title.into(), href });
        self
    }
}
