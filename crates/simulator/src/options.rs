//! Says what kind of instance to simulate and how large it is.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::{Generation, start_error::StartError};

/// The options of [`Simulator::start`](crate::Simulator::start). The defaults make a small, healthy instance.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which of the vendor's API generations to speak.
    pub generation: Generation,
    /// The data are drawn from this number: same seed and sizes, same bytes. Default 1.
    pub seed: u64,
    /// Tenants with ids 1 to this number; the last of two or more has an expired trial. Default 3, at least 1.
    pub tenants: u32,
    /// Scanners per tenant, 4 to 99. Default 4.
    pub scanners: u32,
    /// Devices per tenant, at most 900,000. Default 250.
    pub devices: u32,
    /// Vulnerabilities per device, at most 9,999. Default 12.
    pub vulnerabilities: u32,
    /// Technical contexts per tenant, at most 900,000. Default 30.
    pub contexts: u32,
    /// Scan surface entries per tenant, at most 90,000. Default 30.
    pub scan_surface_entries: u32,
    /// Where to listen; port 0 picks a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// Whether to speak TLS, with a certificate of an authority made for it. Default false.
    pub tls: bool,
    /// Whether replies contain the vendor's known deviations from its own schemas and names that break
    /// naive programs. Off, every reply fits its schema. Default true.
    pub oddities: bool,
    /// Rows on a page when the request names no size, 1 to 1,000. Default 25.
    pub page_size: u32,
    /// How long an access token is good for. Default one hour.
    pub token_lifetime: Duration,
    /// How long a rescan takes from request to done. Default one minute.
    pub scan_duration: Duration,
    /// False: an instance without `/auth/token/`, which then answers 404. Default true.
    pub token_endpoint: bool,
    /// True: access tokens that are no JWT and cannot be read. Default false.
    pub opaque_tokens: bool,
    /// True: login replies name `original_tenant_id` too, not just the token's claims. Default false.
    pub original_tenant_in_reply: bool,
    /// The tenant that every user belongs to, used when a request names none. `None`: neither claims nor
    /// replies name one, and such requests go to tenant 1. Default `Some(1)`.
    pub original_tenant: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            generation: Generation::Current,
            seed: 1,
            tenants: 3,
            scanners: 4,
            devices: 250,
            vulnerabilities: 12,
            contexts: 30,
            scan_surface_entries: 30,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: false,
            oddities: true,
            page_size: 25,
            token_lifetime: Duration::from_secs(3600),
            scan_duration: Duration::from_secs(60),
            token_endpoint: true,
            opaque_tokens: false,
            original_tenant_in_reply: false,
            original_tenant: Some(1),
        }
    }
}

impl Options {
    /// Refuses sizes outside the ranges that the fields document.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let bounds = [
            ("tenants", self.tenants, 1, 100_000),
            ("scanners", self.scanners, 4, 99),
            ("devices", self.devices, 0, 900_000),
            ("vulnerabilities", self.vulnerabilities, 0, 9_999),
            ("contexts", self.contexts, 0, 900_000),
            ("scan_surface_entries", self.scan_surface_entries, 0, 90_000),
            ("page_size", self.page_size, 1, 1_000),
        ];
        for (option, value, least, most) in bounds {
            if value < least || value > most {
                return Err(StartError::Option { option, value, least, most });
            }
        }
        Ok(())
    }
}
