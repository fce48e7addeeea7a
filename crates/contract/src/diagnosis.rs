//! The result of a diagnosis of a connection: how far the way to the product leads, and what the account may run.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::error::{CommandError, StatusCode};
use crate::manifest::{Command, Effect};
use crate::outcome::milliseconds;

/// The findings of [`Connector::diagnose`](crate::Connector::diagnose).
///
/// JSON: `requestId`, `stages`, `commands`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The execution's id, also in logs.
    pub request_id: String,
    /// The way to the product, step by step, in the order in which it is gone.
    pub stages: Vec<Stage>,
    /// One entry per command of the manifest, in its order.
    pub commands: Vec<CommandAccess>,
}

impl Diagnosis {
    /// Whether the connection works: no stage and no command Failed.
    ///
    /// Denied commands do not count, for an account may be meant to have no more rights; they are in
    /// [`Diagnosis::denied`]. Missing ones do not count either: a version of the product may have less than others.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.stages.iter().all(|stage| stage.status != StageStatus::Failed)
            && self.commands.iter().all(|command| command.access != Access::Failed)
    }

    /// The commands that the account may not run.
    pub fn denied(&self) -> impl Iterator<Item = &CommandAccess> {
        self.commands.iter().filter(|command| command.access == Access::Denied)
    }
}

/// One step of the way to the product, such as DNS, TCP, TLS, Login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// The step's name.
    pub name: String,
    /// How it ended.
    pub status: StageStatus,
    /// The result, or why the step was skipped; one or more sentences.
    pub detail: String,
    /// How long it took, in milliseconds.
    #[serde(rename = "elapsedMs", serialize_with = "milliseconds")]
    pub elapsed: Duration,
    /// Why it Failed, with cause and cure.
    pub error: Option<CommandError>,
}

impl Stage {
    /// A step that was not gone, and why.
    #[must_use]
    pub fn skipped(name: &str, why: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            status: StageStatus::Skipped,
            detail: why.into(),
            elapsed: Duration::ZERO,
            error: None,
        }
    }
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum StageStatus {
    /// It works.
    Passed,
    /// It works, with a warning.
    Warning,
    /// It does not work; later stages were not tried.
    Failed,
    /// It was not tried: not needed, or an earlier stage Failed.
    Skipped,
}

/// Whether the account may run one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandAccess {
    /// The command's name as the manifest spells it.
    pub command: String,
    /// Whether the command reads or writes. Writes are never tried.
    pub effect: Effect,
    /// Whether the account may run it.
    pub access: Access,
    /// Whether that was concluded, from the account's role or from another command, without a request of its own.
    pub inferred: bool,
    /// The product's answer to the request that was tried, or `N/A`.
    pub status_code: StatusCode,
    /// How long that request took, in milliseconds, waits and repetitions included; `null` where none was sent.
    #[serde(rename = "latencyMs", serialize_with = "optional_milliseconds")]
    pub latency: Option<Duration>,
    /// The result; one or more sentences.
    pub detail: String,
    /// The product's roles that may run the command, by the manifest: any of them is enough.
    pub permissions: Vec<String>,
    /// Why it is Denied or Failed, with cause and cure.
    pub error: Option<CommandError>,
}

impl CommandAccess {
    /// `command`, with nothing tried, and why.
    #[must_use]
    pub fn skipped(command: &Command, why: impl Into<String>) -> Self {
        Self {
            command: command.name.clone(),
            effect: command.effect,
            access: Access::Skipped,
            inferred: false,
            status_code: StatusCode(None),
            latency: None,
            detail: why.into(),
            permissions: command.permissions.clone(),
            error: None,
        }
    }
}

/// Whether an account may run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Access {
    /// It may.
    Allowed,
    /// It lacks the permission.
    Denied,
    /// The product failed in another way than by refusing.
    Failed,
    /// The product does not have what the command asks for; other versions of it may.
    Missing,
    /// It is not known, because nothing was tried.
    Skipped,
}

fn optional_milliseconds<S: Serializer>(elapsed: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match elapsed {
        Some(elapsed) => milliseconds(elapsed, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnosis(status: StageStatus, access: Access) -> Diagnosis {
        let stage = Stage { status, ..Stage::skipped("Login", "") };
        let command = CommandAccess {
            command: "List Things".to_owned(),
            effect: Effect::Read,
            access,
            inferred: false,
            status_code: StatusCode(None),
            latency: None,
            detail: String::new(),
            permissions: Vec::new(),
            error: None,
        };
        Diagnosis { request_id: String::new(), stages: vec![stage], commands: vec![command] }
    }

    #[test]
    fn only_what_failed_is_unhealthy() {
        use Access::{Allowed, Denied, Failed, Missing, Skipped};
        for (status, access, healthy) in [
            (StageStatus::Passed, Allowed, true),
            (StageStatus::Warning, Denied, true),
            (StageStatus::Passed, Missing, true),
            (StageStatus::Skipped, Skipped, true),
            (StageStatus::Passed, Failed, false),
            (StageStatus::Failed, Skipped, false),
        ] {
            let diagnosis = diagnosis(status, access);
            assert_eq!(diagnosis.is_healthy(), healthy, "{status:?} {access:?}");
            assert_eq!(diagnosis.denied().count(), usize::from(access == Denied));
        }
    }

    #[test]
    fn json_has_milliseconds_and_the_status_as_text() {
        let mut diagnosis = diagnosis(StageStatus::Passed, Access::Allowed);
        diagnosis.commands[0].latency = Some(Duration::from_micros(12_999));
        diagnosis.commands[0].status_code = StatusCode(Some(200));
        let json = serde_json::to_value(&diagnosis).unwrap_or_default();
        assert_eq!(json["stages"][0]["elapsedMs"], 0);
        assert_eq!(json["commands"][0]["latencyMs"], 12);
        assert_eq!(json["commands"][0]["statusCode"], "200");
        assert_eq!(json["commands"][0]["effect"], "read");
    }
}
