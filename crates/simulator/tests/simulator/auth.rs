//! Logging in, tokens and their ends, API keys and rights.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use footprint_simulator::{Generation, Options, UserKind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, BOTH, DEVICES, Instance, answer, read};

const SESSION: &str = "/common/auth/session/";

async fn session_login(instance: &Instance, kind: UserKind) -> Answer {
    let user = instance.user(kind);
    let body = json!({"username": user.user_name, "password": user.password});
    instance.post(SESSION, body).await
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn token_login_takes_json_and_forms_and_its_jwt_names_the_original_tenant() {
    for generation in BOTH {
        let mut instance = Instance::of(generation).await;
        let login = instance.log_in(UserKind::Operations).await;
        assert_eq!(login.status, 200);
        let claims = claims(&instance.access);
        assert_eq!(claims["original_tenant_id"], 1);
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
        assert!(!login.text.contains("original_tenant_id"));
        let user = instance.user(UserKind::Operations).clone();
        assert!(!login.text.contains(&user.password));
        let url = format!("{}/api/auth/token/", instance.url());
        let form = [("username", &user.user_name), ("password", &user.password)];
        let form = answer(instance.http.post(url).form(&form)).await;
        assert!(form.json["access"].is_string());
    }
}

#[tokio::test]
async fn wrong_credentials_are_401_for_tokens_and_400_for_sessions() {
    for generation in BOTH {
        let instance = Instance::of(generation).await;
        let body = json!({"username": "administrator@footprint.example", "password": "wrong"});
        let token = instance.post("/auth/token/", body.clone()).await;
        assert_eq!(token.status, 401);
        assert_eq!(token.json["detail"], "No active account found with the given credentials");
        assert_eq!(instance.post(SESSION, body).await.status, 400);
        let missing = instance.post("/auth/token/", json!({"username": "x"})).await;
        assert_eq!(missing.status, 400);
        assert_eq!(missing.json["password"][0], "This field is required.");
    }
}

#[tokio::test]
async fn session_login_gives_tokens_a_cookie_and_never_the_password() {
    for generation in BOTH {
        let instance = Instance::of(generation).await;
        let user = instance.user(UserKind::Management);
        let url = format!("{}/api{SESSION}", instance.url());
        let body = json!({"username": user.user_name, "password": user.password});
        let response = instance.http.post(url).json(&body).send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("XSRF-TOKEN="));
        let login = read(response).await;
        assert_eq!(login.json["role"], "business");
        assert!(!login.text.contains(&user.password));
        let access = login.json["access"].as_str().unwrap();
        let devices = instance.http.get(format!("{}/api{DEVICES}", instance.url()));
        assert_eq!(answer(devices.bearer_auth(access)).await.status, 200);
    }
}

#[tokio::test]
async fn one_time_password_and_sso_users_get_no_token() {
    let mut instance = Instance::of(Generation::Current).await;
    let otp = instance.log_in(UserKind::OneTimePassword).await;
    assert_eq!((otp.status, &otp.json["isOtpEnabled"]), (203, &json!(true)));
    let sso = instance.log_in(UserKind::SsoOnly).await;
    assert_eq!((sso.status, &sso.json["access"]), (200, &json!("")));
    assert_eq!(sso.json["isSsoOnly"], true);
    assert_eq!(session_login(&instance, UserKind::OneTimePassword).await.status, 203);
    let sso = session_login(&instance, UserKind::SsoOnly).await;
    assert_eq!((&sso.json["isSsoOnly"], &sso.json["access"]), (&json!(true), &json!("")));

    let mut instance = Instance::of(Generation::Legacy).await;
    for kind in [UserKind::OneTimePassword, UserKind::SsoOnly] {
        let login = instance.log_in(kind).await;
        assert_eq!((login.status, login.json), (200, json!({"access": "", "refresh": ""})));
        assert_eq!(session_login(&instance, kind).await.json["access"], "");
    }
}

#[tokio::test]
async fn session_tells_who_is_logged_in_and_logging_out_ends_it() {
    for generation in BOTH {
        let instance = Instance::of(generation).await;
        let session = instance.get(SESSION).await;
        assert_eq!(session.json["isLoggedIn"], true);
        assert_eq!(session.json["access"], instance.access);
        assert!(!session.json["registrationToken"].as_str().unwrap().is_empty());
        let out = answer(instance.request(Method::DELETE, SESSION)).await;
        assert_eq!((out.status, out.text.as_str()), (204, ""));
        assert_eq!(instance.get(SESSION).await.json["isLoggedIn"], false);
        assert_eq!(instance.get(DEVICES).await.status, 401);
    }
}

