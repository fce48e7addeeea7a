//! The names of the webhooks in a host's settings, which destinations of alerts and of findings are checked against.

use std::collections::BTreeSet;
use std::sync::Arc;

use soar_connector::name::quoted;
use soar_store::model::Destination;

/// The names of the webhooks in a host's settings. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookNames(Arc<BTreeSet<String>>);

impl FromIterator<String> for WebhookNames {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(Arc::new(names.into_iter().collect()))
    }
}

impl WebhookNames {
    /// Checks that the settings have each webhook of `given`. The destinations in `kept`, which were stored before a
    /// change, are not checked: a webhook may have been removed from the settings since.
    ///
    /// # Errors
    /// The missing webhook and what to do: text that follows the name of a field. An administrator also reads the names of
    /// the webhooks that the settings have. They may be names of customers.
    pub(crate) fn check(&self, given: &[Destination], kept: &[Destination], administers: bool) -> Result<(), String> {
        let missing = given.iter().filter(|one| !kept.contains(one)).find_map(|one| match one {
            Destination::Webhook(name) if !self.0.contains(name) => Some(name),
            _ => None,
        });
        match missing {
            None => Ok(()),
            Some(name) if administers => Err(self.without(name)),
            Some(name) => Err(format!(
                "the host's settings have no webhook {}. Ask an administrator for the names of the webhooks.",
                quoted(name)
            )),
        }
    }

    fn without(&self, name: &str) -> String {
        let there = self.0.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let name = quoted(name);
        if there.is_empty() {
            return format!(
                "the host's settings have no webhook {name}, and no other webhook either. Leave it out, or add it to \
                 [alerts.webhooks] of the settings and start the host again."
            );
        }
        format!(
            "the host's settings have no webhook {name}. Expected one of {there}. Name one of these, or add {name} to \
             [alerts.webhooks] of the settings and start the host again."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations(texts: &[&str]) -> Vec<Destination> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_missing_webhook_is_refused_with_the_names_that_there_are_unless_it_was_kept() {
        let names: WebhookNames = ["siem", "operations"].map(str::to_owned).into_iter().collect();
        let given = destinations(&["soc@example.com", "webhook:siem", "webhook:nope"]);
        let problem = names.check(&given, &destinations(&["webhook:siem"]), true).unwrap_err();
        assert!(problem.starts_with("the host's settings have no webhook \"nope\". "), "{problem}");
        assert!(problem.contains("Expected one of \"operations\", \"siem\". Name one of these, or add"), "{problem}");
        let problem = names.check(&given, &[], false).unwrap_err();
        assert_eq!(
            problem,
            "the host's settings have no webhook \"nope\". Ask an administrator for the names of the webhooks."
        );
        assert_eq!(names.check(&given, &destinations(&["webhook:nope"]), true), Ok(()));
        assert_eq!(names.check(&given[..2], &[], false), Ok(()));
        // Deliveries look a webhook up by exactly its name.
        assert!(names.check(&destinations(&["webhook:SIEM"]), &[], true).is_err());
        let problem = WebhookNames::default().check(&given, &[], true).unwrap_err();
        assert!(problem.contains("no webhook \"siem\", and no other webhook either. Leave it out"), "{problem}");
    }
}
