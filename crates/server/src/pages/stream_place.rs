//! Limits the streams of events, each of which stays open as long as a page is visible.

use axum::http::StatusCode;
use soar_store::model::UserId;

use super::PageProblem;
use crate::Server;
use crate::limits::Share;

/// The place of a stream among those of its user. It is free again when it is dropped.
#[derive(Debug)]
pub struct StreamPlace {
    _share: Share<UserId>,
}

impl Server {
    /// Takes a place for a stream of events.
    ///
    /// # Errors
    /// [`PageProblem`] if the user, or all users together, have too many streams.
    pub fn begin_stream(&self, user: UserId) -> Result<StreamPlace, PageProblem> {
        let share = self.streams.begin(user).map_err(|_| {
            PageProblem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many pages wait for events. The page loads its news later.",
            )
        })?;
        Ok(StreamPlace { _share: share })
    }
}
