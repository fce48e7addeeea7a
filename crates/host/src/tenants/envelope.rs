//! The envelope of messages between a registered master and tenant: XChaCha20-Poly1305 with one key per direction. Each
//! message is bound to the protocol version, the pair and the message's number. An answer is also bound to its request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Generate as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::PROTOCOL_VERSION;
use soar_store::model::MessageNumber;

const NONCE: usize = 24;

/// A message to a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SealedRequest {
    pub(super) version: u32,
    pub(super) pair: String,
    /// The number of the message. It rises with every message.
    pub(super) sequence: MessageNumber,
    /// The sealed content in base64.
    pub(super) sealed: String,
}

/// An answer to a master.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SealedAnswer {
    pub(super) version: u32,
    /// The sealed content in base64.
    pub(super) sealed: String,
}

/// The message was not sealed by the other side of the pair, was changed, or belongs to another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "The message was not sealed by the other side of the pair, was changed on the way, or belongs to another \
         request."
)]
pub(super) struct NotAuthentic;

/// The keys of a pair.
pub(super) struct Envelope {
    pair: String,
    to_tenant: Zeroizing<[u8; 32]>,
    to_master: Zeroizing<[u8; 32]>,
}

impl Envelope {
    /// The envelope of a pair.
    pub(super) fn new(pair: &str, secret: &[u8]) -> Option<Self> {
        let (to_tenant, to_master) = secret.split_at_checked(32).filter(|(_, second)| second.len() == 32)?;
        let key = |context: &str, secret: &[u8]| Zeroizing::new(blake3::derive_key(context, secret));
        Some(Self {
            pair: pair.to_owned(),
            to_tenant: key("soar-host 2026 messages from a master to a tenant", to_tenant),
            to_master: key("soar-host 2026 answers from a tenant to a master", to_master),
        })
    }

    pub(super) fn seal_request(&self, sequence: MessageNumber, message: &impl Serialize) -> Option<SealedRequest> {
        let sealed = seal(&self.to_tenant, &self.bound("request", sequence, ""), message)?;
        Some(SealedRequest { version: PROTOCOL_VERSION, pair: self.pair.clone(), sequence, sealed })
    }

    pub(super) fn open_request<T: DeserializeOwned>(&self, request: &SealedRequest) -> Result<T, NotAuthentic> {
        open(&self.to_tenant, &self.bound("request", request.sequence, ""), &request.sealed)
    }

    pub(super) fn seal_answer(&self, request: &SealedRequest, answer: &impl Serialize) -> Option<SealedAnswer> {
        let sealed = seal(&self.to_master, &self.bound("answer", request.sequence, &request.sealed), answer)?;
        Some(SealedAnswer { version: PROTOCOL_VERSION, sealed })
    }

    pub(super) fn open_answer<T: DeserializeOwned>(
        &self,
        request: &SealedRequest,
        answer: &SealedAnswer,
    ) -> Result<T, NotAuthentic> {
        open(&self.to_master, &self.bound("answer", request.sequence, &request.sealed), &answer.sealed)
    }

    /// The associated data of a message.
    fn bound(&self, kind: &str, sequence: MessageNumber, of: &str) -> Vec<u8> {
        let of = blake3::hash(of.as_bytes());
        format!("soar-host tenants\n{PROTOCOL_VERSION}\n{kind}\n{}\n{sequence}\n{of}", self.pair).into_bytes()
    }
}

fn seal(key: &[u8; 32], bound: &[u8], message: &impl Serialize) -> Option<String> {
    // A large initial capacity, since a growing buffer leaves copies in memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(64 * 1024));
    serde_json::to_writer(&mut *plain, message).ok()?;
    let nonce = XNonce::try_generate().ok()?;
    let encrypted = XChaCha20Poly1305::new(key.into()).encrypt(&nonce, Payload { msg: &plain, aad: bound }).ok()?;
    let mut sealed = Vec::with_capacity(NONCE + encrypted.len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&encrypted);
    Some(STANDARD.encode(sealed))
}

fn open<T: DeserializeOwned>(key: &[u8; 32], bound: &[u8], sealed: &str) -> Result<T, NotAuthentic> {
    let sealed = STANDARD.decode(sealed).map_err(|_| NotAuthentic)?;
    let (nonce, encrypted) = sealed.split_first_chunk::<NONCE>().ok_or(NotAuthentic)?;
    let plain = XChaCha20Poly1305::new(key.into())
        .decrypt(&(*nonce).into(), Payload { msg: encrypted, aad: bound })
        .map_err(|_| NotAuthentic)?;
    let plain = Zeroizing::new(plain);
    serde_json::from_slice(&plain).map_err(|_| NotAuthentic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(pair: &str) -> Envelope {
        let mut secret = [3; 64];
        secret[32..].fill(4);
        Envelope::new(pair, &secret).unwrap()
    }

    #[test]
    fn a_message_opens_for_its_pair_and_number_only() {
        let one = envelope("one");
        let request = one.seal_request(MessageNumber(7), &"a canary").unwrap();
        assert_eq!(one.open_request::<String>(&request).unwrap(), "a canary");
        assert!(!serde_json::to_string(&request).unwrap().contains("canary"));
        assert_eq!(envelope("two").open_request::<String>(&request), Err(NotAuthentic));
        assert_eq!(
            one.open_request::<String>(&SealedRequest { sequence: MessageNumber(8), ..request.clone() }),
            Err(NotAuthentic)
        );
        let mut sealed = request.sealed.clone();
        sealed.replace_range(..1, if sealed.starts_with('A') { "B" } else { "A" });
        let changed = SealedRequest { sealed, ..request };
        assert_eq!(one.open_request::<String>(&changed), Err(NotAuthentic));
        assert!(Envelope::new("one", &[3; 63]).is_none());
    }

    #[test]
    fn an_answer_opens_for_its_request_only_and_is_no_request() {
        let one = envelope("one");
        let request = one.seal_request(MessageNumber(7), &"do").unwrap();
        let answer = one.seal_answer(&request, &"done").unwrap();
        assert_eq!(one.open_answer::<String>(&request, &answer).unwrap(), "done");
        let same_words = one.seal_request(MessageNumber(7), &"do").unwrap();
        assert_eq!(one.open_answer::<String>(&same_words, &answer), Err(NotAuthentic));
        let next = one.seal_request(MessageNumber(8), &"do").unwrap();
        assert_eq!(one.open_answer::<String>(&next, &answer), Err(NotAuthentic));
        let turned = SealedRequest { sealed: answer.sealed, ..request.clone() };
        assert_eq!(one.open_request::<String>(&turned), Err(NotAuthentic));
        let echoed = SealedAnswer { version: 1, sealed: request.sealed.clone() };
        assert_eq!(one.open_answer::<String>(&request, &echoed), Err(NotAuthentic));
    }
}
