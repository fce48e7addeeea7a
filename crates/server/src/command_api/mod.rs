//! D3's Command API: `POST …/api/Command/{CommandName}`. The host adds `/plan` and `/apply` for bulk commands.

mod admission;
mod call_end;
mod external_call;
mod request;
mod service;
mod utility_call;

pub(crate) use admission::{AuthorizedCall, authorize_message};
pub(crate) use external_call::run_external;
pub(crate) use service::{apply, call, plan};
