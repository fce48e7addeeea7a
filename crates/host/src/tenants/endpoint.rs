//! On a tenant: what masters call. Each message is one transaction with its number, what it did and its entry in the
//! audit log, so after a crash at any instant it was taken whole or not at all.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use soar_connector::name::{quoted, steers};
use soar_store::model::{AuditEntry, Moment, Surface};
use soar_store::{KnownPair, NewMaster, Records, StoreError, TenancySecret};

use super::apply::{NotApplied, Sender, apply, withdraw};
use super::envelope::{Envelope, SealedRequest};
use super::handshake::Acceptance;
use super::identity::{identity, seal};
use super::message::{Answer, Introduction, PlainRefusal, RegistrationAnswer, RegistrationRequest, Request};
use super::{PROTOCOL_VERSION, Tenants};
use crate::Refusal;
use crate::gate::{Call, Reply, read_json};
use crate::host::Host;
use crate::sealing::SealingGuard;

/// How often a transaction is done again that lost against another one.
const ATTEMPTS: u32 = 4;

/// The addresses that masters call, below what stands before all addresses of the host.
pub(crate) fn routes(base_path: &str) -> Router<Arc<Host>> {
    let mut router = Router::new();
    let mut prefixes = vec!["", base_path];
    prefixes.dedup();
    for prefix in prefixes {
        router = router
            .route(&format!("{prefix}/api/tenant/v1/register"), post(register))
            .route(&format!("{prefix}/api/tenant/v1/call"), post(call));
    }
    router
}

/// What came of a message: its reply, and whether its entry in the audit log is written.
type Taken = Result<(Reply, bool), Refusal>;

async fn register(State(host): State<Arc<Host>>, request: HttpRequest) -> Response {
    answer(host, request, "tenant register", |body| understood(body).map(Message::Registration)).await
}

async fn call(State(host): State<Arc<Host>>, request: HttpRequest) -> Response {
    answer(host, request, "tenant call", |body| understood(body).map(Message::Sealed)).await
}

/// What a master may send.
enum Message {
    Registration(RegistrationRequest),
    Sealed(SealedRequest),
}

async fn answer(
    host: Arc<Host>,
    request: HttpRequest,
    what: &'static str,
    read: fn(&[u8]) -> Result<Message, Reply>,
) -> Response {
    let mut call = Call::begin(&host, Surface::Tenant, &request, what);
    call.label = what.into();
    let request_id = call.entry.request_id.clone();
    let Some(tenants) = host.tenants.clone() else {
        return call
            .write_and_answer(refusal(StatusCode::NOT_FOUND, "no-tenant", "This host takes no connections."))
            .await;
    };
    let (head, body) = request.into_parts();
    let arrived = match tenants.arriving.try_acquire() {
        Ok(_arriving) => read_json(&head.headers, body, &host.settings).await.and_then(|body| read(&body)),
        Err(_) => Err(Reply::too_many_calls()),
    };
    let admitted = arrived.and_then(|message| {
        let place = Arc::clone(&host.in_flight).try_acquire_owned().map_err(|_| Reply::too_many_calls())?;
        Ok((message, place))
    });
    let (message, place) = match admitted {
        Ok(admitted) => admitted,
        Err(reply) => return call.write_and_answer(reply).await,
    };
    // A task of its own: a master that goes away does not stop what was taken.
    let finished = tokio::spawn(async move {
        let mut attempt = 1;
        let finished = loop {
            let taken = match &message {
                Message::Registration(request) => tenants.take_registration(&mut call, request).await,
                Message::Sealed(request) => tenants.take_message(&mut call, request).await,
            };
            match taken {
                Ok((reply, true)) => break call.answer_written(reply),
                Ok((reply, false)) => break call.write_and_answer(reply).await,
                Err(Refusal::Store(error)) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => {
                    tracing::error!(request_id = call.entry.request_id, %error, "a master's message could not be taken");
                    let reply = Reply::unexpected(error.to_string());
                    break call.write_and_answer(reply).await;
                }
            }
        };
        drop(place);
        finished
    });
    finished.await.unwrap_or_else(|error| {
        tracing::error!(request_id, %error, "a master's message broke");
        Reply::unexpected("").into_response(&request_id)
    })
}

/// The message, if it is of this version.
fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reply> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let malformed = || refusal(StatusCode::BAD_REQUEST, "malformed", "The body is no message of a master.");
    let Version { version } = serde_json::from_slice(body).map_err(|_| malformed())?;
    if version != PROTOCOL_VERSION {
        let error = format!(
            "The master speaks version {version} of the protocol between masters and tenants, and this tenant \
             {PROTOCOL_VERSION}. Update the older one."
        );
        return Err(refusal(StatusCode::BAD_REQUEST, "other-version", &error));
    }
    serde_json::from_slice(body).map_err(|_| malformed())
}

