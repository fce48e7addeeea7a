//! Accepts connections, serves HTTP/1 and HTTP/2 on them, and limits the resources of callers without a key.

mod accept;
mod answer;
mod call;
mod connection;
mod connections;
mod open_files;
mod unread;

pub(crate) use accept::{Listening, listen};
pub(crate) use connection::AcceptedConnection;
