//! The handshake of the registration: Noise IK with the secret of the one-time key as pre-shared key. The master knows
//! the tenant's public key from the one-time key and sends its own public key encrypted. The tenant answers only a
//! master that has the one-time key. Both sides use ephemeral keys, so a recorded handshake cannot be decrypted later,
//! even with the private keys of both instances.

use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

use super::key_pair::{KeyPair, hexadecimal};
use super::one_time_key::OneTimeKey;

const PATTERN: &str = "Noise_IKpsk0_25519_ChaChaPoly_BLAKE2b";
/// The prologue binds the handshake to this version.
const PROLOGUE: &[u8] = b"soar-host tenant registration, version 1";
/// The longest message of the Noise protocol, in bytes.
const LONGEST: usize = 65_535;

/// The other side does not have the key, or its message was changed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("The handshake failed: the other side does not have the key, or its message was changed on the way.")]
pub(super) struct HandshakeFailed;

/// The result of a handshake, equal on both sides.
pub(super) struct Established {
    /// The name of the pair. It is unique and not secret. It is derived from both public keys, the one-time key and all
    /// messages of the handshake.
    pub(super) pair: String,
    /// The keys of both directions, the key from master to tenant first.
    pub(super) secret: Zeroizing<[u8; 64]>,
}

impl From<snow::Error> for HandshakeFailed {
    fn from(_: snow::Error) -> Self {
        Self
    }
}

fn builder<'a>() -> Result<Builder<'a>, HandshakeFailed> {
    Ok(Builder::new(PATTERN.parse()?).prologue(PROLOGUE)?)
}

pub(super) fn new_key_pair() -> Result<KeyPair, HandshakeFailed> {
    let pair = builder()?.generate_keypair()?;
    let private = Zeroizing::new(pair.private);
    let of = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| HandshakeFailed);
    Ok(KeyPair { public: of(&pair.public)?, private: Zeroizing::new(of(&private)?) })
}

/// The master's side, which sends the first message.
pub(super) struct Offer(HandshakeState);

impl Offer {
    /// The first message with the encrypted `payload`.
    pub(super) fn new(
        identity: &KeyPair,
        key: &OneTimeKey,
        payload: &[u8],
    ) -> Result<(Self, Vec<u8>), HandshakeFailed> {
        let mut state = builder()?
            .local_private_key(&*identity.private)?
            .remote_public_key(&key.tenant)?
            .psk(0, &key.secret)?
            .build_initiator()?;
        let message = written(&mut state, payload)?;
        Ok((Self(state), message))
    }

    /// Reads the tenant's answer.
    pub(super) fn finish(mut self, message: &[u8]) -> Result<(Zeroizing<Vec<u8>>, Established), HandshakeFailed> {
        let payload = read(&mut self.0, message)?;
        Ok((payload, established(self.0)?))
    }
}

/// The tenant's side after the first message.
pub(super) struct Acceptance {
    state: HandshakeState,
    /// The authenticated public key of the master.
    pub(super) master: String,
    pub(super) payload: Zeroizing<Vec<u8>>,
}

impl Acceptance {
    pub(super) fn new(identity: &KeyPair, secret: &[u8; 32], message: &[u8]) -> Result<Self, HandshakeFailed> {
        let mut state = builder()?.local_private_key(&*identity.private)?.psk(0, secret)?.build_responder()?;
        let payload = read(&mut state, message)?;
        let master = hexadecimal(state.get_remote_static().ok_or(HandshakeFailed)?);
        Ok(Self { state, master, payload })
    }

    /// The answer with the encrypted `payload`.
    pub(super) fn answer(mut self, payload: &[u8]) -> Result<(Vec<u8>, Established), HandshakeFailed> {
        let message = written(&mut self.state, payload)?;
        Ok((message, established(self.state)?))
    }
}

fn written(state: &mut HandshakeState, payload: &[u8]) -> Result<Vec<u8>, HandshakeFailed> {
    let mut message = vec![0; LONGEST];
    let length = state.write_message(payload, &mut message)?;
    message.truncate(length);
    Ok(message)
}

fn read(state: &mut HandshakeState, message: &[u8]) -> Result<Zeroizing<Vec<u8>>, HandshakeFailed> {
    let mut payload = Zeroizing::new(vec![0; LONGEST]);
    let length = state.read_message(message, &mut payload)?;
    payload.truncate(length);
    Ok(payload)
}

fn established(mut state: HandshakeState) -> Result<Established, HandshakeFailed> {
    if !state.is_handshake_finished() {
        return Err(HandshakeFailed);
    }
    let pair = hexadecimal(&blake3::derive_key("soar-host 2026 name of a pair", state.get_handshake_hash()));
    let (to_tenant, to_master) = state.dangerously_get_raw_split();
    let (to_tenant, to_master) = (Zeroizing::new(to_tenant), Zeroizing::new(to_master));
    let mut secret = Zeroizing::new([0; 64]);
    secret[..32].copy_from_slice(&*to_tenant);
    secret[32..].copy_from_slice(&*to_master);
    Ok(Established { pair, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_come_to_the_same_secret_and_know_each_other() {
        let (master, tenant) = (new_key_pair().unwrap(), new_key_pair().unwrap());
        let key = OneTimeKey::new(tenant.public, Zeroizing::new([5; 32]));
        let (offer, first) = Offer::new(&master, &key, b"hello, this is a canary").unwrap();
        assert!(!first.windows(6).any(|window| window == b"canary"));
        let acceptance = Acceptance::new(&tenant, &key.secret, &first).unwrap();
        assert_eq!(acceptance.master, hexadecimal(&master.public));
        assert_eq!(&**acceptance.payload, b"hello, this is a canary");
        let (second, theirs) = acceptance.answer(b"welcome").unwrap();
        let (payload, ours) = offer.finish(&second).unwrap();
        assert_eq!((&**payload, &ours.pair, *ours.secret), (&b"welcome"[..], &theirs.pair, *theirs.secret));
        assert_ne!(ours.secret[..32], ours.secret[32..]);
    }

    #[test]
    fn who_does_not_hold_the_key_or_is_another_tenant_is_not_answered() {
        let (master, tenant) = (new_key_pair().unwrap(), new_key_pair().unwrap());
        let key = OneTimeKey::new(tenant.public, Zeroizing::new([5; 32]));
        let (_, first) = Offer::new(&master, &key, b"").unwrap();
        assert!(Acceptance::new(&tenant, &[6; 32], &first).is_err());
        assert!(Acceptance::new(&new_key_pair().unwrap(), &key.secret, &first).is_err());
        for at in [0, first.len() / 2, first.len() - 1] {
            let mut changed = first.clone();
            changed[at] ^= 1;
            assert!(Acceptance::new(&tenant, &key.secret, &changed).is_err());
        }
        // A replayed first message leads to another secret, so an attacker cannot continue.
        let one = Acceptance::new(&tenant, &key.secret, &first).unwrap().answer(b"").unwrap().1;
        let other = Acceptance::new(&tenant, &key.secret, &first).unwrap().answer(b"").unwrap().1;
        assert_ne!(*one.secret, *other.secret);
        let (offer, first) = Offer::new(&master, &key, b"").unwrap();
        let (mut second, _) = Acceptance::new(&tenant, &key.secret, &first).unwrap().answer(b"").unwrap();
        second[3] ^= 1;
        assert!(offer.finish(&second).is_err());
    }
}
