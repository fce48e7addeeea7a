//! What the operations on findings share: the settings, and the values about CVEs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::enrichment::Enrichment;
use super::settings::FindingSettings;
use crate::Refusal;

/// The settings of findings, and the values about CVEs. The files are read again when they change.
#[derive(Debug, Default)]
pub struct Findings {
    settings: FindingSettings,
    known: Mutex<Option<(Changed, Arc<Enrichment>)>>,
}

/// When the files changed last.
type Changed = [Option<SystemTime>; 2];

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
        let files = self.settings.enrichment.clone();
        let changed = |path: &Option<std::path::PathBuf>| {
            path.as_ref().and_then(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
        };
        let now = [changed(&files.kev), changed(&files.epss)];
        if let Some((at, known)) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && *at == now
        {
            return Ok(Arc::clone(known));
        }
        let read = tokio::task::spawn_blocking(move || Enrichment::read(&files)).await;
        let read = read.unwrap_or_else(|_| Err("The files with values about CVEs could not be read.".to_owned()));
        let read = Arc::new(read.map_err(Refusal::Unable)?);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&read)));
        Ok(read)
    }
}
