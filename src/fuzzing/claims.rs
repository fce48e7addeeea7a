//! Access tokens and the logins that give them: the times that are read from any token are sane.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::Value;

use super::{MANIFEST, require_one_line};
use crate::session;

/// The longest that a token is renewed before its end.
const LONGEST_MARGIN: Duration = Duration::from_secs(30);

/// No token ends later, in seconds since 1970.
const LAST_END: u64 = 1_000_000_000_000;

/// Checks bytes as a token, as the claims of a token, and as the reply to a login.
pub fn claims(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    check_times(&session::claims(&SecretString::from(text)));
    let token = SecretString::from(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(data)));
    let said = session::claims(&token);
    assert_eq!(said, serde_json::from_slice(data).unwrap_or(Value::Null), "the claims are others than the token's");
    check_times(&said);
    for status in [200, 203] {
        if let Err(failure) = session::of_reply(status, data, SystemTime::UNIX_EPOCH) {
            require_one_line(&failure.message, 200);
            let documented = failure.code.is_some_and(|code| MANIFEST.error(None, code).is_some());
            assert!(documented, "{failure:?}");
        }
    }
}

fn check_times(claims: &Value) {
    for seconds in [0, 1_900_000_000, LAST_END] {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let (renew_at, expires) = session::lifetime(claims, now);
        assert_eq!(renew_at.is_some(), expires.is_some());
        let (Some(renew_at), Some(expires)) = (renew_at, expires) else { continue };
        assert!(renew_at <= expires && renew_at >= expires.min(now), "it is renewed at another time than in its life");
        assert!(expires.duration_since(renew_at).is_ok_and(|margin| margin <= LONGEST_MARGIN));
        let end = expires.duration_since(SystemTime::UNIX_EPOCH);
        assert!(end.is_ok_and(|end| end <= Duration::from_secs(LAST_END)), "it ends at no time");
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn any_number_as_its_end_gives_sane_times(end: f64, whole: u64, near in 0..4_000_000_000_u64) {
            for claims in [json!({ "exp": end }), json!({ "exp": whole }), json!({ "exp": near }), json!({ "exp": end.abs() })] {
                check_times(&claims);
                super::claims(claims.to_string().as_bytes());
            }
        }

        #[test]
        fn any_text_is_a_token_that_says_something_sane_or_nothing(token: String, parts in "[A-Za-z0-9_=-]{0,30}(\\.[A-Za-z0-9_=-]{0,60}){0,4}") {
            claims(token.as_bytes());
            claims(parts.as_bytes());
        }

        #[test]
        fn any_reply_to_a_login_is_a_login_or_a_documented_failure(
            access in any::<Option<String>>(), refresh in any::<Option<String>>(), otp in any::<Option<bool>>(), tenant: String
        ) {
            let body = json!({ "access": access, "refresh": refresh, "isOtpEnabled": otp, "original_tenant_id": tenant });
            claims(body.to_string().as_bytes());
        }

        #[test]
        fn any_bytes_are_taken_or_refused(bytes: Vec<u8>) {
            claims(&bytes);
        }
    }

    #[test]
    fn claims_nested_without_end_say_nothing() {
        claims(format!("{{\"exp\":{}", "[".repeat(100_000)).as_bytes());
    }
}
