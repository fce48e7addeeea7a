//! D3's Command API: `POST …/api/Command/{CommandName}`; and below each bulk command `/plan` and `/apply`, which D3's has not.

mod admission;
mod call_end;
mod external_call;
mod request;
mod service;
mod utility_call;

pub(crate) use service::{apply, call, plan};
