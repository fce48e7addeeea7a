//! The destinations of alerts.

use std::fmt;
use std::str::FromStr;

use lettre::Address;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use soar_connector::name::{quoted, steers};

/// The prefix of a webhook's name.
const WEBHOOK: &str = "webhook:";

/// A mailbox, or a webhook of the host's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A mailbox. Its text is the address.
    Mail(Address),
    /// A webhook, by its name in the configuration. Its text is `webhook:NAME`.
    Webhook(String),
}

impl Destination {
    /// The mailbox with this address.
    ///
    /// # Errors
    /// A sentence with the expected value.
    pub fn mail(address: &str) -> Result<Self, String> {
        let expected = || format!("Expected a mail address, such as soc@example.com, got {}.", quoted(address));
        address.parse().map(Self::Mail).map_err(|_| expected())
    }

    /// The webhook of this name.
    ///
    /// # Errors
    /// A sentence with the expected value.
    pub fn webhook(name: &str) -> Result<Self, String> {
        format!("{WEBHOOK}{name}").parse()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => address.fmt(formatter),
            Self::Webhook(name) => write!(formatter, "{WEBHOOK}{name}"),
        }
    }
}

impl FromStr for Destination {
    type Err = String;

    /// A sentence with the expected value.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "Expected a mail address, such as soc@example.com, or webhook:NAME for one in the configuration; got {}.",
                quoted(text)
            )
        };
        let text = text.trim();
        match text.strip_prefix(WEBHOOK) {
            Some(name) if !name.is_empty() && name.len() <= 100 && !name.contains(steers) => {
                Ok(Self::Webhook(name.to_owned()))
            }
            Some(_) => Err(expected()),
            None => text.parse().map(Self::Mail).map_err(|_| expected()),
        }
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_read_as_it_is_written() {
        for text in ["soc@example.com", "webhook:operations"] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_not_a_destination_is_refused() {
        for bad in ["", "soc", "a@b@c", "soc@example.com\r\nBcc: x@example.com", "webhook:", "webhook:a\nb", "a b@c"] {
            assert!(bad.parse::<Destination>().unwrap_err().contains("Expected a mail address"), "{bad:?}");
        }
    }
}
