//! Runs whose work goes on in the product: the host starts the work, keeps its token in the store, and asks about it
//! until it is over. The hosts of an instance share the questions. Between two questions no host holds anything.

mod call;
mod claim;
mod failures;
mod followed;
mod judge;
mod question;
mod serve;
mod start;
mod stored;
mod sums;
mod wait;

pub(super) use call::FollowedCall;
pub(super) use followed::Followed;
pub(super) use start::{begin_followed, must_have_room, start};
