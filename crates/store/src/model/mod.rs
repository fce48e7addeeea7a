//! The host's data, as plain types.

pub mod access;
mod agent;
mod alert_group;
mod audit;
mod cadence;
mod case;
mod connection;
mod cron;
mod destination;
mod finding;
mod health;
mod health_report;
mod health_rules;
mod ids;
mod incident;
mod incident_finding;
mod key;
mod key_id;
pub mod limits;
mod message;
mod moment;
pub mod name;
mod number;
mod reference;
mod run;
mod schedule;
mod session;
pub mod shapes;
mod site;
mod sync;
mod tenant;
mod user;
mod words;

pub use access::{Caller, Right, Role};
pub use agent::{ALL_SITES, Agent};
pub use alert_group::{AlertEvent, AlertGroup, GatherRules};
pub use audit::{AuditEntry, Surface};
pub use cadence::Cadence;
pub use case::Case;
pub use connection::{
    Connection, ConnectionParameter, ConnectionSites, HealthCheck, NamedSite, ParameterState, SHARED,
};
pub use cron::CronSchedule;
pub use destination::Destination;
pub use finding::{
    FindingChange, FindingChangeKind, FindingFeed, FindingSnapshot, GoneReason, KnownFinding, SnapshotStatus,
    status_text,
};
pub(crate) use health::CLOCK_TOLERANCE;
pub use health::{AlertReason, Health, HealthState};
pub use health_report::{Check, DayUptime, Latency, Uptime, percentiles};
pub use health_rules::{AlertRules, CheckError, CheckResult, HealthNotice};
pub use ids::{
    AccessGeneration, AccessKeyId, AgentId, AuditEntryId, CaseId, CollectionId, ConnectionId, Epoch, FeedId,
    FindingDeliveryId, FindingRuleId, FindingSequence, IncidentId, MasterId, MessageNumber, NotANumber, RunId,
    ScheduleId, ScheduleRunId, SchemaVersion, SessionId, SiteId, SnapshotId, SyncResultId, SyncRunId, TenantId,
    TenantKeyId, UserId, Version,
};
pub use incident::{DynamicField, FieldKind, Incident, Link, Severity, Status, Task};
pub use incident_finding::{HeldStatus, IncidentFinding};
pub use key::{AccessKey, Allowed, JWT_SECRET_CONTEXT, KeyKind, KeyState};
pub use key_id::{KeyId, SEALED_HEAD, SEALED_LAYOUT};
pub use message::{FindingItem, FindingsEvent, FindingsMessage, Message, MessageBody, MessageContent, MessageItem};
pub use moment::Moment;
pub use number::checked_number;
pub use reference::Reference;
pub use run::{Run, RunFollowing, RunStatus};
pub use schedule::{NewSchedule, RunReport, Schedule, ScheduleKind, ScheduleRun, ScheduleRunStatus, WorkItem};
pub use session::{Profile, Session, SignInMethod, Theme};
pub use site::{Site, SiteKind};
pub use sync::{SyncChange, SyncCounts, SyncFailure, SyncResult, SyncRun, SyncStatus};
pub use tenant::{Master, MasterState, Owner, Tenant, TenantKey, TenantKeyState, TenantState};
pub use user::User;
pub use words::Words;
