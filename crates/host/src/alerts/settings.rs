//! The part of the host's configuration that says how alerts are sent.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use serde::Deserialize;
use soar_connector::name::quoted;
use soar_store::model::Reference;
use soar_store::model::name::{checked_name, name_key};

use super::{Couriers, MailCourier, MailSecurity, MailSettings, WebhookCourier, WebhookSettings, WebhookSignature};
use crate::vault::Vault;

/// How alerts are sent. The configuration holds no secret: it says where each is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AlertSettings {
    /// The mail server; without one no mail is sent.
    pub mail: Option<MailServer>,
    /// Webhooks by the name that schedules use.
    pub webhooks: BTreeMap<String, Webhook>,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MailServer {
    /// Its host name.
    pub host: String,
    /// Its port; 465 for tls, 587 for starttls and 25 for plain unless given.
    #[serde(default)]
    pub port: Option<u16>,
    /// `tls`, `starttls` (unless given), or `plain`, which is for this machine itself.
    #[serde(default = "starttls")]
    pub security: MailSecurity,
    /// Lets `plain` mail leave this machine, readable for whoever is on the way.
    #[serde(default)]
    pub allow_plain: bool,
    /// The account's name, where the server wants one.
    #[serde(default)]
    pub user: Option<String>,
    /// Where its password is.
    #[serde(default)]
    pub password: Option<Reference>,
    /// Whom mails are from, such as `Footprint <footprint@example.com>`.
    pub from: String,
    /// A PEM file of a certificate authority to trust besides the machine's.
    #[serde(default)]
    pub certificate_authority: Option<PathBuf>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Webhook {
    /// Its address: https, or http on this machine.
    pub address: String,
    /// Where the secret is that messages are signed with.
    pub secret: Reference,
    /// How messages are signed: `standard` (unless given), or `old` as version 0.1 did, for this one release.
    #[serde(default)]
    pub signature: WebhookSignature,
}

fn starttls() -> MailSecurity {
    MailSecurity::Starttls
}

impl AlertSettings {
    /// What sends alerts; fetches the secrets from `vault`, and sends nothing.
    ///
    /// # Errors
    /// A sentence that says what cannot work; it holds no secret.
    pub async fn couriers(&self, vault: &Vault) -> Result<Couriers, String> {
        let mut couriers = Couriers::default();
        if let Some(mail) = &self.mail {
            let account = match (&mail.user, &mail.password) {
                (None, None) => None,
                (Some(user), Some(password)) => {
                    let secret = vault.fetch(password).await;
                    Some((user.clone(), secret.map_err(|error| format!("The mail server's password: {error}"))?))
                }
                _ => return Err("The mail server's account: give both user and password, or none.".to_owned()),
            };
            let certificate_authority = match &mail.certificate_authority {
                None => None,
                Some(path) => Some(tokio::fs::read(path).await.map_err(|error| {
                    format!("The mail server's certificate authority {} cannot be read: {error}.", path.display())
                })?),
            };
            couriers.mail = Some(MailCourier::new(&MailSettings {
                host: mail.host.clone(),
                port: mail.port,
                security: mail.security,
                allow_plain: mail.allow_plain,
                account,
                from: mail.from.clone(),
                certificate_authority,
            })?);
        }
        let mut names = HashSet::new();
        for (name, webhook) in &self.webhooks {
            if checked_name("webhook", name).map_err(|error| error.to_string())? != *name {
                return Err(format!(
                    "The webhook {}: write its name in Unicode's form NFC, with single blanks.",
                    quoted(name)
                ));
            }
            if !names.insert(name_key(name)) {
                return Err(format!("The webhook {}: another webhook has the same name. Rename one.", quoted(name)));
            }
            let about = |error: &dyn std::fmt::Display| format!("The webhook {}: {error}", quoted(name));
            let secret = vault.fetch(&webhook.secret).await.map_err(|error| about(&error))?;
            let signature = webhook.signature;
            if signature == WebhookSignature::Old {
                tracing::warn!(
                    "The webhook {} is signed in the old form, which the next release does not have. Let its receiver \
                     check signatures of Standard Webhooks, and delete signature = \"old\".",
                    quoted(name)
                );
            }
            let settings = WebhookSettings { address: webhook.address.clone(), secret, signature };
            couriers.webhooks.insert(name.clone(), WebhookCourier::new(&settings).map_err(|error| about(&error))?);
        }
        Ok(couriers)
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
