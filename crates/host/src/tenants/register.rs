//! On a master: registers a tenant with its one-time key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use soar_connector::name::quoted;
use soar_store::model::{Caller, SyncFailure, Tenant, TenantId};
use soar_store::{Registration, StoreError, TenancySecret};

use super::client::{not_authentic, post};
use super::content::Fetched;
use super::failure::failure;
use super::handshake::Offer;
use super::identity::{identity, seal};
use super::key_pair::{KeyPair, hexadecimal};
use super::message::{Introduction, RegistrationAnswer, RegistrationRequest, TenantAnswer, TenantRequest};
use super::one_time_key::OneTimeKey;
use super::service::demand;
use super::{PROTOCOL_VERSION, Tenants};
use crate::Refusal;
use crate::sealing::SealingGuard;

impl Tenants {
    /// Registers a tenant with the stored one-time key or a new key, and confirms the registration. Afterwards both
    /// instances have a shared secret. After an interruption, the registration can be repeated with the same key.
    ///
    /// # Errors
    /// [`Refusal`] with the cause and the cure.
    pub async fn register(&self, caller: &Caller, id: TenantId, key: Option<&str>) -> Result<Tenant, Refusal> {
        demand(caller)?;
        let (tenant, own, key) = self.prepare(id, key).await?;
        let refused = |why: SyncFailure| {
            let tenant = quoted(&tenant.name);
            Refusal::Unable(format!("The tenant {tenant} is not registered. {} {}", why.cause, why.cure))
        };
        let introduction = Introduction {
            name: self.settings.name.clone(),
            region: self.settings.region.clone(),
            tenant_name: tenant.name.clone(),
            tenant_region: tenant.region.clone(),
        };
        let payload = serde_json::to_vec(&introduction).map_err(|error| Refusal::Unable(error.to_string()))?;
        let broken = |error: super::handshake::HandshakeFailed| Refusal::Unable(error.to_string());
        let (offer, handshake) = Offer::new(&own, &key, &payload).map_err(broken)?;
        let request =
            RegistrationRequest { version: PROTOCOL_VERSION, key: key.name(), handshake: STANDARD.encode(handshake) };
        let client = self.client().map_err(Refusal::Because)?;
        let answer = post::<RegistrationAnswer>(client, &self.settings, &tenant.url, "register", &request).await;
        let answer = answer.map_err(|failed| refused(failed.failure))?;
        let message = STANDARD.decode(&answer.handshake).ok();
        let finished = message.and_then(|message| offer.finish(&message).ok());
        let (_, established) = finished.ok_or_else(|| refused(not_authentic().failure))?;

        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        SealingGuard::begin(&mut records).await?;
        let now = self.now();
        let place = TenancySecret::Tenant(id);
        let sealed = seal(&self.connections, &mut records, &place, &*established.secret, now).await?;
        let made = Registration { pair: established.pair, sealed, instance: hexadecimal(&key.tenant) };
        records.register_tenant(id, &made, now).await?;
        transaction.commit().await?;

        // Only this message marks the key as used on the tenant. If the tenant's answer had been lost, the key would
        // still be valid.
        match self.say(&tenant, &Fetched::default(), || TenantRequest::Initiate).await {
            Ok(TenantAnswer::Initiated) => {}
            Ok(TenantAnswer::Refused(why)) | Err(why) => return Err(refused(why)),
            Ok(_) => return Err(refused(not_authentic().failure)),
        }
        let mut transaction = self.connections.store.transaction().await?;
        SealingGuard::begin(&mut transaction.records()).await?;
        transaction.records().spend_onboarding_key(id).await?;
        let registered = transaction.records().tenant(id).await?;
        transaction.commit().await?;
        Ok(registered)
    }

    /// Reads the tenant, this instance's key pair and the one-time key.
    async fn prepare(&self, id: TenantId, key: Option<&str>) -> Result<(Tenant, KeyPair, OneTimeKey), Refusal> {
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        SealingGuard::begin(&mut records).await?;
        let tenant = records.tenant(id).await?;
        let own = identity(&self.connections, &mut records, self.now()).await?;
        let key = match key {
            Some(text) => {
                let key = OneTimeKey::parse(text).map_err(Refusal::Because)?;
                self.keep_key(&mut records, id, &key).await?;
                key
            }
            None => {
                let sealed = records.onboarding_key(id).await?.ok_or_else(|| {
                    Refusal::Because(format!(
                        "The tenant {} has no unused one-time key. Give a new key, which `footprint tenant key create` \
                         on the tenant makes.",
                        quoted(&tenant.name)
                    ))
                })?;
                let opened = self.connections.keyring.open(&TenancySecret::Onboarding(id).context(), &sealed);
                let opened = opened.map_err(|error| Refusal::Unable(error.to_string()))?;
                let text = std::str::from_utf8(&opened).map_err(|_| unreadable())?;
                OneTimeKey::parse(text).map_err(|_| unreadable())?
            }
        };
        transaction.commit().await?;
        if key.tenant == own.public {
            let why = failure("own-key", "The one-time key was made on this instance.", "Make a key on the tenant.");
            return Err(Refusal::Because(format!("{} {}", why.cause, why.cure)));
        }
        Ok((tenant, own, key))
    }
}

fn unreadable() -> Refusal {
    StoreError::Unreadable("a tenant's one-time key".to_owned()).into()
}
