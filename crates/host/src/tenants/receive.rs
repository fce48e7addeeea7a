//! On a tenant: receives the messages of masters. The number of a message, its effect and its audit entry are one
//! transaction.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use soar_connector::name::{quoted, steers};
use soar_store::model::{AuditEntry, Moment};
use soar_store::{KnownPair, NewMaster, Records, StoreError, TenancySecret};

use super::apply::{Applied, NotApplied, SendingMaster, apply, withdraw};
use super::envelope::{Envelope, SealedRequest};
use super::handshake::Acceptance;
use super::identity::{identity, seal};
use super::message::{
    Introduction, PlainRefusal, RegistrationAnswer, RegistrationRequest, TenantAnswer, TenantRequest,
};
use super::site_status::set_status;
use super::{PROTOCOL_VERSION, Tenants};
use crate::Refusal;
use crate::conflicts::{ATTEMPTS, MayConflict as _};
use crate::sealing::SealingGuard;

/// A received message of a master.
#[derive(Debug)]
pub struct MasterMessage(IncomingRequest);

#[derive(Debug)]
enum IncomingRequest {
    Registration(RegistrationRequest),
    Sealed(SealedRequest),
}

/// The reply to a master.
#[derive(Debug, Clone)]
pub struct MasterReply {
    /// The HTTP status.
    pub status: u16,
    /// The body as JSON.
    pub body: String,
    /// Whether the message was taken.
    pub accepted: bool,
    /// The audit entry's reason.
    pub reason: String,
    /// Whether the audit entry was written with the effect of the message.
    pub is_written: bool,
}

impl MasterMessage {
    /// A registration.
    ///
    /// # Errors
    /// The reply to a body that is no message, or a message of another version.
    pub fn registration(body: &[u8]) -> Result<Self, MasterReply> {
        understood(body).map(IncomingRequest::Registration).map(Self)
    }

    /// A sealed message of a registered master.
    ///
    /// # Errors
    /// The reply to a body that is no message, or a message of another version.
    pub fn sealed(body: &[u8]) -> Result<Self, MasterReply> {
        understood(body).map(IncomingRequest::Sealed).map(Self)
    }
}

/// Parses a message of this version.
fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, MasterReply> {
    #[derive(Deserialize)]
    struct MessageVersion {
        version: u32,
    }
    let malformed = || MasterReply::refusal(400, "malformed", "The body is no message of a master.");
    let MessageVersion { version } = serde_json::from_slice(body).map_err(|_| malformed())?;
    if version != PROTOCOL_VERSION {
        let error = format!(
            "The master uses version {version} of the protocol between masters and tenants, and this tenant uses \
             version {PROTOCOL_VERSION}. Update the older instance."
        );
        return Err(MasterReply::refusal(400, "other-version", &error));
    }
    serde_json::from_slice(body).map_err(|_| malformed())
}

impl MasterReply {
    /// The call's audit entry with this reply.
    fn entry(&self, call: &AuditEntry) -> AuditEntry {
        AuditEntry {
            status: i64::from(self.status),
            accepted: self.accepted,
            reason: AuditEntry::kept(&self.reason),
            ..call.clone()
        }
    }

    /// A refusal in the form that masters expect.
    #[must_use]
    pub fn refusal(status: u16, code: &str, error: &str) -> Self {
        let body = PlainRefusal { error: error.to_owned(), code: code.to_owned(), version: PROTOCOL_VERSION };
        let body = serde_json::to_string(&body).unwrap_or_default();
        Self { status, body, accepted: false, reason: error.to_owned(), is_written: false }
    }
}

fn key_refused(reason: &str) -> MasterReply {
    // Only the tenant's log gets the reason, so that a caller without a key learns nothing about keys.
    let reply = MasterReply::refusal(403, "key-refused", "The one-time key is not accepted.");
    MasterReply { reason: reason.to_owned(), ..reply }
}

impl Tenants {
    /// Receives a message. Tries again after a conflict with another transaction. `entry` is the call's audit entry,
    /// which gets the names of the master and the message.
    ///
    /// # Errors
    /// [`Refusal`] when the store failed, or a secret cannot be opened.
    pub async fn receive(&self, entry: &mut AuditEntry, message: &MasterMessage) -> Result<MasterReply, Refusal> {
        let mut attempt = 1;
        loop {
            let taken = match &message.0 {
                IncomingRequest::Registration(request) => self.take_registration(entry, request).await,
                IncomingRequest::Sealed(request) => self.take_message(entry, request).await,
            };
            match taken {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                taken => return taken,
            }
        }
    }

