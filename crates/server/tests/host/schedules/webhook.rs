//! Alerts by webhook, to a real receiver.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha2::Sha256;
use soar_host::alerts::{
    Courier as _, Couriers, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookCourier, WebhookSettings,
    WebhookSignature,
};
use soar_store::model::{
    AlertEvent, AlertReason, Message, MessageBody, MessageContent, MessageItem, Moment, ScheduleKind,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Debug, Default)]
struct Received {
    requests: Mutex<Vec<(HeaderMap, Bytes)>>,
}

async fn receiver() -> (String, Arc<Received>) {
    let received = Arc::new(Received::default());
    let take = |State(received): State<Arc<Received>>, headers: HeaderMap, body: Bytes| async move {
        received.requests.lock().unwrap().push((headers, body));
        StatusCode::NO_CONTENT
    };
    let redirect = || async {
        Response::builder().status(307).header("location", "/take").body(().into_response().into_body()).unwrap()
    };
    let router = Router::new()
        .route("/take", post(take))
        .route("/redirect", post(redirect))
        .route("/broken", post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .with_state(received.clone());
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", socket.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    (address, received)
}

fn couriers(address: String) -> Couriers {
    couriers_that_sign(address, SECRET, WebhookSignature::Standard)
}

fn couriers_that_sign(address: String, secret: &str, signature: WebhookSignature) -> Couriers {
    let settings = WebhookSettings { address, secret: SecretString::from(secret), signature };
    let mut couriers = Couriers::default();
    couriers.webhooks.insert("operations".to_owned(), WebhookCourier::new(&settings).unwrap());
    couriers
}

fn message() -> Message {
    Message {
        id: "0198-message".to_owned(),
        destination: "webhook:operations".parse().unwrap(),
        content: MessageBody::Health(MessageContent {
            event: AlertEvent::Recovered,
            kind: ScheduleKind::HealthCheck,
            server: "https://footprint.example.com".to_owned(),
            at: Moment(1_700_000_000_000),
            still_failing: 2,
            items: vec![MessageItem {
                subject: "Connection Production".to_owned(),
                site: "Security Operations".to_owned(),
                reason: AlertReason::Failing,
                detail: "Test Connection failed.".to_owned(),
                since: Moment(1_700_000_000_000),
                recovered_at: Some(Moment(1_700_000_300_000)),
            }],
        }),
        attempts: 0,
        created_at: Moment(1_700_000_000_000),
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// Checks a signature as receivers do, by <https://github.com/standard-webhooks/standard-webhooks>.
fn is_genuine(secret: &str, headers: [&str; 3], body: &[u8]) -> bool {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => secret.as_bytes().to_vec(),
    };
    let [id, timestamp, signatures] = headers;
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let expected = STANDARD.encode(hmac(&key, &signed));
    signatures.split(' ').any(|signature| signature.strip_prefix("v1,") == Some(expected.as_str()))
}

#[test]
fn the_published_example_is_genuine_and_no_other_is() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let headers = ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="];
    let body = br#"{"test": 2432232314}"#;
    assert!(is_genuine(secret, headers, body));
    assert!(!is_genuine(secret, headers, b"{}"));
    assert!(!is_genuine(secret, ["msg_other", headers[1], headers[2]], body));
}

#[tokio::test]
async fn a_webhook_is_signed_by_the_standard_scheme_with_either_form_of_secret() {
    for secret in [SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        let (address, received) = receiver().await;
        let couriers = couriers_that_sign(format!("{address}/take"), secret, WebhookSignature::Standard);
        couriers.deliver(&message(), Moment(1_700_000_301_999)).await.unwrap();
        let requests = received.requests.lock().unwrap();
        let (headers, body) = &requests[0];
        let [id, timestamp, signature] =
            [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(|name| headers[name].to_str().unwrap());
        assert_eq!((id, timestamp), ("0198-message", "1700000301"));
        assert!(is_genuine(secret, [id, timestamp, signature], body), "{signature}");
    }
}

#[tokio::test]
async fn a_webhook_keeps_the_old_signature_where_it_is_asked_for() {
    let (address, received) = receiver().await;
    let couriers = couriers_that_sign(format!("{address}/take"), SECRET, WebhookSignature::Old);
    couriers.deliver(&message(), Moment(1_700_000_301_999)).await.unwrap();
    let requests = received.requests.lock().unwrap();
    let (headers, body) = &requests[0];
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!((header(ID_HEADER), header(TIMESTAMP_HEADER)), ("0198-message".to_owned(), "1700000301".to_owned()));
    let mac = hmac(SECRET.as_bytes(), &[b"1700000301.", body.as_ref()].concat());
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header(SIGNATURE_HEADER), format!("sha256={hex}"));
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["id"], "0198-message");
    assert_eq!(body["alert"]["event"], "recovered");
    assert_eq!(body["alert"]["stillFailing"], 2);
    assert_eq!(body["alert"]["items"][0]["subject"], "Connection Production");
}

const RECEIVER_OF_CHILD: &str = "SOAR_HOST_TEST_RECEIVER";

#[tokio::test]
async fn the_environments_proxy_variables_are_not_used() {
    let (address, received) = receiver().await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    let name = concat!(module_path!(), "::in_a_process_with_proxy_variables");
    child.args(["--exact", name.split_once("::").unwrap().1]);
    child.env(RECEIVER_OF_CHILD, format!("{address}/take"));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://{}", proxy.local_addr().unwrap()));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    let output = child.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(received.requests.lock().unwrap().len(), 1, "it came without a proxy");
}

#[tokio::test]
async fn in_a_process_with_proxy_variables() {
    // A part of the test above, which runs it in a process of its own.
    let Ok(address) = std::env::var(RECEIVER_OF_CHILD) else { return };
    couriers(address).deliver(&message(), Moment(0)).await.unwrap();
}

#[tokio::test]
async fn a_redirection_is_not_followed_and_an_error_is_one() {
    let (address, received) = receiver().await;
    let refused = couriers(format!("{address}/redirect")).deliver(&message(), Moment(0)).await.unwrap_err();
    assert!(refused.contains("status 307") && refused.contains("final address"), "{refused}");
    let refused = couriers(format!("{address}/broken")).deliver(&message(), Moment(0)).await.unwrap_err();
    assert!(refused.contains("status 500"), "{refused}");
    assert!(received.requests.lock().unwrap().is_empty());
    let nobody = couriers("http://127.0.0.1:1/take".to_owned()).deliver(&message(), Moment(0)).await.unwrap_err();
    assert!(nobody.contains("no connection"), "{nobody}");
    let unknown = Message { destination: "webhook:other".parse().unwrap(), ..message() };
    let refused = couriers(format!("{address}/take")).deliver(&unknown, Moment(0)).await.unwrap_err();
    assert!(refused.contains("has no webhook other"), "{refused}");
}
