//! The text of an API key: `d3k_`, the public part that identifies the key, `_`, and the secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const PREFIX: &str = "d3k_";

/// Digits of the public part.
const PUBLIC_DIGITS: usize = 16;

/// Bytes of a secret. A random secret of 256 bits needs no slow hash.
pub(super) const SECRET_BYTES: usize = 32;

/// The context of the hash. Another context gives another hash of the same secret.
const HASH_CONTEXT: &str = "soar-host 2026-11 API key";

/// The system's random generator failed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("The system's random generator failed.")]
pub(crate) struct NoRandomness;

pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

pub(super) fn new_public_part() -> Result<String, NoRandomness> {
    let bytes = random::<{ PUBLIC_DIGITS / 2 }>()?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The secret as text.
pub(super) fn encoded(secret: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(secret))
}

/// The text of the whole key.
pub(super) fn key_text(public_part: &str, secret: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{PREFIX}{public_part}_{secret}"))
}

/// The public part and the secret of a key; `None` where the text does not have the form of a key.
pub(super) fn split(shown: &str) -> Option<(&str, &str)> {
    let (public_part, secret) = shown.strip_prefix(PREFIX)?.split_at_checked(PUBLIC_DIGITS)?;
    Some((public_part, secret.strip_prefix('_')?))
}

/// The hash of a secret, which the store keeps.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    blake3::derive_key(HASH_CONTEXT, secret.as_bytes())
}

pub(super) fn stored(hash: &[u8; 32]) -> String {
    STANDARD.encode(hash)
}

/// Whether `secret` has the hash `kept`. The comparison takes constant time.
pub(super) fn matches(secret: &str, kept: &[u8; 32]) -> bool {
    bool::from(hash(secret).ct_eq(kept))
}

pub(super) fn read_stored(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
