//! Makes one snapshot: reads the findings of a tenant, compares them with what is known, and writes the changes.

use std::collections::HashMap;

use serde_json::{Value, json};
use soar_connector::manifest::FindingsSource;
use soar_connector::{FindingReader, RawParameters, sentence};
use soar_store::model::{Connection, ConnectionSites, FeedId, FindingFeed, GoneReason, SnapshotStatus};
use soar_store::{Difference, SnapshotClaim, SnapshotEnd, StagedSnapshot, Store, StoreError};
use uuid::Uuid;

use super::compare::change_of;
use super::gone::Absent;
use super::rows::{Listing, Staging};
use super::settings::FindingSettings;
use crate::executor::Executor;

/// Differences in one transaction. On SQLite it holds the only writer for some 50 ms.
const BATCH_SIZE: i64 = 1_000;

/// The most devices with known findings whose ids the command gets.
const MOST_DEVICES: i64 = 100_000;

/// Makes snapshots. Several collectors on several hosts can share a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FindingCollector {
    pub(super) executor: Executor,
    pub(super) store: Store,
    pub(super) settings: FindingSettings,
    /// Names this collector in claims. A restarted process is a new node.
    pub(super) node: String,
}

/// Why a snapshot is not whole although all its rows came.
const UNDECIDED: &str = "The list of devices did not come as a whole. It tells whether a new device with the name and address of \
    a known one is that device, so the findings of such devices were left out.";

/// The differences of a snapshot from what is known.
#[derive(Clone, Copy)]
enum Side<'r> {
    /// The findings of the snapshot that are new or changed.
    Listed,
    /// The findings that are not in a whole snapshot, with the reasons by device.
    Missing(&'r HashMap<String, GoneReason>),
}

impl Side<'_> {
    async fn differences(
        self,
        stage: &mut StagedSnapshot,
        feed: FeedId,
        after: (&str, &str),
    ) -> Result<Vec<Difference>, StoreError> {
        match self {
            Self::Listed => stage.differences(feed, after, BATCH_SIZE).await,
            Self::Missing(_) => stage.missing(feed, after, BATCH_SIZE).await,
        }
    }

    /// The reason why a finding of the device is gone.
    fn reason(self, device: &str) -> GoneReason {
        match self {
            Self::Listed => GoneReason::Unknown,
            Self::Missing(reasons) => reasons.get(device).copied().unwrap_or(GoneReason::Unknown),
        }
    }
}

/// Why a tenant was not read.
enum NotRead {
    Problem(String),
    Store(StoreError),
}

impl From<StoreError> for NotRead {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::Problem(error.to_string()),
            error => Self::Store(error),
        }
    }
}

impl FindingCollector {
    /// A collector that runs commands on `executor`, whose connections are in the same store.
    #[must_use]
    pub fn new(executor: Executor, settings: FindingSettings) -> Self {
        let store = executor.connections().store.clone();
        Self { executor, store, settings, node: Uuid::now_v7().to_string() }
    }

    /// Makes a claimed snapshot.
    ///
    /// # Errors
    /// [`StoreError`] when the store failed, or another host has taken over.
    pub(super) async fn collect(&self, claim: &SnapshotClaim) -> Result<SnapshotEnd, StoreError> {
        match self.read_and_compare(claim).await {
            Ok(end) => Ok(end),
            Err(NotRead::Store(error)) => Err(error),
            Err(NotRead::Problem(problem)) => Ok(failed(&problem)),
        }
    }

