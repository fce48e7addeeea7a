//! JSON web tokens: accepted and refused tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use soar_host::access::KeyRequest;
use soar_store::model::KeyKind;

use crate::support::{TestHost, answer, key_request};

fn jwt_request(name: &str, owner: &str) -> KeyRequest {
    KeyRequest { kind: KeyKind::Jwt, ..key_request(name, owner) }
}

fn signed(algorithm: Algorithm, kid: Option<&str>, claims: &Value, secret: &str) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token of encoded parts.
fn signed_part(header: &str, claims: &str, secret: &str) -> String {
    let message = format!("{header}.{claims}");
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

#[tokio::test]
async fn a_token_lets_in_whom_it_names_and_nothing_else_does() {
    for host in TestHost::on_both_with(|settings| {
        settings.enable_enhance_webhook_authentication = true;
        settings.http.head_bytes = 16 * 1024;
    })
    .await
    {
        let secret = host.issue(&jwt_request("tokens", "Admin")).await;
        let analysts = host.issue(&jwt_request("analyst's tokens", "analyst")).await;
        let lasting = host.issue(&KeyRequest { requires_expiry: false, ..jwt_request("lasting", "Admin") }).await;
        let now = host.now().0 / 1000;
        let good = json!({ "Username": "Admin", "exp": now + 60 });
        let hs256 = |kid, claims: &Value, secret: &str| signed(Algorithm::HS256, kid, claims, secret);
        let own = hs256(None, &good, &secret);
        let (head, rest) = own.split_once('.').unwrap();
        let signature = rest.rsplit_once('.').unwrap().1;
        let none = part(&json!({ "alg": "none", "typ": "JWT" }));
        let rs256 = part(&json!({ "alg": "RS256", "typ": "JWT" }));
        let changed = part(&json!({ "Username": "Admin", "exp": now + 6000 }));
        let with_header = |header: Value| signed_part(&part(&header), &part(&good), &secret);
        let twice = URL_SAFE_NO_PAD.encode(format!(r#"{{"Username":"Admin","exp":{0},"x":1,"x":2}}"#, now + 60));
        for (what, token, status) in [
            ("signed by the user's key", own.clone(), 200),
            ("naming its key", hs256(Some("TOKENS"), &good, &secret), 200),
            ("signed by hand", with_header(json!({ "alg": "HS256" })), 200),
            ("with a critical extension", with_header(json!({ "alg": "HS256", "crit": ["exp"] })), 401),
            ("with no critical extension", with_header(json!({ "alg": "HS256", "crit": null })), 401),
            ("with an unencoded payload", with_header(json!({ "alg": "HS256", "b64": false })), 401),
            ("of another type", with_header(json!({ "alg": "HS256", "typ": "at+jwt" })), 401),
            ("holding a token", with_header(json!({ "alg": "HS256", "cty": "JWT" })), 401),
            ("with a claim twice", signed_part(&part(&json!({ "alg": "HS256" })), &twice, &secret), 401),
            ("in another case", hs256(None, &json!({ "Username": "ADMIN", "exp": now + 60 }), &secret), 200),
            ("without exp, which its key allows", hs256(None, &json!({ "Username": "Admin" }), &lasting), 200),
            ("without exp", hs256(None, &json!({ "Username": "Admin" }), &secret), 401),
            ("expired", hs256(None, &json!({ "Username": "Admin", "exp": now }), &secret), 401),
            (
                "expired, though its key needs none",
                hs256(None, &json!({ "Username": "Admin", "exp": 1 }), &lasting),
                401,
            ),
            ("with a text for exp", hs256(None, &json!({ "Username": "Admin", "exp": "never" }), &lasting), 401),
            (
                "not yet valid",
                hs256(None, &json!({ "Username": "Admin", "exp": now + 600, "nbf": now + 61 }), &secret),
                401,
            ),
            ("another user's", hs256(None, &json!({ "Username": "analyst", "exp": now + 60 }), &analysts), 401),
            ("claiming Admin by the analyst's key", hs256(None, &good, &analysts), 401),
            ("claiming Admin and naming the analyst's key", hs256(Some("analyst's tokens"), &good, &analysts), 401),
            ("naming another key", hs256(Some("lasting"), &good, &secret), 401),
            ("naming no key that there is", hs256(Some("no such key"), &good, &secret), 401),
            ("naming an API key", hs256(Some("playbooks"), &good, &host.key), 401),
            ("of nobody", hs256(None, &json!({ "exp": now + 60 }), &secret), 401),
            ("of HS384", signed(Algorithm::HS384, None, &good, &secret), 401),
            ("of HS512", signed(Algorithm::HS512, None, &good, &secret), 401),
            ("of no algorithm, unsigned", format!("{none}.{}.", part(&good)), 401),
            ("of no algorithm, signed", format!("{none}.{}.{signature}", part(&good)), 401),
            ("of RS256, with the HMAC as signature", format!("{rs256}.{}.{signature}", part(&good)), 401),
            ("with changed claims", format!("{head}.{changed}.{signature}"), 401),
            ("without its signature", format!("{head}.{}.", part(&good)), 401),
            ("no token", "a.b.c".to_owned(), 401),
            ("too long", format!("{own}{}", "a".repeat(9000)), 401),
        ] {
            let answered = answer(host.bare("ShowNotes", json!({})).header("d3jwt", token)).await;
            assert_eq!(answered.0, status, "a token {what}: {:?}", host.audit().await.pop());
            if status == 401 {
                assert_eq!(answered.1, json!({ "Error": "Invalid authentication key." }));
            }
        }
        let both = host.command("ShowNotes", json!({})).header("d3jwt", &own);
        assert_eq!(answer(both).await.0, 401, "a key and a token");
        let revoked = host.manage("POST", "/keys/tokens/revoke");
        assert_eq!(answer(revoked).await.1["state"], "revoked");
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3jwt", own)).await.0, 401);
    }
}

#[tokio::test]
async fn a_token_is_for_the_user_that_it_names_and_for_no_other_of_its_key() {
    for host in TestHost::on_both_with(|settings| settings.enable_enhance_webhook_authentication = true).await {
        // Both users may use the key. The token names the caller.
        let shared = KeyRequest { users: vec!["analyst".to_owned()], ..jwt_request("shared", "Admin") };
        let secret = host.issue(&shared).await;
        let claims = json!({ "Username": "analyst", "exp": host.now().0 / 1000 + 60 });
        for kid in [None, Some("shared")] {
            let token = signed(Algorithm::HS256, kid, &claims, &secret);
            let as_user = |user: &str| host.by(user, "ShowNotes", json!({})).header("d3jwt", &token);
            assert_eq!(answer(as_user("Analyst")).await.0, 200);
            assert_eq!(answer(as_user("Admin")).await, (401, json!({ "Error": "Invalid authentication key." })));
            assert_eq!(
                host.audit().await.pop().unwrap().reason,
                "The token's Username differs from the body's Username."
            );
        }
    }
}

#[tokio::test]
async fn tokens_are_off_unless_switched_on() {
    for host in TestHost::on_both().await {
        let secret = host.issue(&jwt_request("tokens", "Admin")).await;
        let claims = json!({ "Username": "Admin", "exp": host.now().0 / 1000 + 60 });
        let token = signed(Algorithm::HS256, None, &claims, &secret);
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3jwt", token)).await.0, 401);
        assert_eq!(host.audit().await.pop().unwrap().reason, "Tokens are switched off.");
    }
}
