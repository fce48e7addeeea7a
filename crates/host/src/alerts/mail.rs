//! Alerts by mail, over SMTP.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use soar_connector::certificates_in;
use soar_connector::name::quoted;
use soar_store::model::Message;

use super::Rendered as _;

/// The encryption of the connection to a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecurity {
    /// TLS from the first byte, usually on port 465.
    Tls,
    /// STARTTLS, which the server must accept before anything else is sent; usually on port 587.
    Starttls,
    /// No encryption. Only to this machine, unless `allow_plain` is set.
    Plain,
}

/// The settings of a mail server.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The server's host name or address.
    pub host: String,
    /// The port; `None` for the usual port of the encryption.
    pub port: Option<u16>,
    /// The encryption.
    pub security: MailSecurity,
    /// Whether [`MailSecurity::Plain`] may be used to other machines.
    pub allow_plain: bool,
    /// The account, where the server requires one.
    pub account: Option<(String, SecretString)>,
    /// The sender of mails, such as `Footprint <footprint@example.com>`.
    pub from: String,
    /// A further certificate authority to trust, as PEM.
    pub certificate_authority: Option<Vec<u8>>,
}

/// Sends alerts by mail.
#[derive(Debug)]
pub struct MailCourier {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl MailCourier {
    /// Checks the settings and sends nothing.
    ///
    /// # Errors
    /// A sentence with the problem and the cure, without the password.
    pub fn new(settings: &MailSettings) -> Result<Self, String> {
        let from: Mailbox = settings.from.parse().map_err(|_| {
            format!(
                "The sender of mails {} is not valid. Expected an address, such as Footprint <footprint@example.com>.",
                quoted(&settings.from)
            )
        })?;
        let host = settings.host.as_str();
        // The outbox has a timeout for the whole attempt. The library's timeout covers only the connection.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).timeout(None);
        let (tls, usual_port) = match settings.security {
            MailSecurity::Plain if !settings.allow_plain && !is_this_machine(host) => {
                return Err(format!(
                    "Mails to the server {} would go unencrypted over the network. Set security to starttls or tls, or \
                     set allow-plain.",
                    quoted(host)
                ));
            }
            MailSecurity::Plain => (Tls::None, 25),
            MailSecurity::Starttls => (Tls::Required(parameters(settings)?), 587),
            MailSecurity::Tls => (Tls::Wrapper(parameters(settings)?), 465),
        };
        builder = builder.tls(tls).port(settings.port.unwrap_or(usual_port));
        if let Some((user, password)) = &settings.account {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends `message` to `to`. Returns once the server has accepted it.
    ///
    /// # Errors
    /// A sentence with the reason for which the server did not accept it.
    pub async fn deliver(&self, message: &Message, to: &Address) -> Result<(), String> {
        let mail = self.mail(message, to)?;
        self.transport.send(mail).await.map(|_| ()).map_err(|error| {
            let mut why = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                let inner_text = inner.to_string();
                if !why.contains(&inner_text) {
                    why = format!("{why}: {inner_text}");
                }
                source = inner.source();
            }
            format!("The mail server did not accept the mail: {}", soar_connector::sentence(&why))
        })
    }

    fn mail(&self, message: &Message, to: &Address) -> Result<Mail, String> {
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        // Prevents automatic replies (RFC 3834).
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let date = std::time::UNIX_EPOCH + Duration::from_millis(message.created_at.0.max(0).cast_unsigned());
        Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(message.content.subject())
            .message_id(Some(id))
            .date(date)
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(message.content.text(), message.content.html()))
            .map_err(|error| format!("The mail could not be written: {}", soar_connector::sentence(&error.to_string())))
    }
}

fn parameters(settings: &MailSettings) -> Result<TlsParameters, String> {
    let wrong = |error: lettre::transport::smtp::Error| {
        format!("TLS to the mail server cannot be set up: {}", soar_connector::sentence(&error.to_string()))
    };
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.certificate_authority {
        let pem =
            certificates_in(pem).map_err(|problem| format!("The mail server's certificate-authority {problem}"))?;
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(wrong)?);
    }
    builder.build_rustls().map_err(wrong)
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, security: MailSecurity) -> MailSettings {
        MailSettings {
            host: host.to_owned(),
            port: None,
            security,
            allow_plain: false,
            account: None,
            from: "Footprint <footprint@example.com>".to_owned(),
            certificate_authority: None,
        }
    }

    #[test]
    fn a_plain_way_leads_to_this_machine_only_unless_it_is_allowed() {
        for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
            assert!(MailCourier::new(&settings(host, MailSecurity::Plain)).is_ok(), "{host}");
        }
        for host in ["mail.example.com", "10.0.0.1", "localhost.example.com"] {
            let refused = MailCourier::new(&settings(host, MailSecurity::Plain)).unwrap_err();
            assert!(refused.contains("unencrypted"), "{refused}");
            let allowed = MailSettings { allow_plain: true, ..settings(host, MailSecurity::Plain) };
            assert!(MailCourier::new(&allowed).is_ok(), "{host}");
        }
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        let bad = MailSettings { from: "footprint".to_owned(), ..settings("localhost", MailSecurity::Plain) };
        assert!(MailCourier::new(&bad).unwrap_err().contains("Expected an address"));
    }

    #[test]
    fn settings_and_couriers_show_no_password() {
        let account = Some(("footprint".to_owned(), SecretString::from("canary-password")));
        let settings = MailSettings { account, ..settings("localhost", MailSecurity::Starttls) };
        let courier = MailCourier::new(&settings).unwrap();
        assert!(!format!("{settings:?} {courier:?}").contains("canary"));
    }
}
