//! Alerts: failures and recoveries of connections and schedules, grouped into messages that are sent until they are
//! delivered.

mod findings_message;
mod mail;
mod message;
mod outbox;
mod settings;
mod webhook;
mod webhook_names;

pub use mail::{MailCourier, MailSecurity, MailSettings};
pub use message::Rendered;
pub(crate) use outbox::{ATTEMPT, Outbox, correct_message_times, failing_since, pause};
pub use outbox::{Courier, Couriers, WebhookBody};
pub use settings::{AlertSettings, MailServer, Webhook};
pub use webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookCourier, WebhookSettings, WebhookSignature};
pub use webhook_names::WebhookNames;
