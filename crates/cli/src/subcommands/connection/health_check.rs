//! A connection's health check: its flags, and its text.

use clap::Args;
use soar_store::model::Connection;

use crate::instance::OperatorSession;
use crate::printer::Printer;
use crate::values::number;

// The fields of a health check besides its interval.
#[derive(Debug, Args)]
pub(super) struct HealthCheckFlags {
    /// The address for mail about failed tests; repeatable, and an empty text removes it
    #[arg(long = "health-check-email", value_name = "ADDRESS")]
    emails: Vec<String>,

    /// A webhook of host.toml for failed tests; repeatable, and an empty text removes it
    #[arg(long = "health-check-webhook", value_name = "NAME")]
    webhooks: Vec<String>,

    /// The number of failed tests in a row that sends an alert [default: 3]
    #[arg(long = "health-check-alert-after", value_name = "NUMBER", value_parser = number::<i64>)]
    pub(super) alert_after: Option<i64>,

    /// The number of passed tests in a row after which a failed connection has recovered, 1 to 10 [default: 2]
    #[arg(long = "health-check-recover-after", value_name = "NUMBER", value_parser = number::<i64>)]
    pub(super) recover_after: Option<i64>,

    /// A test that takes this many milliseconds or more is slow, and the connection Degraded [default: 5000]
    #[arg(long = "health-check-slow-ms", value_name = "NUMBER", value_parser = number::<i64>)]
    pub(super) slow_ms: Option<i64>,
}

impl HealthCheckFlags {
    pub(super) fn is_empty(&self) -> bool {
        self.emails.is_empty()
            && self.webhooks.is_empty()
            && self.alert_after.is_none()
            && self.recover_after.is_none()
            && self.slow_ms.is_none()
    }

    /// The addresses as the form has them.
    pub(super) fn email(&self) -> Option<String> {
        let given: Vec<_> = self.emails.iter().map(|one| one.trim()).filter(|one| !one.is_empty()).collect();
        (!self.emails.is_empty()).then(|| given.join(", "))
    }

    pub(super) fn webhooks(&self) -> Option<Vec<String>> {
        let given = self.webhooks.iter().filter(|one| !one.trim().is_empty()).cloned();
        (!self.webhooks.is_empty()).then(|| given.collect())
    }

    /// Warns if mail is to be sent and the instance's settings have no mail server.
    pub(super) fn warn(&self, session: &OperatorSession, printer: &mut Printer) {
        let email = self.email().filter(|text| !text.is_empty());
        session.settings.warn_of_mail(email.as_deref().into_iter(), printer);
    }
}

/// The text for a list.
pub(super) fn in_words(connection: &Connection) -> String {
    connection.health_check.as_ref().map_or_else(
        || "none".to_owned(),
        |check| {
            let mail = check.email.as_ref().map(|email| format!(", mail to {email}")).unwrap_or_default();
            format!("every {} min{mail}", check.every_minutes)
        },
    )
}

/// The full text.
pub(super) fn in_full(connection: &Connection) -> String {
    let mut words = in_words(connection);
    if let Some(check) = &connection.health_check {
        for name in &check.webhooks {
            words.push_str(&format!(", webhook {name}"));
        }
        if !check.webhooks.is_empty() || check.email.is_some() {
            words.push_str(&format!(" after {} failures in a row", check.alert_after));
        }
        words.push_str(&format!("; recovered after {} passes in a row", check.recover_after));
        words.push_str(&format!("; slow from {} ms on", check.slow_ms));
    }
    words
}
