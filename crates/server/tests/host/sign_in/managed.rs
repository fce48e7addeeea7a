//! Links, sessions and authenticator apps over the management API.

use serde_json::json;
use soar_host::access::KeyRequest;
use soar_host::sign_in::{LinkToRedeem, SignInRequest};

use super::{HOME, PASSWORD, browser};
use crate::support::{TestHost, answer, key_request};

#[tokio::test]
async fn an_administrator_makes_a_link_and_ends_sessions() {
    let hosts = TestHost::on_both_with(|settings| {
        settings.sign_in.public_address = Some("https://soar.example.com/MainApp".to_owned());
    });
    for host in hosts.await {
        let make = || host.manage("POST", "/users/analyst/password-link").header("Idempotency-Key", "one");
        let (status, made) = answer(make()).await;
        assert_eq!((status, &made["user"]), (201, &json!("analyst")), "{made}");
        let link = made["link"].as_str().unwrap();
        let token = link.strip_prefix("https://soar.example.com/MainApp/console/password/").unwrap();
        let (status, repeated) = answer(make()).await;
        assert_eq!((status, repeated.get("link")), (201, None), "the link is shown once: {repeated}");
        let sign_in = host.host.sign_in();
        let redeem = LinkToRedeem { token: token.into(), password: PASSWORD.into(), browser: browser(HOME) };
        sign_in.redeem(redeem).await.unwrap();
        let enter = async || {
            let (user, browser) = ("analyst".to_owned(), browser(HOME));
            let request = SignInRequest { user, password: PASSWORD.into(), code: None, browser };
            sign_in.with_password(request).await.unwrap().token
        };
        let token = enter().await;
        let (status, sessions) = answer(host.manage("GET", "/users/ANALYST/sessions")).await;
        assert_eq!((status, &sessions[0]["method"], &sessions[0]["address"]), (200, &json!("Password"), &json!(HOME)));
        assert_eq!(sessions.as_array().unwrap().len(), 1, "{sessions}");
        let (status, ended) = answer(host.manage("DELETE", "/users/analyst/sessions")).await;
        assert_eq!((status, &ended), (200, &json!({ "ended": 1 })));
        assert!(sign_in.session(&token).await.unwrap().is_none());
        let (status, reset) = answer(host.manage("DELETE", "/users/analyst/totp")).await;
        assert_eq!((status, &reset), (200, &json!({ "removed": false })));
        let (status, _) = answer(host.manage("POST", "/users/nobody/password-link")).await;
        assert_eq!(status, 404);
        assert!(!format!("{:?}", host.audit().await).contains(made["link"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_key_that_expires_cannot_outlive_itself_by_a_link() {
    for host in TestHost::on_both().await {
        let expires_at = Some(host.now() + std::time::Duration::from_secs(3_600));
        let key = host.issue(&KeyRequest { may_manage: true, expires_at, ..key_request("short", "Admin") }).await;
        let request = host.manage("POST", "/users/Admin/password-link");
        let url = request.build().unwrap().url().clone();
        let (status, refused) = answer(host.client.post(url).header("d3key", key)).await;
        assert!(status >= 400 && refused.to_string().contains("key that expires cannot make links"), "{refused}");
    }
}
