//! The outbox: messages are sent until they arrive.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use soar_store::model::{Destination, Message, Moment};
use soar_store::{Store, StoreError};

use super::{MailCourier, WebhookCourier};

/// How many messages are sent at a time.
const AT_A_TIME: i64 = 20;

/// How long sending may take before another process may try, in milliseconds: longer than any courier waits.
const LEASE: Duration = Duration::from_secs(300);

/// The pause after the first failed attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(15);

/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Delivers messages.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Sends `message`; returns when it was taken over.
    ///
    /// # Errors
    /// A sentence that says why it was not.
    async fn deliver(&self, message: &Message, now: Moment) -> Result<(), String>;
}

/// The mail server and the webhooks that the host's configuration names.
#[derive(Debug, Default)]
pub struct Couriers {
    /// The mail server, where there is one.
    pub mail: Option<MailCourier>,
    /// Webhooks by name.
    pub webhooks: BTreeMap<String, WebhookCourier>,
}

#[async_trait]
impl Courier for Couriers {
    async fn deliver(&self, message: &Message, now: Moment) -> Result<(), String> {
        match &message.destination {
            Destination::Mail(address) => match &self.mail {
                Some(mail) => mail.deliver(message, address).await,
                None => Err("The host's configuration names no mail server. Add one.".to_owned()),
            },
            Destination::Webhook(name) => match self.webhooks.get(name) {
                Some(webhook) => webhook.deliver(message, now).await,
                None => Err(format!("The host's configuration names no webhook {name}. Add it.")),
            },
        }
    }
}

/// Sends what is to be sent at `now`; how many messages arrived.
///
/// A message that does not arrive is kept and tried again, after longer and longer pauses. A message may be sent twice
/// when the process dies between its arrival and the note of it: then under the same id.
///
/// # Errors
/// [`StoreError`] when the store fails; messages that do not arrive are no error.
pub async fn deliver_due(store: &Store, courier: &dyn Courier, now: Moment) -> Result<u64, StoreError> {
    let mut transaction = store.transaction().await?;
    let messages = transaction.records().take_messages(now, now + LEASE, AT_A_TIME).await?;
    transaction.commit().await?;
    let sent = futures_util::future::join_all(messages.iter().map(|message| courier.deliver(message, now))).await;
    if messages.is_empty() {
        return Ok(0);
    }
    let mut arrived = 0;
    let mut transaction = store.transaction().await?;
    for (message, result) in messages.iter().zip(sent) {
        match result {
            Ok(()) => {
                arrived += 1;
                transaction.records().message_delivered(&message.id, now).await?;
            }
            Err(error) => {
                tracing::warn!(message = message.id, attempts = message.attempts + 1, "{error}");
                let again_at = now + pause(message.attempts);
                transaction.records().message_failed(&message.id, &error, again_at).await?;
            }
        }
    }
    transaction.commit().await?;
    Ok(arrived)
}

/// How long to wait after so many attempts before.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or_default();
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let pauses: Vec<_> = (0..10).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }
}
