//! Accepts connections, serves HTTP/1 and HTTP/2 on them, and bounds what callers without a key can make the host hold.

mod accept;
mod answer;
mod call;
mod connection;
mod connections;
mod open_files;

pub(crate) use accept::{Listening, listen};
pub(crate) use connection::Connection;
