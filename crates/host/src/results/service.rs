//! The kept runs of all users, within limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soar_connector::{Invocation, KeyFieldValues, RawParameters, SinkError, Table};
use soar_store::model::{Connection, Moment, Site, UserId};

use super::content::ResultContent;
use super::kept_run::{KeptRun, KeptRunId};
use super::sealed_file::SealedFile;
use crate::Refusal;
use crate::sealing::Keyring;

/// The limits of kept runs.
#[derive(Debug, Clone, Copy)]
pub struct ResultLimits {
    /// The time for which a result is kept after its run has ended.
    pub kept_for: Duration,
    /// The most bytes of all results of a user.
    pub bytes_per_user: u64,
    /// The most runs of a user that are under way at once.
    pub running_per_user: usize,
}

impl Default for ResultLimits {
    fn default() -> Self {
        Self { kept_for: Duration::from_secs(3_600), bytes_per_user: 512 * 1024 * 1024, running_per_user: 4 }
    }
}

/// The kept runs of all users. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Results {
    runs: Arc<Mutex<HashMap<KeptRunId, Arc<KeptRun>>>>,
    limits: ResultLimits,
}

impl Results {
    /// No runs yet.
    #[must_use]
    pub fn new(limits: ResultLimits) -> Self {
        Self { runs: Arc::default(), limits }
    }

    /// A new run of a user.
    ///
    /// # Errors
    /// [`Refusal`] when too many runs of the user are under way, or there can be no temporary file.
    pub(crate) fn begin(
        &self,
        user: UserId,
        site: Site,
        connection: Connection,
        invocation: &Invocation,
        parameters: RawParameters,
        now: Moment,
    ) -> Result<Arc<KeptRun>, Refusal> {
        let most = self.limits.running_per_user;
        let command = invocation.command();
        let unable = |error: &dyn std::fmt::Display| {
            Refusal::Unable(format!("The host cannot make a temporary file for the result: {error}."))
        };
        let keyring = Keyring::generate().map_err(|error| unable(&error))?;
        let file = SealedFile::new(keyring).map_err(|error| unable(&error))?;
        let columns = Table::new(Some(command)).columns;
        let keys = KeyFieldValues::of(command).into_iter().map(|field| field.name);
        let content = Arc::new(ResultContent::new(file, columns, keys));
        let run = KeptRun::new(user, site, connection, Arc::clone(command), parameters, now, content);
        let run = Arc::new(run);
        let mut runs = self.lock();
        if runs.values().filter(|run| run.user == user && run.holds_place()).count() >= most {
            return Err(Refusal::Unable(format!(
                "{most} commands that you started are still running, which is the limit. Wait for one, or cancel it."
            )));
        }
        runs.insert(run.id, Arc::clone(&run));
        Ok(run)
    }

    /// A run of this user.
    pub(crate) fn of_user(&self, user: UserId, id: KeptRunId) -> Option<Arc<KeptRun>> {
        self.lock().get(&id).filter(|run| run.user == user).cloned()
    }

    /// The runs of this user, the newest first.
    pub(crate) fn all_of_user(&self, user: UserId) -> Vec<Arc<KeptRun>> {
        let mut runs: Vec<_> = self.lock().values().filter(|run| run.user == user).cloned().collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.started_at));
        runs
    }

    /// Whether a run of this user is under way.
    #[must_use]
    pub fn has_running(&self, user: UserId) -> bool {
        self.lock().values().any(|run| run.user == user && !run.is_over())
    }

    /// Deletes a run that has ended once its result was kept long enough.
    pub(crate) async fn expire(&self, id: KeptRunId) {
        tokio::time::sleep(self.limits.kept_for).await;
        self.lock().remove(&id);
    }

    /// Deletes the oldest results of a user until `more` bytes fit into the user's quota.
    ///
    /// # Errors
    /// [`SinkError::Full`] when they do not fit.
    pub(super) fn make_room(&self, user: UserId, own: &Arc<ResultContent>, more: usize) -> Result<(), SinkError> {
        let quota = self.limits.bytes_per_user;
        let mut runs = self.lock();
        loop {
            let of_user = || runs.values().filter(|run| run.user == user);
            let used: u64 = of_user().map(|run| run.content.size()).sum();
            if used.saturating_add(more as u64) <= quota {
                return Ok(());
            }
            let ended = of_user().filter(|run| run.is_over() && !Arc::ptr_eq(&run.content, own));
            let Some(oldest) = ended.min_by_key(|run| run.started_at).map(|run| run.id) else {
                return Err(SinkError::Full { limit: usize::try_from(quota).unwrap_or(usize::MAX) });
            };
            runs.remove(&oldest);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<KeptRunId, Arc<KeptRun>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
