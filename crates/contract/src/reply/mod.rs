//! A product's replies, split into rows that stay the product's own bytes.

mod json;
mod page_object;
mod rows;
mod split;

pub use json::{is_web_page, read_json};
pub use split::{ListReply, ReplyForm};