    async fn take_registration(
        &self,
        call: &mut AuditEntry,
        request: &RegistrationRequest,
    ) -> Result<MasterReply, Refusal> {
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        SealingGuard::begin(&mut records).await?;
        let now = records.now().await?;
        let name = AuditEntry::kept(&request.key);
        let Some(key) = records.open_tenant_key(&request.key).await? else {
            let reason = format!("The one-time key {name} is unknown, or was used or revoked.");
            return Ok(key_refused(&reason));
        };
        if now >= key.expires_at {
            return Ok(key_refused(&format!("The one-time key {name} has expired.")));
        }
        let own = identity(&self.connections, &mut records, now).await?;
        let opened = self.connections.keyring.open(&TenancySecret::Key(request.key.clone()).context(), &key.sealed);
        let opened = opened.map_err(|error| Refusal::Unable(error.to_string()))?;
        let secret = <&[u8; 32]>::try_from(opened.as_slice()).map_err(|_| unreadable())?;
        let accepted = STANDARD.decode(&request.handshake).ok();
        let accepted = accepted.and_then(|message| Acceptance::new(&own, secret, &message).ok());
        let Some(acceptance) = accepted else {
            let reason = format!("The caller named the one-time key {name}, but does not have it.");
            return Ok(key_refused(&reason));
        };
        let introduction: Option<Introduction> = serde_json::from_slice(&acceptance.payload).ok();
        let Some(introduction) = introduction.filter(is_sound) else {
            return Ok(MasterReply::refusal(400, "malformed", "The master's introduction cannot be read."));
        };
        call.username = AuditEntry::kept(&format!("master {}", introduction.name));
        let instance = acceptance.master.clone();
        let broken = |error: super::handshake::HandshakeFailed| Refusal::Unable(error.to_string());
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
                    "Another master of this tenant has the name {}. Change this master's name (name under [tenants] in \
                     its settings), or remove the other master from the tenant.",
                    quoted(&new.name)
                );
                return Ok(MasterReply::refusal(409, "master-name-taken", &error));
            }
            Err(error) => return Err(error.into()),
        }
        let answer = RegistrationAnswer { version: PROTOCOL_VERSION, handshake: STANDARD.encode(handshake) };
        let body = serde_json::to_string(&answer).map_err(|error| Refusal::Unable(error.to_string()))?;
        let about = format!("The master {} registered with the one-time key {name}.", quoted(&new.name));
        let reply = MasterReply { status: 200, body, accepted: true, reason: about, is_written: true };
        records.append_audit(&[reply.entry(call)]).await?;
        transaction.commit().await?;
        Ok(reply)
    }

    async fn take_message(&self, call: &mut AuditEntry, sealed: &SealedRequest) -> Result<MasterReply, Refusal> {
        let now = call.at;
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        SealingGuard::begin(&mut records).await?;
        let Some(pair) = records.known_pair(&sealed.pair).await? else {
            let error = "This tenant does not know the master.";
            return Ok(MasterReply::refusal(403, "unknown-pair", error));
        };
        call.username = AuditEntry::kept(&format!("master {}", pair.name));
        let Some(secret) = &pair.sealed else {
            let error = "This tenant has revoked the master.";
            return Ok(MasterReply::refusal(403, "revoked", error));
        };
        let opened = self.connections.keyring.open(&TenancySecret::Master(sealed.pair.clone()).context(), secret);
        let opened = opened.map_err(|error| Refusal::Unable(error.to_string()))?;
        let envelope = Envelope::new(&sealed.pair, &opened).ok_or_else(unreadable)?;
        let Ok(request) = envelope.open_request::<TenantRequest>(sealed) else {
            let error = "The message is not from the master, or was changed on the way.";
            return Ok(MasterReply::refusal(403, "not-authentic", error));
        };
        describe(call, &request);
        if sealed.sequence <= pair.sequence {
            let answer = envelope.seal_answer(sealed, &TenantAnswer::Overtaken { last: pair.sequence });
            let answer = serde_json::to_string(&answer).map_err(|error| Refusal::Unable(error.to_string()))?;
            let reason = format!(
                "Message {} arrived after message {}: it was a repeat, or another message overtook it.",
                sealed.sequence, pair.sequence
            );
            return Ok(MasterReply { status: 409, body: answer, accepted: false, reason, is_written: false });
        }
        records.take_message(pair.master, sealed.sequence, now).await?;
        if let Some(key) = pair.key {
            records.spend_tenant_key(key, now).await?;
        }
        let (answer, about, accepted) = self.perform(&mut records, call, &pair, &request, now).await?;
        let answer = envelope.seal_answer(sealed, &answer);
        let body = serde_json::to_string(&answer).map_err(|error| Refusal::Unable(error.to_string()))?;
        let reply = MasterReply { status: 200, body, accepted, reason: about, is_written: true };
        records.append_audit(&[reply.entry(call)]).await?;
        transaction.commit().await?;
        Ok(reply)
    }

    /// Applies the message. Returns the answer, the reason of the audit entry, and whether the message was applied.
    async fn perform(
        &self,
        records: &mut Records<'_>,
        call: &AuditEntry,
        pair: &KnownPair,
        request: &TenantRequest,
        now: Moment,
    ) -> Result<(TenantAnswer, String, bool), Refusal> {
        let sender = SendingMaster { master: pair.master, name: &pair.name, request_id: &call.request_id };
        records.mark().await?;
        let (done, plan) = match request {
            TenantRequest::Initiate => return Ok((TenantAnswer::Initiated, "Initiated.".to_owned(), true)),
            TenantRequest::Apply { site, plan, connection } => {
                let applied = apply(&self.connections, records, &sender, site, connection, now).await;
                let result = applied.map(|applied| {
                    let Applied { change, without_agent } = applied;
                    match without_agent {
                        None => (TenantAnswer::from(change), format!("{}: {change}", connection.name)),
                        Some(why) => {
                            let about = format!("{}: {change}. {}: {}", connection.name, why.code, why.cause);
                            (TenantAnswer::Refused(why), about)
                        }
                    }
                });
                (result, *plan)
            }
            TenantRequest::SetSiteStatus { site, active } => {
                let set = set_status(records, &sender, site, *active, now).await;
                let about = if *active { "Set active." } else { "Set inactive." };
                (set.map(|()| (TenantAnswer::SiteStatus { active: *active }, about.to_owned())), false)
            }
            TenantRequest::Withdraw { site, plan, keep } => {
                let withdrawn = withdraw(&self.connections, records, &sender, site, keep).await;
                let result = withdrawn.map(|connections| {
                    let names: Vec<_> = connections.iter().map(|one| one.name.as_str()).collect();
                    let about = format!(
                        "Withdrawn: {}",
                        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
                    );
                    (TenantAnswer::Withdrawn { connections }, about)
                });
                (result, *plan)
            }
        };
        match done {
            Ok((answer, about)) if plan => {
                records.undo_to_mark().await?;
                Ok((answer, format!("Planned. {about}"), true))
            }
            Ok((answer, about)) => Ok((answer, about, true)),
            Err(NotApplied::Refused(why)) => {
                // The changes before the refusal are undone. The number of the message stays stored.
                records.undo_to_mark().await?;
                let about = format!("{}: {}", why.code, why.cause);
                Ok((TenantAnswer::Refused(why), about, false))
            }
            Err(NotApplied::Store(error)) => Err(error.into()),
        }
    }
}

/// Sets the command and the site of the audit entry.
fn describe(call: &mut AuditEntry, request: &TenantRequest) {
    let (what, site) = match request {
        TenantRequest::Initiate => ("tenant initiate", ""),
        TenantRequest::Apply { site, .. } => ("tenant receive connection", site.as_str()),
        TenantRequest::Withdraw { site, .. } => ("tenant withdraw connections", site.as_str()),
        TenantRequest::SetSiteStatus { site, .. } => ("tenant set site status", site.as_str()),
    };
    what.clone_into(&mut call.command);
    call.site = AuditEntry::kept(site);
}

fn is_sound(introduction: &Introduction) -> bool {
    let Introduction { name, region, tenant_name, tenant_region } = introduction;
    let texts = [name, region, tenant_name, tenant_region];
    !name.trim().is_empty() && texts.iter().all(|text| text.chars().count() <= 100 && !text.chars().any(steers))
}

fn unreadable() -> Refusal {
    StoreError::Unreadable("the secret of a pair".to_owned()).into()
}
