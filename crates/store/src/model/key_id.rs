//! The name of a sealing key, which stands before everything that the key sealed.

use std::fmt;
use std::str::FromStr;

/// The first byte of everything sealed: the version of its layout.
pub const SEALED_LAYOUT: u8 = 1;
/// The length of a nonce in bytes.
const NONCE: usize = 24;
/// The bytes before the sealed secret: layout, key's name, nonce.
pub const SEALED_HEAD: usize = 1 + KeyId::BYTES + NONCE;

/// The name of a key. It is derived from the key and reveals nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// The length of a key's name in bytes.
    pub const BYTES: usize = 8;

    /// The key that sealed these bytes, if they are sealed.
    #[must_use]
    pub fn of(sealed: &[u8]) -> Option<Self> {
        let id = sealed.strip_prefix(&[SEALED_LAYOUT])?.first_chunk()?;
        (sealed.len() >= SEALED_HEAD).then_some(Self(*id))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || format!("expected {} hexadecimal digits", Self::BYTES * 2);
        if text.len() != Self::BYTES * 2 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(expected());
        }
        let mut id = [0; Self::BYTES];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| expected())?;
        }
        Ok(Self(id))
    }
}
