//! The limits of callers: calls and bytes under way.

mod shares;
mod visitor;

pub(crate) use shares::{CountsBytes, Exceeded, Share, ShareLimits, Shares};
pub(crate) use visitor::Visitor;
