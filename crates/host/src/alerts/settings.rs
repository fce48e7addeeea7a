//! The part of the host's configuration about sending alerts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use soar_connector::name::quoted;
use soar_store::model::Reference;
use soar_store::model::name::{checked_name, name_key};

use super::{
    Couriers, MailCourier, MailSecurity, MailSettings, WebhookCourier, WebhookNames, WebhookSettings, WebhookSignature,
};
use crate::vault::Vault;

/// The settings for sending alerts. They contain references to secrets, not the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AlertSettings {
    /// The mail server. Without it the host sends no mail.
    pub mail: Option<MailServer>,
    /// The webhooks by the name that schedules and connections use.
    pub webhooks: BTreeMap<String, Webhook>,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MailServer {
    /// The server's host name.
    pub host: String,
    /// The port. 465 for tls, 587 for starttls and 25 for plain unless given.
    #[serde(default)]
    pub port: Option<u16>,
    /// `tls`, `starttls` or `plain`. `starttls` unless given. `plain` is for a mail server on this machine.
    #[serde(default = "starttls")]
    pub security: MailSecurity,
    /// Allows `plain` to other machines. Mail is then readable on the network.
    #[serde(default)]
    pub allow_plain: bool,
    /// The account's name, where the server requires one.
    #[serde(default)]
    pub user: Option<String>,
    /// The reference to the account's password.
    #[serde(default)]
    pub password: Option<Reference>,
    /// The sender of mails, such as `Footprint <footprint@example.com>`.
    pub from: String,
    /// A PEM file with a further certificate authority to trust.
    #[serde(default)]
    pub certificate_authority: Option<PathBuf>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Webhook {
    /// The address: https, or http to this machine.
    pub address: String,
    /// The reference to the secret that signs messages.
    pub secret: Reference,
    /// The form of the signature: `standard` or `old`. `standard` unless given. `old` is the form of version 0.1, for
    /// this release only.
    #[serde(default)]
    pub signature: WebhookSignature,
}

fn starttls() -> MailSecurity {
    MailSecurity::Starttls
}

impl AlertSettings {
    /// Makes the couriers with the secrets from `vault`. Sends nothing.
    ///
    /// # Errors
    /// A sentence with the problem, without any secret.
    pub async fn couriers(&self, vault: &Vault) -> Result<Couriers, String> {
        let mut couriers = Couriers { mail: self.mail_courier(vault).await?, ..Couriers::default() };
        for (name, webhook) in &self.webhooks {
            if webhook.signature == WebhookSignature::Old {
                tracing::warn!(
                    "The webhook {} uses the old form of signatures, which the next release removes. Change its \
                     receiver to Standard Webhooks signatures, and delete signature = \"old\".",
                    quoted(name)
                );
            }
            couriers.webhooks.insert(name.clone(), self.webhook_courier(name, webhook, vault).await?);
        }
        Ok(couriers)
    }

    /// The names of the webhooks.
    #[must_use]
    pub fn webhook_names(&self) -> WebhookNames {
        self.webhooks.keys().cloned().collect()
    }

    /// The courier of the mail server. `None` without one.
    ///
    /// # Errors
    /// As [`AlertSettings::couriers`].
    pub(crate) async fn mail_courier(&self, vault: &Vault) -> Result<Option<MailCourier>, String> {
        let Some(mail) = &self.mail else { return Ok(None) };
        let account = match (&mail.user, &mail.password) {
            (None, None) => None,
            (Some(user), Some(password)) => {
                let secret = vault.fetch(password).await;
                Some((user.clone(), secret.map_err(|error| format!("The mail server's password: {error}"))?))
            }
            _ => {
                return Err("The mail server's account: give both user and password, or neither of them.".to_owned());
            }
        };
        let certificate_authority = match &mail.certificate_authority {
            None => None,
            Some(path) => Some(tokio::fs::read(path).await.map_err(|error| {
                format!("The mail server's certificate authority {} cannot be read: {error}.", path.display())
            })?),
        };
        MailCourier::new(&MailSettings {
            host: mail.host.clone(),
            port: mail.port,
            security: mail.security,
            allow_plain: mail.allow_plain,
            account,
            from: mail.from.clone(),
            certificate_authority,
        })
        .map(Some)
    }

    /// The courier of a webhook of these settings.
    ///
    /// # Errors
    /// As [`AlertSettings::couriers`].
    pub(crate) async fn webhook_courier(
        &self,
        name: &str,
        webhook: &Webhook,
        vault: &Vault,
    ) -> Result<WebhookCourier, String> {
        if checked_name("webhook", name).map_err(|error| error.to_string())? != name {
            return Err(format!("The webhook {}: write its name in Unicode NFC, with single spaces.", quoted(name)));
        }
        let key = name_key(name);
        if self.webhooks.keys().filter(|other| name_key(other) == key).count() > 1 {
            return Err(format!("The webhook {}: another webhook has the same name. Rename one.", quoted(name)));
        }
        let about = |error: &dyn std::fmt::Display| format!("The webhook {}: {error}", quoted(name));
        let secret = vault.fetch(&webhook.secret).await.map_err(|error| about(&error))?;
        let settings = WebhookSettings { address: webhook.address.clone(), secret, signature: webhook.signature };
        WebhookCourier::new(&settings).map_err(|error| about(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::vault::VaultSettings;

    async fn couriers(text: &str) -> Result<Couriers, String> {
        let settings: AlertSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        let vault = VaultSettings { environment_prefixes: vec!["FOOTPRINT_".to_owned()], ..VaultSettings::default() };
        let vault = Vault::with_environment(vault, |name| {
            (name == "FOOTPRINT_SECRET").then(|| OsString::from("canary-secret-of-32-characters--"))
        });
        settings.couriers(&vault).await
    }

    #[tokio::test]
    async fn a_configuration_says_where_secrets_are_and_couriers_have_them() {
        let made = couriers(
            r#"
            [mail]
            host = "mail.example.com"
            user = "footprint"
            password = "env:FOOTPRINT_SECRET"
            from = "Footprint <footprint@example.com>"
            [webhooks.operations]
            address = "https://hooks.example.com/operations"
            secret = "env:FOOTPRINT_SECRET"
            [webhooks.older]
            address = "https://hooks.example.com/older"
            secret = "env:FOOTPRINT_SECRET"
            signature = "old"
            "#,
        )
        .await
        .unwrap();
        assert!(made.mail.is_some() && made.webhooks.contains_key("operations"));
        assert!(!format!("{made:?}").contains("canary"));
        assert!(couriers("").await.unwrap().mail.is_none());
    }

    #[tokio::test]
    async fn what_cannot_work_is_said() {
        let bad = [
            ("[mail]\nhost = 'a'\nfrom = 'a@example.com'\nuser = 'x'", "give both user and password"),
            ("[mail]\nhost = 'a'\nfrom = 'a@example.com'\nsecurity = 'plain'", "unencrypted"),
            ("[mail]\nhost = 'a'\nfrom = 'nobody'", "Expected an address"),
            ("[mail]\nhost = 'a'\nfrom = 'a@example.com'\ncertificate-authority = '/not/there'", "cannot be read"),
            ("[webhooks.a]\naddress = 'http://a.example.com'\nsecret = 'env:FOOTPRINT_SECRET'", "The webhook \"a\""),
            ("[webhooks.a]\naddress = 'https://a.example.com'\nsecret = 'env:HOME'", "The webhook \"a\""),
            (
                "[webhooks.a]\naddress = 'https://a.example.com'\nsecret = 'env:FOOTPRINT_SECRET'\nsignature = 'sha1'",
                "expected `standard` or `old`",
            ),
            (
                "[webhooks.'Caf\u{e9}']\naddress = 'https://a.example.com'\nsecret = 'env:FOOTPRINT_SECRET'\n\
                 [webhooks.'CAF\u{c9}']\naddress = 'https://a.example.com'\nsecret = 'env:FOOTPRINT_SECRET'",
                "another webhook has the same name",
            ),
            ("[webhooks.'a\u{ad}b']\naddress = 'https://a.example.com'\nsecret = 'env:FOOTPRINT_SECRET'", "U+00AD"),
            ("[mails]", "unknown field"),
        ];
        for (text, expected) in bad {
            let refused = couriers(text).await.unwrap_err();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }
}