    async fn read_and_compare(&self, claim: &SnapshotClaim) -> Result<SnapshotEnd, NotRead> {
        let connection = self.usable(&claim.feed).await?;
        let plugin =
            self.executor.registry().named(&connection.integration).map_err(|why| NotRead::Problem(why.to_string()))?;
        let manifest = plugin.manifest();
        let no_findings = || NotRead::Problem(format!("{} lists no findings.", manifest.connector.name));
        let source = manifest.connector.findings.as_ref().ok_or_else(no_findings)?;
        let reader = FindingReader::new(manifest).ok_or_else(no_findings)?;
        let parameters = self.parameters(source, &claim.feed).await?;
        let mut stage = self.store.finding_stage().await?;
        let limit = self.settings.tenant_limit();
        let (mut sink, staging) = Staging::new(reader);
        let streaming = async {
            let streamed = self.executor.stream(connection.id, &source.command, &parameters, limit, &mut sink).await;
            drop(sink);
            streamed
        };
        let (streamed, listing) = tokio::join!(streaming, staging.fill(&mut stage));
        let Listing { rows, unreadable, problem } = listing?;
        let conclusion = streamed.map_err(NotRead::Problem)?;
        let mut problem = match (conclusion.error, conclusion.receipt.missing, problem) {
            (Some(error), ..) => Some(format!("{} {}", sentence(&error.message), error.cause)),
            (None, Some(missing), _) => Some(missing),
            (None, None, Some(problem)) => Some(format!("{unreadable} rows are no findings: {problem}")),
            (None, None, None) => None,
        };
        let requests = i64::try_from(conclusion.receipt.requests).unwrap_or(i64::MAX);
        let mut status = match &problem {
            None => SnapshotStatus::Whole,
            Some(_) if rows > 0 => SnapshotStatus::Partial,
            Some(_) => SnapshotStatus::Failed,
        };
        let mut absent = if status == SnapshotStatus::Whole {
            let of_stage = (&mut stage, claim.feed.id, limit);
            Absent::read(&self.executor, connection.id, source, &parameters, of_stage).await?
        } else {
            Absent::unknown()
        };
        if status != SnapshotStatus::Failed {
            let settled = stage.settle(claim.feed.id, &absent.unlisted).await?;
            for device in &settled.renamed {
                absent.reasons.remove(device);
            }
            if settled.has_left_out && status == SnapshotStatus::Whole {
                let why = absent.problem.as_deref().unwrap_or_default();
                (status, problem) = (SnapshotStatus::Partial, Some(format!("{UNDECIDED} {why}").trim_end().to_owned()));
            }
            self.write_all(claim, &mut stage, Side::Listed).await?;
        }
        if status == SnapshotStatus::Whole {
            self.write_all(claim, &mut stage, Side::Missing(&absent.reasons)).await?;
            self.tidied(claim, stage.forget_devices(claim).await)?;
        }
        self.tidied(claim, stage.count_groups(claim).await)?;
        self.tidied(claim, stage.close().await)?;
        Ok(SnapshotEnd { status, problem: problem.map(|text| sentence(&text)), rows_read: rows, requests })
    }

    /// Passes on that another host has taken over. Any other error after all changes were written is logged only.
    fn tidied(&self, claim: &SnapshotClaim, result: Result<(), StoreError>) -> Result<(), StoreError> {
        match result {
            Ok(()) | Err(StoreError::Conflict(_)) => result,
            Err(error) => {
                if !self.store.note(&error) {
                    let tenant = &claim.feed.tenant;
                    tracing::warn!(
                        ?tenant,
                        "The end of a snapshot was not tidied up. The next one of the tenant does it: {error}"
                    );
                }
                Ok(())
            }
        }
    }

    /// The connection of a tenant, if commands run on it.
    async fn usable(&self, feed: &FindingFeed) -> Result<Connection, NotRead> {
        let connection = self.store.reader().await?.records().connection(feed.connection_id).await?;
        if !connection.active {
            return Err(NotRead::Problem("The connection is inactive, so it runs nothing. Activate it.".to_owned()));
        }
        if let ConnectionSites::Site(site) = &connection.place {
            let sites = self.store.reader().await?.records().sites().await?;
            if let Some(why) = sites.into_iter().find(|known| known.id == site.id).and_then(|site| site.inactive()) {
                return Err(NotRead::Problem(why));
            }
        }
        Ok(connection)
    }

    async fn parameters(&self, source: &FindingsSource, feed: &FindingFeed) -> Result<RawParameters, StoreError> {
        let mut parameters: RawParameters = source.parameters.clone();
        if let Some(tenant) = &source.tenant {
            parameters.insert(tenant.clone(), json!(feed.tenant));
        }
        if let Some(known) = &source.known_devices {
            let devices = self.store.reader().await?.records().devices_with_findings(feed.id, MOST_DEVICES).await?;
            if !devices.is_empty() {
                parameters.insert(known.clone(), Value::from(devices));
            }
        }
        Ok(parameters)
    }

    /// Writes the differences of a side. The next ones are looked for while some are written.
    async fn write_all(
        &self,
        claim: &SnapshotClaim,
        stage: &mut StagedSnapshot,
        side: Side<'_>,
    ) -> Result<(), StoreError> {
        let mut found = side.differences(stage, claim.feed.id, ("", "")).await?;
        while let Some(last) = found.last() {
            let (device, finding) = (last.device.clone(), last.finding.clone());
            let next = side.differences(stage, claim.feed.id, (&device, &finding));
            let (written, next) = tokio::join!(self.write(claim, found, side), next);
            written?;
            found = next?;
        }
        Ok(())
    }

    /// Writes differences in one transaction: the findings, and the changes in the log.
    async fn write(&self, claim: &SnapshotClaim, found: Vec<Difference>, side: Side<'_>) -> Result<(), StoreError> {
        let unreadable = |error: serde_json::Error| StoreError::Unreadable(error.to_string());
        let changes = found.into_iter().map(|difference| {
            let reason = side.reason(&difference.device);
            change_of(difference, reason).map_err(unreadable)
        });
        let changes = changes.collect::<Result<Vec<_>, _>>()?;
        let mut transaction = self.store.transaction().await?;
        transaction.records().apply_finding_changes(claim, &changes).await?;
        transaction.commit().await
    }
}

fn failed(problem: &str) -> SnapshotEnd {
    SnapshotEnd { status: SnapshotStatus::Failed, problem: Some(sentence(problem)), rows_read: 0, requests: 0 }
}
