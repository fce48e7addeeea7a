//! Checks ID tokens (OpenID Connect Core 1.0, section 3.1.3.7).

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use soar_store::model::Moment;

use crate::access::check_token_header;
use crate::sign_in::provider::OpenIdProblem;
use crate::sign_in::provider::{Metadata, Provider};

/// The longest ID token in bytes.
const LONGEST: usize = 64 * 1024;

/// The tolerance in seconds for the provider's clock.
const SKEW: f64 = 60.0;

/// The longest subject in characters, as OpenID Connect limits it.
const LONGEST_SUBJECT: usize = 255;

/// Signatures with a public key of the provider. Never `none`, and never a shared secret.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The claims of a valid ID token.
#[derive(Debug)]
pub(super) struct IdToken {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

fn refused<T>(reason: &str) -> Result<T, OpenIdProblem> {
    Err(OpenIdProblem(format!("The ID token is refused: {reason}.")))
}

impl Provider {
    /// The claims of `token`, if the provider signed it for this host, for the sign-in with this nonce.
    pub(super) async fn verify(
        &self,
        metadata: &Metadata,
        token: &str,
        nonce: &str,
        now: Moment,
    ) -> Result<IdToken, OpenIdProblem> {
        if token.len() > LONGEST {
            return refused("it is too long");
        }
        check_token_header(token).or_else(refused)?;
        // The library knows no algorithm `none`.
        let Ok(header) = decode_header(token) else { return refused("its header or algorithm is unknown") };
        if !ALGORITHMS.contains(&header.alg) {
            return refused("its algorithm is no signature with a public key");
        }
        let keys = self.keys(metadata, header.kid.as_deref()).await?;
        let keys: Vec<_> = keys.iter().filter(|key| is_for(key, header.alg)).collect();
        let [key] = keys.as_slice() else {
            return refused("the provider has no key for it, or several and the token names none");
        };
        let Ok(key) = DecodingKey::from_jwk(key) else { return refused("the provider's key cannot be used") };
        let mut validation = Validation::new(header.alg);
        // The claims are checked below: the times by the host's clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let Ok(token) = decode::<Map<String, Value>>(token, &key, &validation) else {
            return refused("its signature is wrong");
        };
        self.check(token.claims, nonce, now)
    }

    #[allow(clippy::cast_precision_loss, reason = "a moment fits for the next 200,000 years")]
    fn check(&self, claims: Map<String, Value>, nonce: &str, now: Moment) -> Result<IdToken, OpenIdProblem> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let client = self.settings.client_id.as_str();
        if text("iss") != Some(self.settings.issuer.as_str()) {
            return refused("it has another issuer");
        }
        let (is_for_us, is_for_others) = match claims.get("aud") {
            Some(Value::String(audience)) => (audience == client, false),
            Some(Value::Array(all)) => (all.iter().any(|one| one.as_str() == Some(client)), all.len() > 1),
            _ => (false, false),
        };
        if !is_for_us {
            return refused("it is for another client");
        }
        match (text("azp"), claims.contains_key("azp")) {
            (Some(party), _) if party == client => {}
            (None, false) if !is_for_others => {}
            _ => return refused("it was issued to another client"),
        }
        let now = now.0 as f64 / 1000.0;
        match claims.get("exp").and_then(Value::as_f64) {
            Some(end) if end + SKEW > now => {}
            _ => return refused("it has expired, or has no expiry"),
        }
        let is_later = |name: &str| claims.get(name).is_some_and(|at| at.as_f64().is_none_or(|at| at > now + SKEW));
        if is_later("iat") || is_later("nbf") {
            return refused("it is from the future");
        }
        if text("nonce") != Some(nonce) {
            return refused("its nonce is not that of this sign-in");
        }
        let subject = text("sub").unwrap_or_default().to_owned();
        if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT || subject.contains('\0') {
            return refused("it has no usable subject");
        }
        Ok(IdToken { subject, claims })
    }
}

/// Whether the key is for signatures of this algorithm.
fn is_for(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_for_signatures = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    is_for_signatures
        && key.common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm))
        && is_of_family(key, algorithm)
}

fn is_of_family(key: &Jwk, algorithm: Algorithm) -> bool {
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => matches!(key.algorithm, AlgorithmParameters::EllipticCurve(_)),
        Algorithm::EdDSA => matches!(key.algorithm, AlgorithmParameters::OctetKeyPair(_)),
        _ => matches!(key.algorithm, AlgorithmParameters::RSA(_)),
    }
}
