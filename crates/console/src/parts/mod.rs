//! The parts that pages have in common. Each part is a type with a template of its own, which escapes its texts; a
//! page's template shows a part as `{{ part }}`.

mod badge;
mod cell;
mod changed;
mod confirm;
mod content;
mod counted;
mod counts;
mod day_strip;
mod empty;
mod error_tab;
mod facts;
mod field;
mod filter;
mod form_errors;
mod form_panel;
mod hidden;
mod json_text;
mod lines;
mod link_button;
mod progress;
mod receipt;
mod shown_once;
mod sparkline;
mod table;
mod tabs;
mod text;
mod when;

use askama::filters::HtmlSafe;

pub(crate) use badge::{Badge, Meaning};
pub(crate) use cell::Cell;
pub(crate) use changed::{CHANGED_MEANWHILE, both_versions, version_of, was_changed_meanwhile};
pub(crate) use confirm::ConfirmPage;
pub(crate) use content::{Block, ContentPage};
pub(crate) use counted::{counted, grouped};
pub(crate) use counts::Counts;
pub(crate) use day_strip::{Day, DayStrip};
pub(crate) use empty::Empty;
pub(crate) use error_tab::ErrorTab;
pub(crate) use facts::Facts;
pub(crate) use field::Field;
pub(crate) use filter::Filter;
pub(crate) use form_errors::FormErrors;
pub(crate) use form_panel::FormPanel;
pub(crate) use hidden::Hidden;
pub(crate) use json_text::{JsonText, on_lines};
pub(crate) use lines::with_line_feeds;
pub(crate) use link_button::LinkButton;
pub(crate) use progress::ProgressPanel;
pub(crate) use receipt::receipt_facts;
pub(crate) use shown_once::ShownOnce;
pub(crate) use sparkline::{Point, Sparkline};
pub(crate) use table::{Column, Row, Table};
pub(crate) use tabs::Tabs;
pub(crate) use text::{VendorText, beginning};
pub(crate) use when::When;

// The parts are markup: their own templates have escaped their texts.
impl HtmlSafe for Badge {}
impl HtmlSafe for content::Block {}
impl HtmlSafe for Cell {}
impl HtmlSafe for Counts {}
impl HtmlSafe for DayStrip {}
impl HtmlSafe for Empty {}
impl HtmlSafe for Facts {}
impl HtmlSafe for ProgressPanel {}
impl HtmlSafe for ErrorTab {}
impl HtmlSafe for Field {}
impl HtmlSafe for Filter {}
impl HtmlSafe for FormErrors {}
impl HtmlSafe for FormPanel {}
impl HtmlSafe for Hidden {}
impl HtmlSafe for JsonText {}
impl HtmlSafe for LinkButton {}
impl HtmlSafe for ShownOnce {}
impl HtmlSafe for Sparkline {}
impl HtmlSafe for Table {}
impl HtmlSafe for Tabs {}
impl HtmlSafe for VendorText {}
impl HtmlSafe for When {}
