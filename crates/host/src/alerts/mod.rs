//! Alerts: who is told that something fails or recovered, gathered into few messages, none of which is lost.

mod mail;
mod message;
mod outbox;
mod settings;
mod webhook;

pub use mail::{MailCourier, MailSecurity, MailSettings};
pub use message::Rendered;
pub use outbox::{Courier, Couriers, deliver_due};
pub use settings::{AlertSettings, MailServer, Webhook};
pub use webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookCourier, WebhookSettings, WebhookSignature};
