//! The name of a sealing key, which everything that it sealed begins with.

use std::fmt;
use std::str::FromStr;

/// The first byte of everything sealed: how the rest is laid out.
pub const SEALED_LAYOUT: u8 = 1;
/// Bytes of a nonce.
const NONCE: usize = 24;
/// Bytes before what was sealed: layout, key's name, nonce.
pub const SEALED_HEAD: usize = 1 + KeyId::BYTES + NONCE;

/// The name of a key: drawn from the key, and says nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// The length of a key's name.
    pub const BYTES: usize = 8;

    /// The key that sealed these bytes, if they are sealed at all.
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
