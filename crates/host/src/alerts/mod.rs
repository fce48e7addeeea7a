//! Alerts: who is told that something fails or recovered, gathered into few messages, none of which is lost.

mod destination;
mod gather;
mod mail;
mod message;
mod outbox;
mod settings;
mod webhook;

pub use destination::Destination;
pub use gather::{GatherRules, Group, Tell};
pub use mail::{MailCourier, MailSecurity, MailSettings};
pub use message::{Message, MessageContent, MessageItem};
pub use outbox::{Courier, Couriers, deliver_due};
pub use settings::{AlertSettings, MailServer, Webhook};
pub use webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookCourier, WebhookSettings, WebhookSignature};