fn refusal(status: StatusCode, code: &str, error: &str) -> Reply {
    let body = PlainRefusal { error: error.to_owned(), code: code.to_owned(), version: PROTOCOL_VERSION };
    let body = serde_json::to_string(&body).unwrap_or_default();
    Reply { accepted: false, reason: error.to_owned(), ..Reply::body(status, body) }
}

fn key_refused(reason: &str) -> Reply {
    // Why is for the tenant's own log: who has no key learns nothing about keys.
    let reply = refusal(StatusCode::FORBIDDEN, "key-refused", "The one-time key is not taken.");
    Reply { reason: reason.to_owned(), ..reply }
}

impl Tenants {
    async fn take_registration(&self, call: &mut Call, request: &RegistrationRequest) -> Taken {
        let now = call.entry.at;
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        SealingGuard::begin(&mut records).await?;
        let name = AuditEntry::kept(&request.key);
        let Some(key) = records.open_tenant_key(&request.key).await? else {
            let reason = format!("The one-time key {name} is not known, or was used or revoked.");
            return Ok((key_refused(&reason), false));
        };
        if now >= key.expires_at {
            return Ok((key_refused(&format!("The one-time key {name} has expired.")), false));
        }
        let own = identity(&self.connections, &mut records, now).await?;
        let opened = self.connections.keyring.open(&TenancySecret::Key(request.key.clone()).context(), &key.sealed);
        let opened = opened.map_err(|error| Refusal::Because(error.to_string()))?;
        let secret = <&[u8; 32]>::try_from(opened.as_slice()).map_err(|_| unreadable())?;
        let accepted = STANDARD.decode(&request.handshake).ok();
        let accepted = accepted.and_then(|message| Acceptance::new(&own, secret, &message).ok());
        let Some(acceptance) = accepted else {
            let reason = format!("Whoever named the one-time key {name} does not hold it.");
            return Ok((key_refused(&reason), false));
        };
        let introduction: Option<Introduction> = serde_json::from_slice(&acceptance.payload).ok();
        let Some(introduction) = introduction.filter(is_sound) else {
            return Ok((
                refusal(StatusCode::BAD_REQUEST, "malformed", "The master's introduction cannot be read."),
                false,
            ));
        };
        call.entry.username = AuditEntry::kept(&format!("master {}", introduction.name));
        let instance = acceptance.master.clone();
        let broken = |error: super::handshake::HandshakeFailed| Refusal::Because(error.to_string());
        let (handshake, established) = acceptance.answer(b"").map_err(broken)?;
        let place = TenancySecret::Master(established.pair.clone());
        let sealed = seal(&self.connections, &mut records, &place, &*established.secret, now).await?;
        let new = NewMaster {
            instance,
            name: introduction.name.trim().to_owned(),
            region: introduction.region.trim().to_owned(),
            pair: established.pair,
            sealed,
            key: key.id,
            tenant_name: introduction.tenant_name,
            tenant_region: introduction.tenant_region,
        };
        match records.register_master(&new, now).await {
            Ok(()) => {}
            Err(StoreError::Duplicate { .. }) => {
                let error = format!(
                    "Another master is called {} here. Give this one another name (name under [tenants] in its settings), \
                     or remove the other one from the tenant.",
                    quoted(&new.name)
                );
                return Ok((refusal(StatusCode::CONFLICT, "master-name-taken", &error), false));
            }
            Err(error) => return Err(error.into()),
        }
        let answer = RegistrationAnswer { version: PROTOCOL_VERSION, handshake: STANDARD.encode(handshake) };
        let body = serde_json::to_string(&answer).map_err(|error| Refusal::Because(error.to_string()))?;
        let about = format!("The master {} registered with the one-time key {name}.", quoted(&new.name));
        let reply = Reply { reason: about, ..Reply::body(StatusCode::OK, body) };
        let entry = call.conclude(&reply).clone();
        records.append_audit(&[entry]).await?;
        transaction.commit().await?;
        Ok((reply, true))
    }

