//! Reads subject, issuer and end of a server's certificate.

use std::fmt;
use std::time::SystemTime;

use soar_connector::name::quoted;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

/// In seconds.
const DAY: i64 = 24 * 60 * 60;

/// A certificate, not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    subject: String,
    issuer: String,
    /// Seconds since 1970.
    ends: i64,
}

impl Certificate {
    /// Reads a certificate (DER); `None` for anything else.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Self {
            subject: subject(&certificate),
            issuer: common_name(certificate.issuer()).unwrap_or_else(|| certificate.issuer().to_string()),
            ends: certificate.validity().not_after.timestamp(),
        })
    }

    /// Whole days that it is still valid for; negative once it has ended.
    pub(crate) fn days_left(&self, now: SystemTime) -> i64 {
        self.seconds_left(now).div_euclid(DAY)
    }

    /// When it ends, in words that follow "it".
    pub(crate) fn end(&self, now: SystemTime) -> String {
        let days = |days: i64| format!("{days} {}", if days == 1 { "day" } else { "days" });
        match self.seconds_left(now) {
            seconds @ ..0 => format!("ended {} ago", days(seconds.saturating_neg() / DAY)),
            seconds => format!("ends in {}", days(seconds / DAY)),
        }
    }

    fn seconds_left(&self, now: SystemTime) -> i64 {
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.ends.saturating_sub(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The server chooses the names, so they can hold any text.
        write!(formatter, "certificate of {} issued by {}", quoted(&self.subject), quoted(&self.issuer))
    }
}

/// Whose it is: the common name, the names it is good for where it has none, or else the whole subject.
fn subject(certificate: &X509Certificate<'_>) -> String {
    let alternative = || {
        let names = certificate.subject_alternative_name().ok()??;
        names.value.general_names.iter().find_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
    };
    common_name(certificate.subject()).or_else(alternative).unwrap_or_else(|| certificate.subject().to_string())
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next()?.as_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_whole_and_negative_once_it_has_ended() {
        let certificate = |ends| Certificate { subject: "fp".into(), issuer: "ca".into(), ends };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100 * 24 * 60 * 60);
        for (ends, days, words) in [
            (131 * DAY, 31, "ends in 31 days"),
            (131 * DAY - 1, 30, "ends in 30 days"),
            (101 * DAY, 1, "ends in 1 day"),
            (100 * DAY, 0, "ends in 0 days"),
            (100 * DAY - 1, -1, "ended 0 days ago"),
            (90 * DAY, -10, "ended 10 days ago"),
        ] {
            assert_eq!((certificate(ends).days_left(now), certificate(ends).end(now).as_str()), (days, words));
        }
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for der in [&b""[..], b"certificate", &[0x30, 0x82, 0xff, 0xff]] {
            assert_eq!(Certificate::read(der), None);
        }
    }
}
