//! Runs whose work goes on in the product: the host starts the work, keeps its token in the store, and asks about it
//! until it is over. The hosts of an instance share the questions. Between two questions no host holds anything.

mod call;
mod claim;
mod failures;
mod found;
mod judge;
mod question;
mod start;
mod stored;
mod sums;

pub(super) use claim::{QuestionResult, ask, claim};
pub(super) use start::{begin_followed, must_have_room, start};
pub(super) use stored::outcome_of;
