//! Ids: the numbers under which the store keeps things. Each kind has a type of its own, so that none is taken for another.

/// Types of ids, transparent in the tables, JSON and the OpenAPI document.
macro_rules! ids {
    ($($(#[$about:meta])* $name:ident,)+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

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
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
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
    /// The id of a [`SyncRun`](super::SyncRun).
    SyncRunId,
}
