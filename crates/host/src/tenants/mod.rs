//! Master and tenant instances: onboarding, and Sync Connection, which copies connections from a master to tenants.

mod apply;
mod client;
mod command;
mod content;
mod envelope;
mod exchange;
mod failure;
mod handshake;
mod identity;
mod key_pair;
mod keys;
mod masters;
mod message;
mod one_time_key;
mod order;
mod receive;
mod register;
mod request;
mod run;
mod service;
mod settings;
mod sharing;
mod site_status;
#[cfg(feature = "testing")]
pub mod testing;

pub(crate) use command::SyncConnection;
pub use command::{ENDPOINT, answer_of, manifest};
pub use keys::IssuedTenantKey;
pub use receive::{MasterMessage, MasterReply};
pub use request::{ConnectionInfo, SyncRequest};
pub use run::SyncProgress;
pub use service::{TenantDraft, Tenants};
pub use settings::TenantSettings;
pub use sharing::ALL_TENANTS;
pub(crate) use site_status::UpdateTenantSiteStatus;
pub use site_status::{SITE_STATUS_ENDPOINT, SiteStatusRequest, site_status_manifest};

/// The version of the protocol between masters and tenants. Both must use the same version.
pub const PROTOCOL_VERSION: u32 = 1;
