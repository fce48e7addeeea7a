//! How the pages of all areas show an incident.

use soar_store::model::Status;

use crate::parts::{Badge, Meaning};
use crate::visit::segment;

/// The address of an incident below the console.
pub(super) fn address(number: &str) -> String {
    format!("/incidents/{}", segment(number))
}

/// Whether an incident is open.
pub(super) fn status(status: Status) -> Badge {
    let meaning = match status {
        Status::Open => Meaning::Active,
        Status::Closed => Meaning::Neutral,
    };
    Badge::new(status.as_str(), meaning)
}
