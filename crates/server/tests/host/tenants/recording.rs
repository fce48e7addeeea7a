//! A proxy between master and tenant that records all traffic and replays it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::instance::{TenantInstance, all_shared, these};

/// The planted secrets: one of letters, and one with characters that each encoding changes.
const CANARIES: [&str; 2] = ["canary-7f3a-Scarlet-Otter", "c\"än/ary?\\ +&7f3a<é>"];

/// A recorded call: the path and the body of a request, and its answer.
#[derive(Debug, Clone)]
struct Passed {
    path: String,
    head: String,
    request: Bytes,
    status: StatusCode,
    answer: Bytes,
}

#[derive(Clone)]
struct RecordingProxy {
    to: String,
    client: reqwest::Client,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl RecordingProxy {
    async fn before(tenant: &TenantInstance) -> (Self, String) {
        let recorder = Self { to: tenant.url.clone(), client: reqwest::Client::new(), passed: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(recorder.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        (recorder, url)
    }

    async fn send(&self, path: &str, body: Bytes) -> (StatusCode, Bytes) {
        let request = self.client.post(format!("{}{path}", self.to)).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    }

    fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap().clone()
    }
}

async fn pass(State(recorder): State<RecordingProxy>, request: Request) -> Response {
    let path = request.uri().to_string();
    let head = format!("{:?}", request.headers());
    let body = to_bytes(request.into_body(), 1 << 24).await.unwrap();
    let (status, answer) = recorder.send(&path, body.clone()).await;
    let passed = Passed { path, head, request: body, status, answer: answer.clone() };
    recorder.passed.lock().unwrap().push(passed);
    Response::builder().status(status).header("content-type", "application/json").body(answer.into()).unwrap()
}

/// The encodings of a whole secret.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::to_string(secret).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let mut forms: Vec<Vec<u8>> = [
        secret.to_owned(),
        hexadecimal.to_uppercase(),
        hexadecimal,
        escaped,
        encoded.replace('+', "%20"),
        encoded,
        json.trim_matches('"').to_owned(),
        twice.trim_matches('"').trim_matches('\\').trim_matches('"').to_owned(),
        secret.chars().rev().collect(),
    ]
    .map(String::into_bytes)
    .to_vec();
    // Base64 of it wherever it stands in a longer text: what its neighbours have a part in is left out.
    for before in 0..3_usize {
        let text = [vec![b' '; before], secret.as_bytes().to_vec()].concat();
        for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            let encoded = encoded.trim_end_matches('=');
            let start = (before * 8).div_ceil(6);
            forms.push(encoded.as_bytes()[start..encoded.len() - 1].to_vec());
        }
    }
    forms.push(secret.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// `bytes`, and the decoded form of every text in it.
fn layers(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut layers = vec![bytes.to_vec()];
    if let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(bytes) {
        for text in fields.values().filter_map(Value::as_str) {
            layers.push(text.as_bytes().to_vec());
            layers.extend(STANDARD.decode(text));
        }
    }
    layers
}

#[test]
fn the_search_finds_what_is_there() {
    for secret in CANARIES {
        for (written, what) in [
            (json!({ "a": secret }).to_string(), "JSON"),
            (json!({ "a": STANDARD.encode(format!("{{\"password\":\"{secret}\"}}")) }).to_string(), "base64 in JSON"),
            (STANDARD.encode(format!("xx{secret}y")), "base64"),
            (URL_SAFE_NO_PAD.encode(format!("x{secret}yy")), "base64 for URLs"),
            (url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(), "URL"),
        ] {
            let found =
                layers(written.as_bytes()).iter().any(|layer| forms(secret).iter().any(|form| find(layer, form)));
            assert!(found, "{what}: {written}");
        }
    }
    assert!(!forms(CANARIES[0]).iter().any(|form| find(b"nothing of the kind, canary", form)));
}

#[tokio::test]
async fn no_secret_passes_in_any_form_and_a_recording_is_refused() {
    for [master, tenant] in TenantInstance::pairs().await {
        let (recorder, url) = RecordingProxy::before(&tenant).await;
        let key = tenant.one_time_key(60_000).await;
        let added = master.create_tenant("TestTenant", &url, &key).await.unwrap();
        master.tenants.register(&master.admin, added.id, None).await.unwrap();
        let mut ids = Vec::new();
        for (index, canary) in CANARIES.into_iter().enumerate() {
            let parameters = json!({
                "Server URL": "http://127.0.0.1:9", "User Name": "soar@example.com", "Password": canary,
            });
            let name = format!("Connection {index}");
            ids.push(master.connect(&name, json!({ "tenant": "TestTenant", "parameters": parameters })).await.id);
        }
        master.plan(all_shared()).await;
        assert_eq!(master.sync(all_shared()).await.unwrap().counts.added, 2);
        master.change(ids[0], json!({ "description": "changed" })).await.unwrap();
        master.sync(these(&ids)).await.unwrap();

        let passed = recorder.passed();
        assert_eq!(passed.iter().filter(|one| one.path.ends_with("/register")).count(), 1);
        assert!(passed.len() >= 10 && passed.iter().all(|one| one.status == StatusCode::OK));
        let (instance_key, key_secret) = {
            let bytes = URL_SAFE_NO_PAD.decode(&key[5..]).unwrap();
            (bytes[..32].to_vec(), bytes[32..64].to_vec())
        };
        for one in &passed {
            for part in [one.head.as_bytes(), one.path.as_bytes(), &one.request, &one.answer] {
                for layer in layers(part) {
                    for secret in CANARIES.iter().chain(&["Connection 0", "soar@example.com", &key]) {
                        for form in forms(secret) {
                            assert!(!find(&layer, &form), "{secret} as {:?}", String::from_utf8_lossy(&form));
                        }
                    }
                    assert!(!find(&layer, &key_secret));
                }
            }
        }
        assert!(!instance_key.is_empty());

        // Replay the recording: in order, in reverse, and truncated.
        let before = tenant.all().await;
        let received = tenant.audit().await.iter().filter(|entry| entry.accepted).count();
        for one in passed.iter().chain(passed.iter().rev()) {
            let (status, answer) = recorder.send(&one.path, one.request.clone()).await;
            assert!(matches!(status.as_u16(), 403 | 409), "{status}: {}", String::from_utf8_lossy(&answer));
            let cut = one.request.slice(..one.request.len() / 2);
            assert_eq!(recorder.send(&one.path, cut).await.0, StatusCode::BAD_REQUEST);
        }
        // The number is sealed with the message, so a recorded message cannot get a new number.
        for one in passed.iter().filter(|one| one.path.ends_with("/call")) {
            let mut message: Value = serde_json::from_slice(&one.request).unwrap();
            message["sequence"] = json!(1_000_000);
            let (status, _) = recorder.send(&one.path, message.to_string().into()).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
        }
        assert_eq!(tenant.all().await, before);
        let log = tenant.audit().await;
        assert_eq!(log.iter().filter(|entry| entry.accepted).count(), received);
        assert!(
            log.iter().any(|entry| entry.reason.contains("it was a repeat, or another message overtook it")),
            "every replay is logged"
        );
        // The tenant still accepts messages of the master.
        assert_eq!(master.sync(these(&ids)).await.unwrap().counts.unchanged, 2);
        // Neither log contains a secret.
        for instance in [&master, &tenant] {
            let log = serde_json::to_vec(&instance.audit().await).unwrap();
            assert!(CANARIES.iter().all(|canary| forms(canary).iter().all(|form| !find(&log, form))));
        }
    }
}

#[tokio::test]
async fn another_version_is_told_on_both_sides() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let (recorder, _) = RecordingProxy::before(&tenant).await;
        let message = json!({ "version": 2, "pair": "x", "sequence": 1, "sealed": "" });
        for path in ["/api/tenant/v1/call", "/api/tenant/v1/register"] {
            let (status, answer) = recorder.send(path, message.to_string().into()).await;
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("other-version")));
            assert!(answer["Error"].as_str().unwrap().contains("uses version 2"), "{answer}");
        }
        let logged = tenant.audit().await.into_iter().filter(|entry| entry.reason.contains("version 2")).count();
        assert_eq!(logged, 2);
        drop(master);
    }
}
