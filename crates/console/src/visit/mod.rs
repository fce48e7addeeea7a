//! The steps before and after each page: the session, the limits, forms, errors and headers.

mod address;
mod cookies;
mod error;
mod form;
mod frame;
mod headers;
mod layer;
mod list;
mod live;
mod navigation;
mod notice;
mod origin;
mod page;
mod region;
mod state;

pub(crate) use address::{Path, Query, segment};
pub(crate) use cookies::{FlowCookie, SessionCookie};
pub(crate) use error::{PageError, PageResult, if_allowed};
pub(crate) use form::{Form, KEPT_ACTION, KEPT_PREFIX, SECRET, field_of};
pub(crate) use frame::Frame;
pub use headers::POLICY;
pub(crate) use headers::with_headers;
pub(crate) use layer::{open, signed_in};
pub(crate) use list::{ListState, Order};
pub(crate) use live::events;
pub(crate) use notice::{Notice, Tone};
pub(crate) use page::Page;
pub(crate) use state::ConsoleState;
