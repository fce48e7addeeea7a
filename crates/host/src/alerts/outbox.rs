//! The outbox sends each message until its destination has accepted it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use soar_connector::Clock;
use soar_store::model::{Destination, Message, Moment};
use soar_store::{Records, Store, StoreError};

use super::{MailCourier, WebhookCourier};

/// The timeout of an attempt, including connection, TLS and answer. No library has a timeout for all of it.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(30);

/// The lease of a message that a host sends. It is longer than the timeout of an attempt.
const LEASE: Duration = Duration::from_secs(60);

/// The number of mails sent at once, since all go to one server.
const MAILS_AT_ONCE: usize = 16;

/// The pause after the first failed attempt. It doubles with each further attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(15);

/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// The pause between attempts to store a result while the store fails.
const NOTE_AGAIN: Duration = Duration::from_secs(1);

/// Delivers messages.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Sends `message`. Returns once the destination has accepted it.
    ///
    /// # Errors
    /// A sentence with the reason for which the destination did not accept it.
    async fn deliver(&self, message: &Message, now: Moment) -> Result<(), String>;

    /// Sends a signed body under an id to the webhook of this name.
    ///
    /// # Errors
    /// A sentence with the reason for which the webhook did not accept it.
    async fn post(&self, webhook: &str, id: &str, body: WebhookBody, now: Moment) -> Result<(), String> {
        let _ = (id, body, now);
        Err(format!("The host's configuration has no webhook {webhook}. Add it."))
    }
}

/// A body for a webhook.
#[derive(Debug)]
pub struct WebhookBody {
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The mail server and the webhooks of the host's configuration.
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
                None => Err("The host's configuration has no mail server. Add one.".to_owned()),
            },
            Destination::Webhook(name) => match self.webhooks.get(name) {
                Some(webhook) => webhook.deliver(message, now).await,
                None => Err(format!("The host's configuration has no webhook {name}. Add it.")),
            },
        }
    }

    async fn post(&self, webhook: &str, id: &str, body: WebhookBody, now: Moment) -> Result<(), String> {
        match self.webhooks.get(webhook) {
            Some(courier) => courier.post(id, body.media_type, body.bytes, now).await,
            None => Err(format!("The host's configuration has no webhook {webhook}. Add it.")),
        }
    }
}

/// Sends the messages of a store. Each destination gets one message at a time, and no destination delays another.
///
/// A message that was not accepted stays in the store and is sent again with increasing pauses. If the process dies
/// after the delivery and before storing its result, the message is sent again under the same id.
pub(crate) struct Outbox {
    store: Store,
    clock: Arc<dyn Clock>,
    courier: Arc<dyn Courier>,
    /// The destinations to which a message is being sent.
    busy: Arc<Mutex<BTreeSet<String>>>,
}

/// A message with a lease: no other host sends it until the lease expires.
#[derive(Debug)]
pub(crate) struct Delivery {
    message: Message,
    taken_at: Moment,
    _destination: BusyDestination,
}

/// Marks a destination as busy until dropped.
#[derive(Debug)]
struct BusyDestination {
    busy: Arc<Mutex<BTreeSet<String>>>,
    destination: String,
}

impl Drop for BusyDestination {
    fn drop(&mut self) {
        lock(&self.busy).remove(&self.destination);
    }
}

fn lock(busy: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outbox {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, courier: Arc<dyn Courier>) -> Self {
        Self { store, clock, courier, busy: Arc::default() }
    }

    /// Leases the messages that are due, one for each destination that is not busy.
    pub(crate) async fn take(&self) -> Result<Vec<Delivery>, StoreError> {
        let busy = lock(&self.busy).clone();
        let is_mail = |destination: &Destination| matches!(destination, Destination::Mail(_));
        let mails = busy.iter().filter_map(|busy| busy.parse().ok()).filter(is_mail).count();
        let mut reader = self.store.reader().await?;
        let mut records = reader.records();
        let now = records.now().await?;
        let mut due = records.due_messages(now, &busy).await?;
        drop(reader);
        let mut places = MAILS_AT_ONCE.saturating_sub(mails);
        due.retain(|(_, destination)| {
            let fits = !is_mail(destination) || places > 0;
            places = places.saturating_sub(usize::from(is_mail(destination)));
            fits
        });
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = due.iter().map(|(id, _)| id.as_str()).collect();
        let mut transaction = self.store.transaction().await?;
        let messages = transaction.records().take_messages(&ids, now, now + LEASE).await?;
        transaction.commit().await?;
        let delivery = |message: Message| Delivery {
            taken_at: now,
            _destination: self.hold(message.destination.to_string()),
            message,
        };
        Ok(messages.into_iter().map(delivery).collect())
    }

    fn hold(&self, destination: String) -> BusyDestination {
        lock(&self.busy).insert(destination.clone());
        BusyDestination { busy: Arc::clone(&self.busy), destination }
    }

    /// Sends a message, and stores the result as soon as the store works. Returns whether the message was delivered.
    pub(crate) async fn send(&self, delivery: Delivery) -> bool {
        let Delivery { message, taken_at, .. } = &delivery;
        let sent = tokio::select! {
            biased;
            sent = self.courier.deliver(message, *taken_at) => sent,
            () = self.clock.sleep(ATTEMPT) => {
                Err(format!("{} did not accept the message within {} s.", message.destination, ATTEMPT.as_secs()))
            }
        };
        if let Err(error) = &sent {
            let (id, attempts) = (&message.id, message.attempts + 1);
            tracing::warn!(message = id, destination = %message.destination, attempts, "{error}");
        }
        while let Err(error) = self.note(message, &sent).await {
            if !self.store.note(&error) {
                tracing::error!(
                    message = message.id,
                    "The result of an alert could not be stored. The host tries \
                                                       again. {error}"
                );
            }
            self.clock.sleep(NOTE_AGAIN).await;
        }
        sent.is_ok()
    }

    async fn note(&self, message: &Message, sent: &Result<(), String>) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let now = records.now().await?;
        match sent {
            Ok(()) => records.message_delivered(&message.id, now).await?,
            Err(error) => records.message_failed(&message.id, error, now + pause(message.attempts)).await?,
        }
        transaction.commit().await
    }
}

/// Makes messages due soon that a wrong clock postponed by more than any pause. Returns their number.
pub(crate) async fn correct_message_times(records: &mut Records<'_>) -> Result<u64, StoreError> {
    records.correct_message_times(FIRST_PAUSE, LONGEST_PAUSE).await
}

/// When the first of this number of failed attempts was made, if the next one is due at `next_at`. A host that did not run
/// between two attempts makes it earlier.
pub(crate) fn failing_since(attempts: i64, next_at: Moment) -> Moment {
    (0..attempts).fold(next_at, |at, earlier| at - pause(earlier))
}

/// The pause after this number of failed attempts.
pub(crate) fn pause(attempts: i64) -> Duration {
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

    #[test]
    fn attempts_began_all_their_pauses_ago() {
        let next_at = Moment(10_000_000);
        let seconds = |attempts| next_at.since(failing_since(attempts, next_at)).as_secs();
        assert_eq!([0, 1, 2, 8, 9].map(seconds), [0, 15, 45, 3_825, 7_425]);
    }
}
