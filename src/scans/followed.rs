//! The scans that a command follows, and the token that stands for them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use soar_connector::{Failure, FollowToken};

use super::ScanJob;

/// All scans that one command follows. The token of a command is its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scanning {
    /// The tenant that the caller asked for when the scans were started.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<i64>,
    #[serde(rename = "s")]
    pub(crate) scans: Vec<FollowedScan>,
    /// How often they were asked about.
    #[serde(rename = "n", default)]
    pub(crate) polls: u32,
}

/// One scan. The names are short, because a token of many scanners is a text that people paste.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowedScan {
    #[serde(rename = "c")]
    pub(crate) scanner: i64,
    /// The scan's UUID, if the start gave one.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    /// The job that is taken for the scan, where no UUID is known.
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
    /// The scanner's jobs from before the start, none of which is the scan.
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) before: Vec<String>,
    /// Whether the scan ran already, so that it was not started but joined.
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) was_running: bool,
    /// When it began, by the server's clock.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<String>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<String>,
    /// The status that it ended with.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
}

/// The status of a scan that ended and of which nothing says how.
pub(crate) const ENDED: &str = "ended";
/// The status of a scan of which no trace was ever seen.
pub(crate) const NEVER_SEEN: &str = "never seen";

impl FollowedScan {
    /// Whether the scan was found by its scanner's jobs and not by an id that its start gave.
    pub(crate) fn is_inferred(&self) -> bool {
        self.uuid.is_none()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.status.is_some()
    }

    /// Whether a job is this scan, as far as can be told.
    pub(crate) fn is_job(&self, job: &ScanJob) -> bool {
        job.scanner == self.scanner
            && match &self.job {
                Some(id) => job.id == *id,
                None => self.uuid.is_some() || !self.before.contains(&job.id),
            }
    }
}

impl Scanning {
    /// The token that stands for these scans.
    pub(crate) fn token(&self) -> Result<FollowToken, Failure> {
        let json = serde_json::to_vec(self).map_err(|error| Failure::new("output-failed", error.to_string()))?;
        FollowToken::new(URL_SAFE_NO_PAD.encode(json))
    }

    /// The scans that a token stands for.
    ///
    /// # Errors
    /// `invalid-parameter` for a token that is none of this command's.
    pub(crate) fn of(token: &FollowToken) -> Result<Self, Failure> {
        let json = URL_SAFE_NO_PAD.decode(token.as_str()).unwrap_or_default();
        let wrong = || Failure::new("invalid-parameter", "Follow: expected a token that this command gave.");
        let read: Self = serde_json::from_slice(&json).map_err(|_| wrong())?;
        if read.scans.is_empty() { Err(wrong()) } else { Ok(read) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_brings_back_the_same_scans_and_others_are_refused() {
        let scan = FollowedScan { scanner: 101, before: vec!["7".into()], ..FollowedScan::default() };
        let scanning = Scanning { tenant: Some(2), scans: vec![scan; 99], polls: 3 };
        let token = scanning.token().unwrap();
        assert_eq!(Scanning::of(&token), Ok(scanning));
        for text in ["abc", "e30", "eyJzIjpbXX0"] {
            assert!(Scanning::of(&FollowToken::new(text).unwrap()).is_err(), "{text}");
        }
    }
}
