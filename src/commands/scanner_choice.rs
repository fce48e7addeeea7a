//! What a Scanner ID comes to: that scanner, or, as the integration is documented, all of them when it cannot be used.

use soar_connector::name::quoted;

use crate::session::Call;
use crate::vendor::{Failure, Scanners};

/// Which scanners a command runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScannerChoice {
    All,
    One(i64),
}

impl ScannerChoice {
    /// The choice that `given` comes to: a scanner that List Scanners knows, else all.
    ///
    /// # Errors
    /// `scanner-not-usable` where the connection is strict about it, and what List Scanners fails with.
    pub(super) async fn of(given: Option<&str>, call: &mut Call<'_>) -> Result<Self, Failure> {
        let Some(given) = given else {
            return Ok(Self::All);
        };
        let Ok(id) = given.trim().parse::<i64>() else {
            return give_up(call, &format!("{} is no whole number", quoted(given)));
        };
        if is_known(id, call).await? {
            Ok(Self::One(id))
        } else {
            give_up(call, &format!("{id} is not in List Scanners"))
        }
    }

    /// What to do after the server refused a chosen scanner: run for all, if `failure` is about the id.
    pub(super) fn after(self, failure: Failure, call: &mut Call<'_>) -> Result<Self, Failure> {
        match self {
            Self::One(id) if failure.has_status(&[400, 404]) => {
                let said = failure.message.trim_end_matches('.');
                give_up(call, &format!("{id} was refused by the server ({said})"))
            }
            _ => Err(failure),
        }
    }

    pub(super) fn id(self) -> Option<i64> {
        match self {
            Self::All => None,
            Self::One(id) => Some(id),
        }
    }
}

/// Whether List Scanners has a scanner of this id.
pub(super) async fn is_known(id: i64, call: &mut Call<'_>) -> Result<bool, Failure> {
    Ok(call.look_up(&Scanners, "label").await?.contains_key(&id))
}

/// All scanners, with a warning; or the refusal of a strict connection.
pub(super) fn give_up(call: &mut Call<'_>, problem: &str) -> Result<ScannerChoice, Failure> {
    if call.is_strict_about_scanners() {
        return Err(Failure::new("scanner-not-usable", format!("The Scanner ID cannot be used: {problem}.")));
    }
    call.warn(
        "scanner-id-ignored",
        format!("The Scanner ID was ignored, and the command ran for all scanners: {problem}."),
    );
    Ok(ScannerChoice::All)
}
