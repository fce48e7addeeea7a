//! Ids and versions: numbers that the store gives out. Each kind has a type of its own, so that the compiler refuses to mix
//! them up.

/// The text of an id is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number")]
pub struct NotANumber;

/// Types of numbers that are transparent in the tables, JSON and the OpenAPI document.
macro_rules! ids {
    ($($(#[$about:meta])* $name:ident,)+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        crate::columns::transparent_number!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                i64::schema()
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotANumber;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self).map_err(|_| NotANumber)
            }
        }
    )+};
}

ids! {
    /// The id of a [`Site`](super::Site).
    SiteId,
    /// The id of a [`User`](super::User).
    UserId,
    /// The id of an [`AccessKey`](super::AccessKey).
    AccessKeyId,
    /// The id of an [`Incident`](super::Incident); its number, which users know, is another.
    IncidentId,
    /// The id of a [`Case`](super::Case); its number, which users know, is another.
    CaseId,
    /// The id of a [`Connection`](super::Connection).
    ConnectionId,
    /// The id of an [`Agent`](super::Agent).
    AgentId,
    /// The id of a [`Run`](super::Run).
    RunId,
    /// The id of a [`Schedule`](super::Schedule).
    ScheduleId,
    /// The id of a [`Tenant`](super::Tenant).
    TenantId,
    /// The id of a [`Master`](super::Master).
    MasterId,
    /// The id of a [`TenantKey`](super::TenantKey).
    TenantKeyId,
    /// The id of a [`ScheduleRun`](super::ScheduleRun).
    ScheduleRunId,
    /// The id of a [`SyncRun`](super::SyncRun).
    SyncRunId,
    /// The id of a [`SyncResult`](super::SyncResult).
    SyncResultId,
    /// The id of a [`FindingFeed`](super::FindingFeed).
    FeedId,
    /// The id of a [`FindingSnapshot`](super::FindingSnapshot).
    SnapshotId,
    /// The id of a collection of findings.
    CollectionId,
    /// The id of a delivery of changes of findings.
    FindingDeliveryId,
    /// The id of a rule on findings.
    FindingRuleId,
    /// The number of a change in the log of changes of findings; later changes have higher numbers.
    FindingSequence,
    /// The id of a [`Session`](super::Session).
    SessionId,
    /// The id of an [`AuditEntry`](super::AuditEntry); later entries have higher ids.
    AuditEntryId,
    /// The version of an incident, a case, a connection or an agent. Each change raises it by 1.
    Version,
    /// The number of a message from a master to a tenant. A tenant takes no message twice, and none below the last one.
    MessageNumber,
    /// The version of the rights. Each change to sites, users, roles or keys raises it.
    AccessGeneration,
    /// How often a store was restored from a backup.
    Epoch,
    /// The version of the tables: the number of the last migration that they went through.
    SchemaVersion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_id_is_told_what_is_expected() {
        assert_eq!("7".parse::<RunId>(), Ok(RunId(7)));
        for text in ["", "x", "1.5", "99999999999999999999"] {
            let told = text.parse::<RunId>().map_err(|error| error.to_string());
            assert_eq!(told, Err("expected a whole number".to_owned()));
        }
    }
}
