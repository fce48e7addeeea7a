//! A login: its token, and what the token says of itself.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use soar_connector::read_json;

use super::reply::VendorReply;
use crate::vendor::{DeviceForm, Failure};

/// A token is renewed this long before it ends, which also allows for clocks that differ; a token that lives shorter
/// is renewed after half its life.
const EXPIRY_MARGIN: Duration = Duration::from_secs(30);

/// No token is believed to live longer.
const LONGEST_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// The credential of a request.
#[derive(Debug)]
pub(super) enum RequestCredential {
    Token(SecretString),
    ApiKey(SecretString),
}

/// The result of a login.
#[derive(Debug)]
pub(crate) struct Login {
    pub(super) access: RequestCredential,
    refresh: Option<SecretString>,
    /// When the access token should be renewed, and when it ends, if it says so.
    renew_at: Option<SystemTime>,
    expires: Option<SystemTime>,
    /// The tenant that the login names as the user's own.
    pub(crate) default_tenant: Option<i64>,
    pub(super) xsrf_token: Option<SecretString>,
    /// Found out when it is first needed.
    pub(super) device_form: OnceLock<DeviceForm>,
}

impl Login {
    /// The login of an API key, which needs no request.
    pub(super) fn with_key(key: &SecretString) -> Self {
        Self {
            access: RequestCredential::ApiKey(key.clone()),
            refresh: None,
            renew_at: None,
            expires: None,
            default_tenant: None,
            xsrf_token: None,
            device_form: OnceLock::new(),
        }
    }

    pub(super) fn is_expiring(&self, now: SystemTime) -> bool {
        self.renew_at.is_some_and(|time| time <= now)
    }

    pub(super) fn has_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|time| time <= now)
    }

    /// The secrets that the server issued with the login; the connection's own credentials are not among them.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let (RequestCredential::Token(access) | RequestCredential::ApiKey(access)) = &self.access;
        [Some(access), self.refresh.as_ref(), self.xsrf_token.as_ref()].into_iter().flatten()
    }

    /// Whether a 401 can be mended by logging in again.
    pub(super) fn is_renewable(&self) -> bool {
        matches!(self.access, RequestCredential::Token(_))
    }

    pub(super) fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh.as_ref()
    }

    /// This login with the token that a reply to a refresh gives; `None` where it gives none.
    pub(super) fn renewed(&self, reply: VendorReply, now: SystemTime) -> Option<Self> {
        if reply.status != 200 {
            return None;
        }
        let body: Value = read_json(&reply.content_type, &reply.body).ok()?;
        let access = token(&body, "access")?;
        let (renew_at, expires) = lifetime(&claims(&access), now);
        Some(Self {
            access: RequestCredential::Token(access),
            renew_at,
            expires,
            // The legacy generation hands out a new refresh token too.
            refresh: token(&body, "refresh").or_else(|| self.refresh.clone()),
            default_tenant: self.default_tenant,
            xsrf_token: reply.xsrf_token.or_else(|| self.xsrf_token.clone()),
            device_form: self.device_form.clone(),
        })
    }
}

/// The login that an accepted reply gives.
///
/// # Errors
/// The demand of the account, such as `one-time-password-required`, or that the reply holds no token.
pub(super) fn accepted(reply: VendorReply, now: SystemTime) -> Result<Login, Failure> {
    let status = reply.status;
    // 203 says "one-time password required", with or without a body.
    let body: Value = match read_json(&reply.content_type, &reply.body) {
        Err(failure) if status != 203 || failure.code == Some("html-reply") => {
            return Err(Failure { message: format!("Login: {}", failure.message), ..failure }.at(status));
        }
        body => body.unwrap_or_else(|_| json!({})),
    };
    let says = |name: &str| body.get(name).and_then(Value::as_bool) == Some(true);
    let Some(access) = token(&body, "access") else {
        return Err(if status == 203 || says("isOtpEnabled") {
            Failure::new("one-time-password-required", "The account asks for a one-time password.")
        } else if says("isSsoOnly") {
            Failure::new("single-sign-on-only", "The account may log in through single sign-on only.")
        } else if body.get("access").is_some() || body.get("refresh").is_some() {
            Failure::new("no-access-token", "The login was accepted, but no access token came.")
        } else {
            Failure::new("unexpected-reply", "The reply to the login is JSON, but not Footprint's.")
        }
        .at(status));
    };
    let claims = claims(&access);
    let tenant = ["original_tenant_id", "originalTenantId"]
        .iter()
        .find_map(|name| integer(body.get(*name)).or_else(|| integer(claims.get(*name))));
    let (renew_at, expires) = lifetime(&claims, now);
    Ok(Login {
        access: RequestCredential::Token(access),
        refresh: token(&body, "refresh"),
        renew_at,
        expires,
        default_tenant: tenant,
        xsrf_token: reply.xsrf_token,
        device_form: OnceLock::new(),
    })
}

