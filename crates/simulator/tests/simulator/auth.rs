//! Logging in, tokens and their ends, API keys and rights.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use footprint_simulator::{Generation, Options, UserKind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{DEVICES, ServedSimulator, SimulatorReply, answer, read};

const SESSION: &str = "/common/auth/session/";

async fn session_login(instance: &ServedSimulator, kind: UserKind) -> SimulatorReply {
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
    for generation in Generation::ALL {
        let mut instance = ServedSimulator::of(generation).await;
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
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
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
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
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
    let empty = json!({"access": "", "refresh": ""});
    for generation in Generation::ALL {
        let mut instance = ServedSimulator::of(generation).await;
        let otp = instance.log_in(UserKind::OneTimePassword).await;
        let session = session_login(&instance, UserKind::OneTimePassword).await;
        if generation == Generation::Legacy {
            assert_eq!((otp.status, &otp.json), (200, &empty));
            assert_eq!((session.status, &session.json["access"]), (200, &json!("")));
        } else {
            assert_eq!((otp.status, &otp.json["isOtpEnabled"]), (203, &json!(true)), "{generation}");
            assert_eq!(session.status, 203, "{generation}");
        }
        let sso = instance.log_in(UserKind::SsoOnly).await;
        let session = session_login(&instance, UserKind::SsoOnly).await;
        assert_eq!((sso.status, &sso.json["access"]), (200, &json!("")));
        assert_eq!((session.status, &session.json["access"]), (200, &json!("")));
        let named = if generation == Generation::Current { json!(true) } else { Value::Null };
        assert_eq!((&sso.json["isSsoOnly"], &session.json["isSsoOnly"]), (&named, &named), "{generation}");
    }
}

#[tokio::test]
async fn session_tells_who_is_logged_in_and_logging_out_ends_it() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
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
    for generation in Generation::ALL {
        let mut instance = ServedSimulator::of(generation).await;
        instance.expire_tokens();
        let refused = instance.get(DEVICES).await;
        assert_eq!((refused.status, &refused.json["code"]), (401, &json!("token_not_valid")));
        assert_eq!(instance.get(SESSION).await.json["isLoggedIn"], false);

        let body = json!({"refresh": instance.refresh});
        let renewed = instance.post("/auth/token/refresh/", body).await;
        assert_eq!(renewed.json["refresh"].is_string(), generation != Generation::Current);
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
    let mut instance = ServedSimulator::of(Generation::Current).await;
    instance.access = String::new();
    let missing = instance.get(DEVICES).await;
    assert_eq!(missing.status, 401);
    assert_eq!(missing.json["detail"], "Authentication credentials were not provided.");
    instance.access = "abc.def.ghi".to_owned();
    assert_eq!(instance.get(DEVICES).await.json["code"], "token_not_valid");
}

#[tokio::test]
async fn api_keys_work_on_every_generation() {
    for generation in Generation::ALL {
        let mut instance = ServedSimulator::of(generation).await;
        instance.access = String::new();
        let with_key =
            |path: &str, key: &str| answer(instance.request(Method::GET, path).header("FootprintApiKey", key));
        for user in instance.users() {
            assert_eq!(user.api_key.is_empty(), matches!(user.kind, UserKind::OneTimePassword | UserKind::SsoOnly));
        }
        let key = &instance.user(UserKind::Administrator).api_key;
        assert_eq!(with_key(DEVICES, key).await.status, 200, "{generation}");
        let accounts = with_key("/common/auth/session/accounts/", key).await;
        assert_eq!((accounts.json.is_array(), accounts.ids()), (generation == Generation::Legacy, vec![1, 2, 3]));
        assert_eq!(with_key(DEVICES, "wrong").await.status, 401);
        assert_eq!(with_key(DEVICES, "").await.status, 401);
    }
}

#[tokio::test]
async fn roles_decide_who_reads_and_writes() {
    use UserKind::*;
    let all = [Administrator, Management, Operations, Reporting, AssignedOperations, BusinessOwner, NoRights];
    for generation in Generation::ALL {
        let mut instance = ServedSimulator::of(generation).await;
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

trait WriteMethod {
    fn writes(self) -> bool;
}
impl WriteMethod for UserKind {
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
    let without = ServedSimulator::with(options(|o| o.token_endpoint = false)).await;
    assert_eq!(without.post("/auth/token/", json!({})).await.status, 404);
    assert_eq!(session_login(&without, UserKind::Administrator).await.status, 200);

    let opaque = ServedSimulator::with(options(|o| o.opaque_tokens = true)).await;
    assert!(!opaque.access.contains('.'));
    assert_eq!(opaque.get(DEVICES).await.status, 200);

    let mut named = ServedSimulator::with(options(|o| o.original_tenant_in_reply = true)).await;
    assert_eq!(named.log_in(UserKind::Management).await.json["original_tenant_id"], 1);
    let session = session_login(&named, UserKind::Management).await;
    assert_eq!(session.json["original_tenant_id"], 1);

    let nowhere = ServedSimulator::with(options(|o| o.original_tenant = None)).await;
    assert!(claims(&nowhere.access).get("original_tenant_id").is_none());
    assert_eq!(nowhere.get(DEVICES).await.status, 200);
}
