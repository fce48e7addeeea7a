//! The limits of callers: calls and bytes under way.

mod shares;

pub(crate) use shares::{CountsBytes, Exceeded, Share, ShareLimits, Shares};