/// The login that a reply of this status and body gives at `now`.
#[cfg(any(test, fuzzing))]
pub(crate) fn of_reply(status: u16, body: &[u8], now: SystemTime) -> Result<Login, Failure> {
    accepted(VendorReply { status, body: body.to_vec(), ..VendorReply::default() }, now)
}

/// A token that was really given: `""` and `"None"` stand for none in this API.
fn token(body: &Value, name: &str) -> Option<SecretString> {
    body.get(name)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty() && *text != "None")
        .map(SecretString::from)
}

/// The claims of a JSON web token; null for any other text. The server checks the token, not the client.
pub(crate) fn claims(access: &SecretString) -> Value {
    access
        .expose_secret()
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or(Value::Null)
}

/// When to renew a token that came at `now`, and when it ends, by this machine's clock.
///
/// A token that says when it was issued tells how long it lives, also where the server's clock is wrong. Of one that does
/// not, only an end in the future is believed: a token that just came has not ended, so the clocks disagree.
pub(crate) fn lifetime(claims: &Value, now: SystemTime) -> (Option<SystemTime>, Option<SystemTime>) {
    let life = time(claims, "exp").and_then(|ends| {
        let since = time(claims, "iat").unwrap_or(now);
        ends.duration_since(since).ok().filter(|life| !life.is_zero())
    });
    let Some(expires) = life.and_then(|life| now.checked_add(life.min(LONGEST_LIFE))) else {
        return (None, None);
    };
    let margin = EXPIRY_MARGIN.min(life.unwrap_or_default() / 2);
    (Some(expires.checked_sub(margin).unwrap_or(expires)), Some(expires))
}

fn time(claims: &Value, name: &str) -> Option<SystemTime> {
    let seconds = claims.get(name)?.as_f64().filter(|seconds| seconds.is_finite() && (0.0..1e12).contains(seconds))?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs_f64(seconds))
}

fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &Value) -> SecretString {
        SecretString::from(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string())))
    }

    #[test]
    fn a_readable_token_tells_its_end_and_its_tenant() {
        let claims = claims(&jwt(&json!({"exp": 1_900_000_000, "original_tenant_id": "7"})));
        assert_eq!(time(&claims, "exp"), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000)));
        assert_eq!(integer(claims.get("original_tenant_id")), Some(7));
    }

    #[test]
    fn tokens_that_cannot_be_read_or_lie_say_nothing() {
        for token in ["opaque", "a.b.c", "", "..", "e30.bm90IGpzb24.x"] {
            assert_eq!(time(&claims(&SecretString::from(token)), "exp"), None);
        }
        for exp in [json!("soon"), json!(-5), json!(1e300), json!(null)] {
            assert_eq!(time(&json!({ "exp": exp }), "exp"), None);
        }
    }

    #[test]
    fn a_token_lives_as_long_as_it_says_whatever_the_clocks_say() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let lives = |claims: Value| {
            let (renew_at, expires) = lifetime(&claims, now);
            let since_now = |time: Option<SystemTime>| {
                time.and_then(|time| time.duration_since(now).ok()).map(|life| life.as_secs())
            };
            (since_now(renew_at), since_now(expires))
        };
        assert_eq!(
            lives(json!({"iat": 999_100, "exp": 999_400})),
            (Some(270), Some(300)),
            "the server's clock is behind"
        );
        assert_eq!(lives(json!({"iat": 2_000_000, "exp": 2_000_020})), (Some(10), Some(20)), "it is ahead");
        assert_eq!(lives(json!({"exp": 1_000_300})), (Some(270), Some(300)));
        for unbelievable in [json!({"exp": 999_000}), json!({"iat": 5, "exp": 5}), json!({"iat": 9, "exp": 5})] {
            assert_eq!(lives(unbelievable), (None, None), "it is used until a 401");
        }
    }
}
