//! The address under which browsers reach a host.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Stands in an address for the port, if the host chooses it when it starts.
pub const CHOSEN_PORT: &str = "PORT";

/// The address under which browsers reach a host, without `/` at its end: `public-address` of the settings, otherwise the
/// address at which the host listens. All clones learn that address.
#[derive(Debug, Clone)]
pub struct PublicAddress {
    /// `public-address` of the settings.
    given: Option<String>,
    has_tls: bool,
    base_path: String,
    listen: Arc<Mutex<SocketAddr>>,
}

impl PublicAddress {
    /// `given` is `public-address` of the settings, and `listen` their address to listen at.
    pub(super) fn new(given: Option<&str>, has_tls: bool, listen: SocketAddr, base_path: &str) -> Self {
        let listen = Arc::new(Mutex::new(listen));
        Self { given: given.map(str::to_owned), has_tls, base_path: base_path.to_owned(), listen }
    }

    /// Notes the address at which the host listens. The settings may have left the port open.
    pub fn note_listening(&self, address: SocketAddr) {
        *self.listen.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(given) = &self.given {
            return formatter.write_str(given);
        }
        let listen = *self.listen.lock().unwrap_or_else(PoisonError::into_inner);
        write!(formatter, "{}{}", url(self.has_tls, listen), self.base_path)
    }
}

/// The address of a host that listens there.
pub(super) fn url(has_tls: bool, listen: SocketAddr) -> String {
    let scheme = if has_tls { "https" } else { "http" };
    let address = listen.to_string();
    match address.strip_suffix(":0") {
        Some(name) => format!("{scheme}://{name}:{CHOSEN_PORT}"),
        None => format!("{scheme}://{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_the_host_chooses_is_shown_once_it_is_known() {
        for (listen, before, after) in [
            ("127.0.0.1:0", "https://127.0.0.1:PORT/MainApp", "https://127.0.0.1:9000/MainApp"),
            ("[::1]:0", "https://[::1]:PORT/MainApp", "https://[::1]:9000/MainApp"),
            ("127.0.0.1:9000", "https://127.0.0.1:9000/MainApp", "https://127.0.0.1:9000/MainApp"),
        ] {
            let listen: SocketAddr = listen.parse().unwrap();
            let address = PublicAddress::new(None, true, listen, "/MainApp");
            let clone = address.clone();
            assert_eq!(clone.to_string(), before);
            address.note_listening(SocketAddr::new(listen.ip(), 9000));
            assert_eq!(clone.to_string(), after);
        }
    }

    #[test]
    fn the_address_of_the_settings_comes_first() {
        let address = PublicAddress::new(Some("https://soar.example.com"), false, ([127, 0, 0, 1], 0).into(), "");
        address.note_listening(([127, 0, 0, 1], 9000).into());
        assert_eq!(address.to_string(), "https://soar.example.com");
    }
}
