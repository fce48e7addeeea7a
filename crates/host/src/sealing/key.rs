//! A sealing key: XChaCha20-Poly1305, and a public id.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Generate as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use soar_store::model::{KeyId, SEALED_HEAD, SEALED_LAYOUT};

use super::SealError;

/// A key. Dropping it wipes its bytes from memory.
#[derive(Clone)]
pub(super) struct SealingKey {
    pub(super) id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.id)
    }
}

impl SealingKey {
    pub(super) fn generate() -> Result<Self, SealError> {
        let bytes = chacha20poly1305::Key::try_generate().map_err(|error| SealError::Random(error.to_string()))?;
        Ok(Self::of(Zeroizing::new(bytes.into())))
    }

    fn of(bytes: Zeroizing<[u8; 32]>) -> Self {
        let derived = Zeroizing::new(blake3::derive_key("soar-host 2026 name of a sealing key", &*bytes));
        let mut id = [0; KeyId::BYTES];
        id.copy_from_slice(&derived[..KeyId::BYTES]);
        Self { id: KeyId(id), bytes }
    }

    /// Parses a key in base64. The error does not contain the text.
    pub(super) fn from_text(text: &str) -> Result<Self, String> {
        let decoded = Zeroizing::new(STANDARD.decode(text).map_err(|_| "it is no base64".to_owned())?);
        let mut bytes = Zeroizing::new([0; 32]);
        if decoded.len() != bytes.len() {
            return Err(format!("it has {} bytes instead of {}", decoded.len(), bytes.len()));
        }
        bytes.copy_from_slice(&decoded);
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err("it repeats a single byte, so it is no random key".to_owned());
        }
        Ok(Self::of(bytes))
    }

    pub(super) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.bytes))
    }

    /// The layout version, the key id, the nonce and the encrypted secret with its tag. The tag also covers the layout
    /// version, the key id and `context`.
    pub(super) fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = XNonce::try_generate().map_err(|error| SealError::Random(error.to_string()))?;
        let bound = self.bound(context);
        let encrypted = XChaCha20Poly1305::new((&*self.bytes).into())
            .encrypt(&nonce, Payload { msg: secret, aad: &bound })
            .map_err(|_| SealError::TooLong)?;
        let mut sealed = Vec::with_capacity(SEALED_HEAD + encrypted.len());
        sealed.push(SEALED_LAYOUT);
        sealed.extend_from_slice(&self.id.0);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&encrypted);
        Ok(sealed)
    }

    pub(super) fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, encrypted) = sealed.split_at_checked(SEALED_HEAD).ok_or(SealError::Altered)?;
        let nonce: [u8; 24] = head[1 + KeyId::BYTES..].try_into().map_err(|_| SealError::Altered)?;
        let bound = self.bound(context);
        XChaCha20Poly1305::new((&*self.bytes).into())
            .decrypt(&nonce.into(), Payload { msg: encrypted, aad: &bound })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Altered)
    }

    fn bound(&self, context: &str) -> Vec<u8> {
        let mut bound = vec![SEALED_LAYOUT];
        bound.extend_from_slice(&self.id.0);
        bound.extend_from_slice(context.as_bytes());
        bound
    }
}
