//! Why no connection to the server could be made, and what that means to the user.

use std::error::Error;
use std::io;

use http::StatusCode;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError};
use soar_connector::sentence;

use crate::hop::Hop;
use crate::vendor::Failure;

/// The peer of a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Peer {
    Server,
    Proxy,
}

/// How many of a certificate's names are shown.
const MOST_NAMES: usize = 5;

/// A connection that was not made. Nothing of the request was sent to the server.
#[derive(Debug, thiserror::Error)]
pub(in crate::session) enum ConnectError {
    #[error("{0}")]
    Tcp(String),
    #[error("no answer in time")]
    TimedOut(ConnectStep),
    /// An http or https proxy answered CONNECT with a status that is no success.
    #[error("the proxy answered with status {0}")]
    ProxyStatus(u16),
    /// A SOCKS proxy wants a login, or another one than it was given.
    #[error("the SOCKS proxy does not accept the login")]
    ProxyLogin { gave_login: bool },
    /// A SOCKS proxy made no connection to the server.
    #[error("the SOCKS proxy answered: {said}")]
    SocksStatus { said: String, is_verdict: bool },
    /// A proxy hung up, or speaks something else.
    #[error("the proxy gave no answer: {0}")]
    ProxyBroke(String),
    /// This machine has no trusted certificate authority.
    #[error("{0}")]
    NoAuthorities(String),
    #[error("{error}")]
    Tls { peer: Peer, hop: Hop, error: io::Error, wants_client_certificate: bool },
}

/// The step that a connection waited for when its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum ConnectStep {
    Connection,
    Proxy,
    Tls,
}

impl ConnectError {
    /// The failure for the user of `server`, which is reached through a proxy or not.
    pub(in crate::session) fn failure(&self, server: &Hop, is_proxied: bool) -> Failure {
        let way = if is_proxied { " through the proxy" } else { "" };
        let none = |code, why: &str| Failure::new(code, sentence(&format!("No connection to {server}{way}: {why}")));
        match self {
            Self::Tcp(why) => none("unreachable", why),
            Self::TimedOut(ConnectStep::Connection) => none("unreachable", "no answer in time"),
            Self::TimedOut(ConnectStep::Proxy) => none("unreachable", "the proxy did not answer in time"),
            Self::TimedOut(ConnectStep::Tls) => {
                none("unreachable", "the TLS handshake was not done in time; the port may speak no TLS")
            }
            Self::ProxyStatus(status) => {
                let code = match status {
                    407 => "proxy-refused",
                    408 | 429 | 500.. => "proxy-failed",
                    _ => "proxy-denied",
                };
                let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
                none(code, &format!("the proxy answered {status}{reason}")).at(*status)
            }
            Self::ProxyLogin { gave_login: true } => {
                none("proxy-refused", "the proxy does not accept Proxy User Name and Proxy Password")
            }
            Self::ProxyLogin { gave_login: false } => {
                none("proxy-refused", "the proxy wants a user name and password, and none is given")
            }
            Self::SocksStatus { said, is_verdict } => {
                let code = if *is_verdict { "proxy-denied" } else { "proxy-failed" };
                none(code, &format!("the proxy answered \"{said}\""))
            }
            Self::ProxyBroke(why) => none("proxy-failed", &format!("the proxy did not answer as a proxy does: {why}")),
            Self::NoAuthorities(why) => {
                Failure::new("no-authorities", sentence(&format!("No secure connection to {server}{way}: {why}")))
            }
            Self::Tls { peer, hop, error, wants_client_certificate } => {
                let peer = match peer {
                    Peer::Server => format!("{hop}{way}"),
                    Peer::Proxy => format!("the proxy {hop}"),
                };
                tls_failure(&peer, error, *wants_client_certificate)
            }
        }
    }
}

/// The failure for a failed TLS handshake with `peer`.
fn tls_failure(peer: &str, error: &io::Error, wants_client_certificate: bool) -> Failure {
    let Some(cause) = tls_error(error) else {
        return if wants_client_certificate {
            client_certificate_wanted(peer, &innermost(error))
        } else {
            let why = format!("No connection to {peer}: it ended during the TLS handshake ({})", innermost(error));
            Failure::new("unreachable", sentence(&why))
        };
    };
    let (code, why) = match cause {
        rustls::Error::AlertReceived(_) if wants_client_certificate => {
            return client_certificate_wanted(peer, &cause.to_string());
        }
        rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::InappropriateFallback,
        )
        | rustls::Error::PeerIncompatible(_) => ("tls-not-agreed", cause.to_string()),
        // A record of no known type or version: the first bytes of an answer that is no TLS.
        rustls::Error::InvalidMessage(_) => ("tls-not-spoken", "its answer is not TLS".to_owned()),
        rustls::Error::InvalidCertificate(problem) => certificate_problem(problem),
        other => ("tls-failed", other.to_string()),
    };
    Failure::new(code, sentence(&format!("No secure connection to {peer}: {why}")))
}

/// The code and the text for a certificate's problem.
fn certificate_problem(problem: &CertificateError) -> (&'static str, String) {
    let code = match problem {
        // An authority of the same name but with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "certificate-issuer-unknown",
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "certificate-expired",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "certificate-name",
        // rustls passes webpki's words on; it has no case of its own for this.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => "certificate-of-authority",
        _ => "tls-failed",
    };
    let words = match problem {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the issuer of its certificate is not trusted".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let expected = match expected {
                ServerName::IpAddress(_) => expected.to_str().into_owned(),
                _ => format!("\"{}\"", expected.to_str()),
            };
            // They come as rustls writes them for programmers: DnsName("a.example").
            let shown = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
            let mut names: Vec<_> = presented.iter().take(MOST_NAMES).map(shown).collect();
            if presented.len() > MOST_NAMES {
                names.push(format!("{} more", presented.len() - MOST_NAMES));
            }
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("its certificate is not valid for {expected}, but for {names}")
        }
        _ if code == "certificate-of-authority" => "its certificate is that of an authority".to_owned(),
        other => format!("invalid certificate: {other}"),
    };
    (code, words)
}

/// The failure of a connection that TLS ended because the server wants a client certificate.
pub(in crate::session) fn client_certificate_wanted(peer: &str, why: &str) -> Failure {
    let text = format!("No secure connection to {peer}: it asks for a client certificate ({why})");
    Failure::new("client-certificate-wanted", sentence(&text))
}

/// Why the server ended TLS after the handshake, which in TLS 1.3 is when it can miss a client certificate.
pub(in crate::session) fn refused_in_session(
    error: &(dyn Error + 'static),
    wants_client_certificate: bool,
) -> Option<String> {
    match tls_error(error)? {
        alert @ rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Some(alert.to_string()),
        alert @ rustls::Error::AlertReceived(_) if wants_client_certificate => Some(alert.to_string()),
        _ => None,
    }
}

/// The error of TLS that an error is or stems from.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(error);
    }
    // An I/O error's source is that of the error it holds, so that error is asked for directly.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    held.and_then(|held| tls_error(held as &(dyn Error + 'static))).or_else(|| error.source().and_then(tls_error))
}

/// The text of the innermost error.
pub(in crate::session) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
