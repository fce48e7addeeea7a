//! Issues access and refresh tokens and says which are still good.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::data::random::{Topic, dice};

/// How long refresh tokens are good for; access tokens have the lifetime of the options.
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The two kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

/// The claims of a token, as in the vendor's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    token_type: TokenKind,
    exp: u64,
    iat: u64,
    jti: String,
    pub(crate) user_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_tenant_id: Option<u32>,
}

/// How tokens are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issue {
    pub(crate) user: u32,
    pub(crate) original_tenant: Option<u32>,
    /// Seconds since 1970.
    pub(crate) now: u64,
    pub(crate) lifetime: Duration,
    pub(crate) opaque: bool,
}

/// The instance's signing key and what it knows of tokens that ended early.
#[derive(Debug)]
pub(crate) struct TokenRegistry {
    secret: [u8; 32],
    /// Serial number of the next token.
    next: AtomicU64,
    /// Access tokens with smaller serial numbers have ended.
    ended_below: AtomicU64,
    ended: Mutex<HashSet<u64>>,
}

impl TokenRegistry {
    pub(crate) fn new(seed: u64) -> Self {
        let mut secret = [0; 32];
        dice(seed, 0, Topic::Secret, 0).fill(&mut secret);
        Self { secret, next: AtomicU64::new(1), ended_below: AtomicU64::new(0), ended: Mutex::default() }
    }

    /// A new access token: a JWT, or on request a text that cannot be read.
    pub(crate) fn access(&self, issue: Issue) -> Result<String, jsonwebtoken::errors::Error> {
        let token = self.sign(TokenKind::Access, issue, issue.lifetime)?;
        Ok(if issue.opaque { URL_SAFE_NO_PAD.encode(token) } else { token })
    }

    /// A new refresh token, always a JWT.
    pub(crate) fn refresh(&self, issue: Issue) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(TokenKind::Refresh, issue, REFRESH_LIFETIME)
    }

    fn sign(&self, kind: TokenKind, issue: Issue, lifetime: Duration) -> Result<String, jsonwebtoken::errors::Error> {
        let serial = self.next.fetch_add(1, Ordering::SeqCst);
        let claims = Claims {
            token_type: kind,
            exp: issue.now.saturating_add(lifetime.as_secs()),
            iat: issue.now,
            jti: format!("{serial:032x}"),
            user_id: issue.user,
            original_tenant_id: issue.original_tenant,
        };
        let key = EncodingKey::from_secret(&self.secret);
        encode(&Header::new(Algorithm::HS256), &claims, &key)
    }

    /// The claims of the token, if it is one of ours, of this kind and has not ended.
    pub(crate) fn read(&self, token: &str, kind: TokenKind, now: u64) -> Option<Claims> {
        let claims = self.claims(token)?;
        let serial = serial(&claims)?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let good = claims.token_type == kind
            && claims.exp > now
            && !ended.contains(&serial)
            && (kind == TokenKind::Refresh || serial >= self.ended_below.load(Ordering::SeqCst));
        good.then_some(claims)
    }

    /// Ends one token before its time.
    pub(crate) fn end(&self, token: &str) {
        if let Some(serial) = self.claims(token).as_ref().and_then(serial) {
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.insert(serial);
        }
    }

    /// Ends all access tokens issued so far.
    pub(crate) fn end_all(&self) {
        self.ended_below.store(self.next.load(Ordering::SeqCst), Ordering::SeqCst);
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.clear();
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let unwrapped = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let token = unwrapped.as_deref().unwrap_or(token);
        let mut validation = Validation::new(Algorithm::HS256);
        // The simulator's own clock decides, and it can be moved.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(&self.secret);
        decode::<Claims>(token, &key, &validation).ok().map(|data| data.claims)
    }
}

fn serial(claims: &Claims) -> Option<u64> {
    u64::from_str_radix(&claims.jti, 16).ok()
}
