//! One-time keys. A tenant's administrator gives one to the master, and master and tenant authenticate each other by
//! it. It contains the tenant's public key and a secret. In the handshake the master proves that it has the secret, and
//! the tenant proves that it has the private key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

const PREFIX: &str = "fpt1_";
const CHECK: usize = 4;

/// A one-time key.
#[derive(Clone)]
pub(crate) struct OneTimeKey {
    /// The tenant instance's public key.
    pub(super) tenant: [u8; 32],
    pub(super) secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for OneTimeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OneTimeKey({})", self.name())
    }
}

impl OneTimeKey {
    pub(super) fn new(tenant: [u8; 32], secret: Zeroizing<[u8; 32]>) -> Self {
        Self { tenant, secret }
    }

    /// The key's name on both sides. It is derived from the secret and does not reveal it.
    pub(super) fn name(&self) -> String {
        let drawn = blake3::derive_key("soar-host 2026 name of a tenant's one-time key", &*self.secret);
        super::key_pair::hexadecimal(&drawn[..8])
    }

    /// The text for the master.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 + CHECK));
        bytes.extend_from_slice(&self.tenant);
        bytes.extend_from_slice(&*self.secret);
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*bytes)))
    }

    /// Parses the text of a key.
    ///
    /// # Errors
    /// The expected form. The error does not contain the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            "The text is no one-time key of a tenant: expected fpt1_ and 91 characters, as `footprint tenant key \
             create` on the tenant shows them. Copy the whole key."
                .to_owned()
        };
        let encoded = text.trim().strip_prefix(PREFIX).ok_or_else(expected)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| expected())?);
        if bytes.len() != 64 + CHECK {
            return Err(expected());
        }
        let (key, checked) = bytes.split_at(64);
        if check(key) != checked {
            return Err(expected());
        }
        let (mut tenant, mut secret) = ([0; 32], Zeroizing::new([0; 32]));
        tenant.copy_from_slice(&key[..32]);
        secret.copy_from_slice(&key[32..]);
        Ok(Self { tenant, secret })
    }
}

/// The checksum that detects typing errors.
fn check(bytes: &[u8]) -> [u8; CHECK] {
    let mut short = [0; CHECK];
    short.copy_from_slice(&blake3::derive_key("soar-host 2026 check of a tenant's one-time key", bytes)[..CHECK]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_shown_and_a_slip_is_noticed() {
        let key = OneTimeKey::new([7; 32], Zeroizing::new([9; 32]));
        let text = key.text();
        let read = OneTimeKey::parse(&format!(" {}\n", *text)).unwrap();
        assert_eq!((read.tenant, *read.secret, read.name()), ([7; 32], [9; 32], key.name()));
        assert_eq!(text.len(), 96);
        let other = if text.ends_with('A') { "B" } else { "A" };
        for slip in [&text[..95], &format!("{}{other}", &text[..95]), "", "fpt1_", "d3k_abc", &text.to_lowercase()] {
            let error = OneTimeKey::parse(slip).unwrap_err();
            assert!(error.contains("fpt1_") && !error.contains(&text[5..40]), "{error}");
        }
        assert!(!format!("{key:?}").contains(&text[40..60]));
    }
}
