//! D3's Command API: `POST …/api/Command/{CommandName}`.

mod admission;
mod external_call;
mod request;
mod service;
mod utility_call;

pub(crate) use service::call;
