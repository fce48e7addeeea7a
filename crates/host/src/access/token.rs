//! JSON web tokens. The host accepts only HS256, signed with the secret of a JWT key.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use soar_store::model::name::same_name;
use soar_store::model::{JWT_SECRET_CONTEXT, Moment};

use super::error::AuthenticationError;
use super::{KnownKey, SecretSeal, Snapshot, token_header};

/// The tolerance in seconds for a signer's clock that is ahead. It does not extend the expiry.
const SKEW: f64 = 60.0;

/// The longest token that the host reads, in bytes.
const LONGEST_TOKEN: usize = 8 * 1024;

#[derive(Debug, Deserialize)]
struct CallTokenClaims {
    #[serde(rename = "Username")]
    username: String,
    // A NumericDate may have a fraction (RFC 7519).
    exp: Option<f64>,
    nbf: Option<f64>,
}

/// The key that signed `token`, and the user that the token claims.
pub(super) fn verify(
    snapshot: &Snapshot,
    seal: &dyn SecretSeal,
    token: &str,
    now: Moment,
) -> Result<(Arc<KnownKey>, String), AuthenticationError> {
    if token.len() > LONGEST_TOKEN {
        return Err(AuthenticationError::Malformed("the token is too long"));
    }
    token_header::check(token).map_err(AuthenticationError::Malformed)?;
    // The library refuses unknown algorithms, also `none`.
    let header = decode_header(token).map_err(|_| AuthenticationError::Malformed("the token cannot be read"))?;
    if header.alg != Algorithm::HS256 {
        return Err(AuthenticationError::Malformed("the token's algorithm is not HS256"));
    }
    let mut validation = Validation::new(Algorithm::HS256);
    // `check_times` below checks the times by the host's clock. The host ignores the audience.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claimed = match &header.kid {
        Some(_) => None,
        None => Some(
            jsonwebtoken::dangerous::insecure_decode::<CallTokenClaims>(token)
                .map_err(|_| AuthenticationError::Malformed("the token has no claim Username"))?
                .claims
                .username,
        ),
    };
    let claimed_user = match &claimed {
        Some(name) => Some(snapshot.user(name).ok_or(AuthenticationError::Unknown)?.user.id),
        None => None,
    };
    for known in snapshot.jwt_keys() {
        let is_candidate = match (&header.kid, claimed_user) {
            (Some(kid), _) => same_name(&known.key.name, kid),
            (None, Some(user)) => known.key.is_for(user),
            (None, None) => false,
        };
        if !is_candidate {
            continue;
        }
        let secret = match seal.open(JWT_SECRET_CONTEXT, &known.sealed) {
            Ok(secret) => secret,
            Err(error) => {
                tracing::error!(key = known.key.name, %error, "the secret of a JWT key cannot be opened");
                continue;
            }
        };
        let Ok(token) = decode::<CallTokenClaims>(token, &DecodingKey::from_secret(&secret), &validation) else {
            continue;
        };
        return check_times(known, token.claims, now);
    }
    Err(AuthenticationError::Unknown)
}

#[allow(clippy::cast_precision_loss, reason = "a moment fits for the next 200,000 years")]
fn check_times(
    known: &Arc<KnownKey>,
    claims: CallTokenClaims,
    now: Moment,
) -> Result<(Arc<KnownKey>, String), AuthenticationError> {
    let refuse = |reason| Err(AuthenticationError::Token { key: known.key.name.clone(), reason });
    let now = now.0 as f64 / 1000.0;
    match claims.exp {
        None if known.key.requires_expiry => return refuse("it has no exp, which the key requires"),
        Some(end) if end <= now => return refuse("it has expired"),
        _ => {}
    }
    if claims.nbf.is_some_and(|start| start > now + SKEW) {
        return refuse("it is not valid yet");
    }
    Ok((Arc::clone(known), claims.username))
}