#[tokio::test]
async fn tokens_end_when_told_or_when_time_passes_and_can_be_refreshed() {
    for generation in BOTH {
        let mut instance = Instance::of(generation).await;
        instance.expire_tokens();
        let refused = instance.get(DEVICES).await;
        assert_eq!((refused.status, &refused.json["code"]), (401, &json!("token_not_valid")));
        assert_eq!(instance.get(SESSION).await.json["isLoggedIn"], false);

        let body = json!({"refresh": instance.refresh});
        let renewed = instance.post("/auth/token/refresh/", body).await;
        assert_eq!(renewed.json["refresh"].is_string(), generation == Generation::Legacy);
        instance.access = renewed.json["access"].as_str().unwrap().to_owned();
        assert_eq!(instance.get(DEVICES).await.status, 200);

        instance.advance(Duration::from_secs(3600));
        assert_eq!(instance.get(DEVICES).await.status, 401);
        let wrong = json!({"refresh": instance.access});
        assert_eq!(instance.post("/auth/token/refresh/", wrong).await.status, 401);
    }
}

#[tokio::test]
async fn requests_without_or_with_a_foreign_token_are_refused() {
    let mut instance = Instance::of(Generation::Current).await;
    instance.access = String::new();
    let missing = instance.get(DEVICES).await;
    assert_eq!(missing.status, 401);
    assert_eq!(missing.json["detail"], "Authentication credentials were not provided.");
    instance.access = "abc.def.ghi".to_owned();
    assert_eq!(instance.get(DEVICES).await.json["code"], "token_not_valid");
}

#[tokio::test]
async fn api_keys_work_on_the_current_generation_only() {
    let current = Instance::of(Generation::Current).await;
    let legacy = Instance::of(Generation::Legacy).await;
    let key = current.user(UserKind::Administrator).api_key.clone();
    assert!(current.user(UserKind::OneTimePassword).api_key.is_empty());
    let with_key = |instance: &Instance, key: &str| {
        let url = format!("{}/api{DEVICES}", instance.url());
        answer(instance.http.get(url).header("FootprintApiKey", key))
    };
    assert_eq!(with_key(&current, &key).await.status, 200);
    assert_eq!(with_key(&current, "wrong").await.status, 401);
    assert_eq!(with_key(&legacy, &key).await.status, 401);
}

#[tokio::test]
async fn roles_decide_who_reads_and_writes() {
    use UserKind::*;
    let all = [Administrator, Management, Operations, Reporting, AssignedOperations, BusinessOwner, NoRights];
    for generation in BOTH {
        let mut instance = Instance::of(generation).await;
        let target = format!("/console/scanSurface/currentTargets/{}/", instance.known().target);
        for kind in all {
            instance.log_in(kind).await;
            assert_eq!(instance.get(SESSION).await.json["isLoggedIn"], true, "{kind:?}");
            let reads = if kind == NoRights { 401 } else { 200 };
            assert_eq!(instance.get(DEVICES).await.status, reads, "{kind:?}");
            assert_eq!(instance.get("/common/auth/session/accounts/").await.status, reads);
            let writes = if kind.writes() { 200 } else { 401 };
            let answer = instance.patch(&target, json!({"scope": "OUT"})).await;
            assert_eq!(answer.status, writes, "{kind:?}");
            if writes == 401 {
                assert_eq!(answer.json, json!({"detail": "Unauthorized"}));
            }
        }
    }
}

trait Writes {
    fn writes(self) -> bool;
}
impl Writes for UserKind {
    fn writes(self) -> bool {
        use UserKind::*;
        matches!(self, Administrator | Management | Operations | Reporting)
    }
}

#[tokio::test]
async fn an_instance_can_lack_the_token_endpoint_hide_claims_and_name_no_tenant() {
    let options = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
    };
    let without = Instance::with(options(|o| o.token_endpoint = false)).await;
    assert_eq!(without.post("/auth/token/", json!({})).await.status, 404);
    assert_eq!(session_login(&without, UserKind::Administrator).await.status, 200);

    let opaque = Instance::with(options(|o| o.opaque_tokens = true)).await;
    assert!(!opaque.access.contains('.'));
    assert_eq!(opaque.get(DEVICES).await.status, 200);

    let mut named = Instance::with(options(|o| o.original_tenant_in_reply = true)).await;
    assert_eq!(named.log_in(UserKind::Management).await.json["original_tenant_id"], 1);
    let session = session_login(&named, UserKind::Management).await;
    assert_eq!(session.json["original_tenant_id"], 1);

    let nowhere = Instance::with(options(|o| o.original_tenant = None)).await;
    assert!(claims(&nowhere.access).get("original_tenant_id").is_none());
    assert_eq!(nowhere.get(DEVICES).await.status, 200);
}
