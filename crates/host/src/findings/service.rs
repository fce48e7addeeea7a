//! What the operations on findings share: the settings, and the values about CVEs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::enrichment::Enrichment;
use super::settings::FindingSettings;
use crate::Refusal;

/// The settings of findings, and the values about CVEs. The files are read again when they change.
#[derive(Debug, Default)]
pub struct Findings {
    settings: FindingSettings,
    known: Mutex<LastEnrichment>,
}

/// The pause before a file that could not be used is read again although it has not changed.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// When the files changed last.
type Changed = [Option<SystemTime>; 2];

/// The values that were read last.
#[derive(Debug, Clone, Default)]
struct LastEnrichment {
    /// `None` before the first reading.
    at: Option<Changed>,
    values: Arc<Enrichment>,
    /// Why a file could not be used.
    problem: Option<String>,
    /// The time of the last reading.
    read: Option<Instant>,
}

impl Findings {
    /// Findings with these settings.
    #[must_use]
    pub fn new(settings: FindingSettings) -> Self {
        Self { settings, known: Mutex::default() }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &FindingSettings {
        &self.settings
    }

    /// The values about CVEs.
    ///
    /// # Errors
    /// [`Refusal::Unable`] when a file cannot be used.
    pub(crate) async fn enrichment(&self) -> Result<Arc<Enrichment>, Refusal> {
        let LastEnrichment { values, problem, .. } = self.read().await;
        problem.map_or(Ok(values), |problem| Err(Refusal::Unable(problem)))
    }

    /// The values about CVEs. Those of a file that cannot be used are the ones that were read last, or missing.
    pub(crate) async fn known_values(&self) -> Arc<Enrichment> {
        self.read().await.values
    }

    /// Reads the files if they have changed. The log gets a problem once.
    async fn read(&self) -> LastEnrichment {
        let files = self.settings.enrichment.clone();
        let changed = |path: &Option<std::path::PathBuf>| {
            path.as_ref().and_then(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
        };
        let at = Some([changed(&files.kev), changed(&files.epss)]);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.at == at && (known.problem.is_none() || known.read.is_some_and(|read| read.elapsed() < RETRY_INTERVAL))
        {
            return known;
        }
        let last = Arc::clone(&known.values);
        let read = tokio::task::spawn_blocking(move || Enrichment::read_after(&files, &last)).await;
        let (values, problem) = match read {
            Ok((values, problems)) => (Arc::new(values), problems.into_iter().next()),
            Err(_) => (known.values, Some("The files with values about CVEs could not be read.".to_owned())),
        };
        if let Some(problem) = problem.as_ref().filter(|problem| known.problem.as_ref() != Some(*problem)) {
            tracing::warn!("{problem} The values that were read last stay in use.");
        }
        let read = LastEnrichment { at, values, problem, read: Some(Instant::now()) };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&read);
        read
    }
}
