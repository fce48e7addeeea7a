//! The command Sync Connection.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_connector::manifest::{Command, ManifestFile};
use soar_connector::name::quoted;
use soar_store::model::{Caller, SyncRun};
use soar_store::{Store, StoreError, SyncResultFilter};

use super::{SyncRequest, Tenants};
use crate::Refusal;
use crate::commands::ExternalCommand;
use crate::utility::{Answer, CommandResult};

/// The last part of the command's address.
pub const ENDPOINT: &str = "SyncConnection";

/// The most results in an answer. The run has all results.
const MOST_LISTED: i64 = 1_000;

static MANIFEST: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let file = ManifestFile {
        name: "commands/sync-connection.toml",
        text: include_str!("../../manifest/commands/sync-connection.toml"),
    };
    #[allow(clippy::expect_used, reason = "the file is part of the program, and a test loads it")]
    Command::load_all(&[file]).expect("the manifest of Sync Connection")
});

/// The command's manifest.
#[must_use]
pub fn manifest() -> &'static Command {
    #[allow(clippy::expect_used, reason = "there is one file, and a test loads it")]
    MANIFEST.first().expect("the manifest of Sync Connection")
}

/// Sync Connection over the Command API.
pub(crate) struct SyncConnection(pub(crate) Arc<Tenants>);

#[async_trait]
impl ExternalCommand for SyncConnection {
    fn check(&self, parameters: &Parameters) -> Result<(), Vec<String>> {
        SyncRequest::from_parameters(parameters).map(drop)
    }

    async fn run(&self, caller: &Caller, parameters: &Parameters) -> Result<Answer, Refusal> {
        let request = SyncRequest::from_parameters(parameters);
        let request = request.map_err(|problems| Refusal::Because(problems.join(" ")))?;
        let run = self.0.sync(caller, &request, false, &|_| {}).await?;
        Ok(answer_of(&self.0.connections.store, &run).await?)
    }
}

impl SyncRequest {
    /// Parses the command's parameters.
    ///
    /// # Errors
    /// [`Refusal`] with all problems.
    pub fn parse(parameters: &Parameters) -> Result<Self, Refusal> {
        Self::from_parameters(parameters).map_err(|problems| Refusal::Because(problems.join(" ")))
    }
}

/// The command's answer for a run. Without failed or withdrawn connections it has the documented form. Otherwise it
/// lists them.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn answer_of(store: &Store, run: &SyncRun) -> Result<Answer, StoreError> {
    let count = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
    let mut answer = Answer::ended(CommandResult::of(count(run.counts.done()), count(run.counts.failed)));
    if run.counts.failed + run.counts.withdrawn == 0 {
        return Ok(answer);
    }
    let filter = SyncResultFilter { only_notable: true, ..SyncResultFilter::default() };
    let notable = store.reader().await?.records().sync_results(run.id, filter, MOST_LISTED).await?;
    if answer.return_data == CommandResult::Failed
        && let Some((_, first)) = notable.first()
        && let Some(why) = &first.failure
    {
        let place = if first.tenant.is_empty() { String::new() } else { format!("{}: ", quoted(&first.tenant)) };
        let others = match run.counts.failed - 1 {
            0 => String::new(),
            1 => " Another one failed too.".to_owned(),
            more => format!(" {more} others failed too."),
        };
        answer.error = format!("{place}{} {}{others}", why.cause, why.cure);
    }
    let rows = notable.into_iter().map(|(_, result)| {
        let mut row = json!({
            "Tenant Region": result.region, "Tenant Name": result.tenant,
            "ConnectionId": result.connection_id, "Connection Name": result.connection,
            "Result": result.change, "Run": run.id,
        });
        if let Some(why) = result.failure {
            row["Error Code"] = json!(why.code);
            row["Error Message"] = json!(why.cause);
            row["Cure"] = json!(why.cure);
        }
        row
    });
    answer.context_data = Some(rows.collect());
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_that_of_the_endpoint() {
        assert_eq!(manifest().name, "Sync Connection");
        assert_eq!(manifest().endpoint, format!("POST /api/Command/{ENDPOINT}"));
    }
}
