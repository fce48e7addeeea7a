//! A provider that answers as the test says: honest or not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::super::SignInStage;
use super::{NewConsoleSession, OpenIdStart, SignIn, SignInError, parameter, returned};

/// A key of the provider.
pub struct ProviderKey {
    pub id: String,
    pair: rcgen::KeyPair,
}

impl ProviderKey {
    pub fn new(id: &str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        Self { id: id.to_owned(), pair }
    }

    fn public(&self) -> Value {
        use rcgen::PublicKeyData as _;
        let point = self.pair.der_bytes();
        let (x, y) = point[1..].split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": text(x), "y": text(y) })
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::ES256) }, claims)
    }

    pub fn sign_as(&self, header: Header, claims: &Value) -> String {
        encode(&header, claims, &EncodingKey::from_ec_der(&self.pair.serialize_der())).unwrap()
    }
}

/// The answers of the provider.
pub struct ProviderScript {
    pub metadata: Value,
    pub keys: Vec<Value>,
    pub token: (StatusCode, String),
    pub user: Value,
    /// The last request for tokens: its authorization and its form.
    pub asked: (String, String),
}

pub struct Fake {
    pub url: String,
    pub key: ProviderKey,
    pub script: Arc<Mutex<ProviderScript>>,
    pub key_readings: Arc<AtomicUsize>,
}

type FakeState = (Arc<Mutex<ProviderScript>>, Arc<AtomicUsize>);

impl Fake {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = ProviderKey::new("one");
        let metadata = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"), "userinfo_endpoint": format!("{url}/user"),
        });
        // Keys of unknown kinds are no reason to refuse the others.
        let keys = vec![json!({ "kty": "new", "kid": "future" }), key.public()];
        let script = ProviderScript {
            metadata,
            keys,
            token: (StatusCode::OK, String::new()),
            user: json!({}),
            asked: (String::new(), String::new()),
        };
        let shared: FakeState = (Arc::new(Mutex::new(script)), Arc::default());
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async |State((script, _)): State<FakeState>| script.lock().unwrap().metadata.to_string()),
            )
            .route(
                "/keys",
                get(async |State((script, readings)): State<FakeState>| {
                    readings.fetch_add(1, Ordering::SeqCst);
                    json!({ "keys": script.lock().unwrap().keys }).to_string()
                }),
            )
            .route("/user", get(async |State((script, _)): State<FakeState>| script.lock().unwrap().user.to_string()))
            .route(
                "/token",
                post(async |State((script, _)): State<FakeState>, headers: HeaderMap, form: String| {
                    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
                    let mut script = script.lock().unwrap();
                    script.asked = (authorization.unwrap_or_default(), form);
                    script.token.clone()
                }),
            )
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, key, script: shared.0, key_readings: shared.1 }
    }

    /// Puts another key in the place of the provider's keys.
    pub fn rotate(&mut self, id: &str) {
        self.key = ProviderKey::new(id);
        self.script.lock().unwrap().keys = vec![self.key.public()];
    }

    /// Good claims of `subject` for the sign-in that began.
    pub fn claims(&self, stage: &SignInStage, start: &OpenIdStart, subject: &str) -> Value {
        let now = stage.host.now().0 / 1_000;
        json!({
            "iss": self.url, "aud": "soar", "sub": subject, "iat": now, "exp": now + 300,
            "nonce": parameter(&start.address, "nonce"), "preferred_username": subject, "groups": ["soc-analysts"],
        })
    }

    pub fn answer_token(&self, token: &str) {
        let body = json!({ "id_token": token, "access_token": "access", "token_type": "Bearer" }).to_string();
        self.script.lock().unwrap().token = (StatusCode::OK, body);
    }

    /// A sign-in with these claims, changed by `change`.
    pub async fn sign_in(
        &self,
        stage: &SignInStage,
        sign_in: &SignIn,
        subject: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<NewConsoleSession, SignInError> {
        let start = sign_in.begin_openid().await?;
        let mut claims = self.claims(stage, &start, subject);
        change(&mut claims);
        self.answer_token(&self.key.sign(&claims));
        sign_in.finish_openid(returned(&start, "code")).await
    }
}
