//! Which scanners a Scanner ID stands for: one of the tenant's, or, as the integration is documented, all of them when
//! List Scanners does not know it. A scanner that List Scanners knows is never replaced by all.

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
    /// `scanner-not-usable` where Strict Scanner ID refuses the id, and the errors of List Scanners.
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

    pub(super) fn id(self) -> Option<i64> {
        match self {
            Self::All => None,
            Self::One(id) => Some(id),
        }
    }
}

/// Whether List Scanners has a scanner of this id.
pub(super) async fn is_known(id: i64, call: &mut Call<'_>) -> Result<bool, Failure> {
    Ok(call.look_up(&Scanners, "label").await?.get(id)?.is_some())
}

/// All scanners, with a warning; or the refusal of a strict connection.
pub(super) fn give_up(call: &mut Call<'_>, problem: &str) -> Result<ScannerChoice, Failure> {
    if call.is_strict_about_scanners() {
        return Err(Failure::new("scanner-not-usable", format!("The Scanner ID cannot be used: {problem}.")));
    }
    call.warn_first(
        "scanner-id-ignored",
        format!("The Scanner ID was ignored, and the command ran for all scanners: {problem}."),
    );
    Ok(ScannerChoice::All)
}
