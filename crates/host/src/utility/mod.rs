//! Utility commands: the host's own commands, which work on incidents and cases in the store.

mod access;
mod answer;
mod bulk;
mod cc_table;
mod close_incident_in_bulk;
mod create_an_incident;
mod dates;
mod filter;
mod get_incidents;
mod get_linked_incidents_of_an_incident;
mod guard;
mod items;
mod link_incident_to_existing_cases;
mod link_incidents;
mod link_incidents_to_new_case;
mod manifest;
mod more;
mod plan;
mod remove_linked_incidents;
mod rows;
mod selection;
mod set_incident_field;
mod static_field;
mod update_incident_owner_in_bulk;
mod update_incident_site_in_bulk;

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_store::Records;
use soar_store::model::{Caller, Moment};

pub(crate) use access::IncidentOwner;
pub use answer::{Answer, CommandResult};
pub(crate) use cc_table::CcTable;
pub(crate) use create_an_incident::cut_title;
pub use dates::{day_of, parse_date_time};
pub(crate) use guard::guarded;
pub use items::MOST_ITEMS;
pub use link_incidents::link_incidents;
pub use manifest::{all, command, manifest};
pub use more::More;
pub use plan::{FieldChange, Plan, PlannedItem};
pub use rows::Rows;

use crate::Refusal;

/// A utility command. Its manifest is in `manifest/commands`, under its name.
#[async_trait]
pub trait UtilityCommand: Send + Sync {
    /// The command's name in the manifest, such as `Close Incident in Bulk`.
    fn name(&self) -> &'static str;

    /// The last part of the command's address, such as `CloseIncidentInBulk`.
    fn endpoint(&self) -> &'static str;

    /// Runs the command within one transaction, which the caller commits together with the answer and the audit entry.
    /// A command that only reads may get a [`Records`] that refuses changes.
    ///
    /// # Errors
    /// [`Refusal`] when the command did nothing, because of a missing right or an invalid parameter.
    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Answer, Refusal>;

    /// Whether the command supports [`plan`](Self::plan) and [`apply`](Self::apply). Commands that change many objects
    /// do.
    fn can_plan(&self) -> bool {
        false
    }

    /// The changes that [`run`](Self::run) would make now. Changes nothing. A [`Records`] that refuses changes is
    /// enough.
    ///
    /// # Errors
    /// [`Refusal`] where `run` would refuse as a whole, or the command cannot be planned.
    async fn plan(
        &self,
        _records: &mut Records<'_>,
        _caller: &Caller,
        _parameters: &Parameters,
        _now: Moment,
    ) -> Result<Plan, Refusal> {
        Err(self.cannot_be_planned())
    }

    /// Runs a plan: like [`run`](Self::run), but only if the changes are still the planned changes.
    ///
    /// # Errors
    /// As `run`; and when the basis of the plan has changed since. The error names the changes.
    async fn apply(
        &self,
        _records: &mut Records<'_>,
        _caller: &Caller,
        _parameters: &Parameters,
        _now: Moment,
        _fingerprint: &str,
    ) -> Result<Answer, Refusal> {
        Err(self.cannot_be_planned())
    }

    /// The error of a command that cannot be planned.
    #[doc(hidden)]
    fn cannot_be_planned(&self) -> Refusal {
        Refusal::Because(format!(
            "{} cannot be planned. Only bulk commands that change something can be planned.",
            self.name()
        ))
    }
}
