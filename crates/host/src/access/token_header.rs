//! Refuses tokens with header parameters that the host does not support. The JWT library does not check them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Parameters that change the meaning of the signature or the payload (RFC 7515, 7516, 7519 and 7797).
const NOT_UNDERSTOOD: &[(&str, &str)] = &[
    ("crit", "its header has crit, and the host supports no critical extension"),
    ("b64", "its header has b64, and the host supports only encoded payloads"),
    ("cty", "its header has cty, and the host supports no nested token"),
    ("enc", "its header has enc, and the host supports no encrypted token"),
    ("zip", "its header has zip, and the host supports no compressed token"),
];

/// Checks the header and the claims of `token` before the library reads them.
///
/// # Errors
/// The reason of the refusal.
pub(crate) fn check(token: &str) -> Result<(), &'static str> {
    let mut parts = token.split('.');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let header = members(header)?;
    members(claims)?;
    if let Some((_, problem)) = NOT_UNDERSTOOD.iter().find(|(name, _)| header.contains_key(*name)) {
        return Err(problem);
    }
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => Ok(()),
        Some(_) => Err("its typ is not JWT"),
    }
}

fn members(part: &str) -> Result<Map<String, Value>, &'static str> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| "it is not base64url")?;
    let UniqueMembers(members) =
        serde_json::from_slice(&json).map_err(|_| "a part is no JSON object with unique member names")?;
    Ok(members)
}

/// A JSON object with unique names. Parsers differ in which of two equal names they use (RFC 7515 section 4, RFC 7519
/// section 4).
struct UniqueMembers(Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = UniqueMembers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<UniqueMembers, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member occurs twice"));
                    }
                }
                Ok(UniqueMembers(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::check;

    #[test]
    fn what_is_not_understood_is_refused() {
        let token = |header: &str, claims: &str| {
            check(&format!("{}.{}.x", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))).is_ok()
        };
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"jwt","kid":"k"}"#,
            // Parameters that are not critical are ignored.
            r#"{"alg":"HS256","jku":"https://example.com","x":1}"#,
        ] {
            assert!(token(header, "{}"), "{header}");
        }
        for header in [
            r#"{"alg":"HS256","crit":["exp"]}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","b64":false}"#,
            r#"{"alg":"HS256","b64":true}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":null}"#,
            r#"{"alg":"HS256","cty":"JWT"}"#,
            r#"{"alg":"HS256","zip":"DEF"}"#,
            r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
            r#"{"alg":"HS256","x":1,"x":1}"#,
            r#"["HS256"]"#,
            "",
        ] {
            assert!(!token(header, "{}"), "{header}");
        }
        assert!(!token(r#"{"alg":"HS256"}"#, r#"{"x":1,"x":2}"#));
    }
}
