//! Alerts by webhook, to a real receiver.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha2::Sha256;
use soar_host::alerts::{
    Courier as _, Couriers, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookCourier, WebhookSettings,
};
use soar_store::model::{AlertReason, Message, MessageContent, MessageItem, Moment, Tell};

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
    let settings = WebhookSettings { address, secret: SecretString::from(SECRET) };
    let mut couriers = Couriers::default();
    couriers.webhooks.insert("operations".to_owned(), WebhookCourier::new(&settings).unwrap());
    couriers
}

fn message() -> Message {
    Message {
        id: "0198-message".to_owned(),
        destination: "webhook:operations".parse().unwrap(),
        content: MessageContent {
            tell: Tell::Recovered,
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
        },
        attempts: 0,
        created_at: Moment(1_700_000_000_000),
    }
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_time_and_body() {
    let (address, received) = receiver().await;
    couriers(format!("{address}/take")).deliver(&message(), Moment(1_700_000_301_999)).await.unwrap();
    let requests = received.requests.lock().unwrap();
    let (headers, body) = &requests[0];
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!((header(ID_HEADER), header(TIMESTAMP_HEADER)), ("0198-message".to_owned(), "1700000301".to_owned()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(b"1700000301.");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header(SIGNATURE_HEADER), format!("sha256={hex}"));
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["id"], "0198-message");
    assert_eq!(body["alert"]["event"], "recovered");
    assert_eq!(body["alert"]["stillFailing"], 2);
    assert_eq!(body["alert"]["items"][0]["subject"], "Connection Production");
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
    assert!(refused.contains("names no webhook other"), "{refused}");
}