    async fn take_message(&self, call: &mut Call, sealed: &SealedRequest) -> Taken {
        let now = call.entry.at;
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        SealingGuard::begin(&mut records).await?;
        let Some(pair) = records.known_pair(&sealed.pair).await? else {
            let error = "This tenant does not know the master.";
            return Ok((refusal(StatusCode::FORBIDDEN, "unknown-pair", error), false));
        };
        call.entry.username = AuditEntry::kept(&format!("master {}", pair.name));
        let Some(secret) = &pair.sealed else {
            let error = "This tenant has revoked the master.";
            return Ok((refusal(StatusCode::FORBIDDEN, "revoked", error), false));
        };
        let opened = self.connections.keyring.open(&TenancySecret::Master(sealed.pair.clone()).context(), secret);
        let opened = opened.map_err(|error| Refusal::Because(error.to_string()))?;
        let envelope = Envelope::new(&sealed.pair, &opened).ok_or_else(unreadable)?;
        let Ok(request) = envelope.open_request::<Request>(sealed) else {
            let error = "The message is not the master's, or was changed on its way.";
            return Ok((refusal(StatusCode::FORBIDDEN, "not-authentic", error), false));
        };
        describe(call, &request);
        if sealed.sequence <= pair.sequence {
            let answer = envelope.seal_answer(sealed, &Answer::Overtaken { last: pair.sequence });
            let answer = serde_json::to_string(&answer).map_err(|error| Refusal::Because(error.to_string()))?;
            let reason = format!(
                "Message {} came after message {} was taken: it was sent again, or overtaken.",
                sealed.sequence, pair.sequence
            );
            return Ok((Reply { accepted: false, reason, ..Reply::body(StatusCode::CONFLICT, answer) }, false));
        }
        records.take_message(pair.master, sealed.sequence, now).await?;
        if let Some(key) = pair.key {
            records.spend_tenant_key(key, now).await?;
        }
        let (answer, about, accepted) = self.perform(&mut records, call, &pair, &request, now).await?;
        let answer = envelope.seal_answer(sealed, &answer);
        let body = serde_json::to_string(&answer).map_err(|error| Refusal::Because(error.to_string()))?;
        let reply = Reply { accepted, reason: about, ..Reply::body(StatusCode::OK, body) };
        let entry = call.conclude(&reply).clone();
        records.append_audit(&[entry]).await?;
        transaction.commit().await?;
        Ok((reply, true))
    }

    /// Does what the message says; the answer, what the audit log says of it, and whether it was done.
    async fn perform(
        &self,
        records: &mut Records<'_>,
        call: &Call,
        pair: &KnownPair,
        request: &Request,
        now: Moment,
    ) -> Result<(Answer, String, bool), Refusal> {
        let sender = Sender { master: pair.master, name: &pair.name, request_id: &call.entry.request_id };
        records.mark().await?;
        let (done, plan) = match request {
            Request::Initiate => return Ok((Answer::Initiated, "Initiated.".to_owned(), true)),
            Request::Apply { site, plan, connection } => {
                let applied = apply(&self.connections, records, &sender, site, connection, now).await;
                (applied.map(|change| (Answer::from(change), format!("{}: {change}", connection.name))), *plan)
            }
            Request::Withdraw { site, plan, keep } => {
                let withdrawn = withdraw(&self.connections, records, &sender, site, keep).await;
                let told = withdrawn.map(|connections| {
                    let names: Vec<_> = connections.iter().map(|one| one.name.as_str()).collect();
                    let about = format!(
                        "Withdrawn: {}",
                        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
                    );
                    (Answer::Withdrawn { connections }, about)
                });
                (told, *plan)
            }
        };
        match done {
            Ok((answer, about)) if plan => {
                records.undo_to_mark().await?;
                Ok((answer, format!("Planned. {about}"), true))
            }
            Ok((answer, about)) => Ok((answer, about, true)),
            Err(NotApplied::Refused(why)) => {
                // What it did before it was refused is undone; that it was taken is kept.
                records.undo_to_mark().await?;
                let about = format!("{}: {}", why.code, why.cause);
                Ok((Answer::Refused(why), about, false))
            }
            Err(NotApplied::Store(error)) => Err(error.into()),
        }
    }
}

/// What the audit log calls it, and on which site.
fn describe(call: &mut Call, request: &Request) {
    let (what, site) = match request {
        Request::Initiate => ("tenant initiate", ""),
        Request::Apply { site, .. } => ("tenant receive connection", site.as_str()),
        Request::Withdraw { site, .. } => ("tenant withdraw connections", site.as_str()),
    };
    what.clone_into(&mut call.entry.command);
    call.entry.site = AuditEntry::kept(site);
}

fn is_sound(introduction: &Introduction) -> bool {
    let Introduction { name, region, tenant_name, tenant_region } = introduction;
    let texts = [name, region, tenant_name, tenant_region];
    !name.trim().is_empty() && texts.iter().all(|text| text.chars().count() <= 100 && !text.chars().any(steers))
}

fn unreadable() -> Refusal {
    StoreError::Unreadable("the secret of a pair".to_owned()).into()
}
