//! Light tenants for measurements: they speak the protocol and store almost nothing, so one process can run thousands.

#![allow(clippy::expect_used, reason = "a measurement that cannot be made can only end")]

use std::collections::HashMap;
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use soar_store::model::{ConnectionId, MessageNumber, SyncChange};
use zeroize::Zeroizing;

use super::PROTOCOL_VERSION;
use super::envelope::{Envelope, SealedRequest};
use super::handshake::{Acceptance, new_key_pair};
use super::key_pair::KeyPair;
use super::message::{RegistrationAnswer, RegistrationRequest, TenantAnswer, TenantRequest, WithdrawnConnection};
use super::one_time_key::OneTimeKey;

/// A tenant that stores only the id and a hash of each connection.
struct LightTenant {
    identity: KeyPair,
    key: OneTimeKey,
    pair: Option<(Envelope, MessageNumber)>,
    connections: HashMap<ConnectionId, [u8; 32]>,
}

type SharedTenants = Arc<Vec<Mutex<LightTenant>>>;

/// Light tenants, each with its own address.
#[derive(Clone)]
pub struct LightTenants {
    url: String,
    tenants: SharedTenants,
}

impl std::fmt::Debug for LightTenants {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LightTenants").field("url", &self.url).finish_non_exhaustive()
    }
}

impl LightTenants {
    /// Starts `count` tenants on the loopback network.
    ///
    /// # Panics
    /// When they cannot start.
    pub async fn start(count: usize) -> Self {
        let tenants = (0..count).map(|_| {
            let identity = new_key_pair().expect("a key pair");
            let secret = crate::access::random::<32>().expect("random bytes");
            let key = OneTimeKey::new(identity.public, Zeroizing::new(*secret));
            Mutex::new(LightTenant { identity, key, pair: None, connections: HashMap::new() })
        });
        let tenants: SharedTenants = Arc::new(tenants.collect());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/{tenant}/api/tenant/v1/register", post(register))
            .route("/{tenant}/api/tenant/v1/call", post(call))
            .with_state(Arc::clone(&tenants));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, tenants }
    }

    /// Each tenant's address and one-time key.
    #[must_use]
    pub fn keys(&self) -> Vec<(String, String)> {
        let keys = self.tenants.iter().enumerate();
        keys.map(|(number, tenant)| (format!("{}/{number}", self.url), lock(tenant).key.text().to_string())).collect()
    }

    /// The number of connections on all tenants together.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.tenants.iter().map(|tenant| lock(tenant).connections.len()).sum()
    }
}

fn lock(tenant: &Mutex<LightTenant>) -> std::sync::MutexGuard<'_, LightTenant> {
    tenant.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn register(
    State(tenants): State<SharedTenants>,
    Path(number): Path<usize>,
    Json(request): Json<RegistrationRequest>,
) -> Response {
    let registered = || {
        let mut tenant = lock(tenants.get(number)?);
        let message = STANDARD.decode(&request.handshake).ok()?;
        let acceptance = Acceptance::new(&tenant.identity, &tenant.key.secret, &message).ok()?;
        let (handshake, established) = acceptance.answer(b"").ok()?;
        tenant.pair = Some((Envelope::new(&established.pair, &*established.secret)?, MessageNumber(0)));
        Some(RegistrationAnswer { version: PROTOCOL_VERSION, handshake: STANDARD.encode(handshake) })
    };
    registered().map_or_else(|| StatusCode::NOT_FOUND.into_response(), |answer| Json(answer).into_response())
}

async fn call(
    State(tenants): State<SharedTenants>,
    Path(number): Path<usize>,
    Json(sealed): Json<SealedRequest>,
) -> Response {
    let answered = || {
        let mut tenant = lock(tenants.get(number)?);
        let LightTenant { pair, connections, .. } = &mut *tenant;
        let (envelope, last) = pair.as_mut()?;
        let request: TenantRequest = envelope.open_request(&sealed).ok()?;
        if sealed.sequence <= *last {
            return envelope.seal_answer(&sealed, &TenantAnswer::Overtaken { last: *last });
        }
        *last = sealed.sequence;
        envelope.seal_answer(&sealed, &perform(connections, &request))
    };
    answered().map_or_else(|| StatusCode::FORBIDDEN.into_response(), |answer| Json(answer).into_response())
}

fn perform(connections: &mut HashMap<ConnectionId, [u8; 32]>, request: &TenantRequest) -> TenantAnswer {
    match request {
        TenantRequest::Initiate => TenantAnswer::Initiated,
        TenantRequest::SetSiteStatus { active, .. } => TenantAnswer::SiteStatus { active: *active },
        TenantRequest::Apply { plan, connection, .. } => {
            let hash = *blake3::hash(&serde_json::to_vec(connection).unwrap_or_default()).as_bytes();
            let change = match connections.get(&connection.id) {
                None => SyncChange::Added,
                Some(known) if *known == hash => SyncChange::Unchanged,
                Some(_) => SyncChange::Changed,
            };
            if !plan {
                connections.insert(connection.id, hash);
            }
            TenantAnswer::Applied { change }
        }
        TenantRequest::Withdraw { plan, keep, .. } => {
            let gone: Vec<ConnectionId> = connections.keys().filter(|id| !keep.contains(id)).copied().collect();
            if !plan {
                connections.retain(|id, _| keep.contains(id));
            }
            let named = |id| WithdrawnConnection { id, name: String::new(), integration: String::new() };
            TenantAnswer::Withdrawn { connections: gone.into_iter().map(named).collect() }
        }
    }
}
