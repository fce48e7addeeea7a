//! The sealed secrets of master and tenant instances: their own key, one-time keys, and the secrets of pairs.

use async_trait::async_trait;

use super::columns::{Sealed, encoded, from_row};
use super::{Records, StoreError};
use crate::model::{KeyId, TenantId};
use crate::{SealedPlace, SealedSecret};

/// One of these secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenancySecret {
    /// The private key of this instance.
    Instance,
    /// The one-time key of this tenant, until it is registered.
    Onboarding(TenantId),
    /// The common secret of this master and this tenant.
    Tenant(TenantId),
    /// The common secret of this tenant and the master of the pair of that name.
    Master(String),
    /// The one-time key of that name, which this tenant created.
    Key(String),
}

impl TenancySecret {
    /// The context that it is sealed with.
    pub fn context(&self) -> String {
        let (kind, whose) = self.parts();
        format!("{kind}/{whose}")
    }

    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Instance => (KINDS[0].0, "1".to_owned()),
            Self::Onboarding(tenant) => (KINDS[1].0, tenant.to_string()),
            Self::Tenant(tenant) => (KINDS[2].0, tenant.to_string()),
            Self::Master(pair) => (KINDS[3].0, pair.clone()),
            Self::Key(name) => (KINDS[4].0, name.clone()),
        }
    }
}

/// The kinds, each with the SQL that reads all its secrets and the SQL that replaces one.
const KINDS: [(&str, &str, &str); 5] = [
    (
        "instance",
        "SELECT CAST(id AS TEXT) AS whose, secret FROM instance",
        "UPDATE instance SET secret = $1 WHERE CAST(id AS TEXT) = $2 AND secret = $3",
    ),
    (
        "onboarding-key",
        "SELECT CAST(id AS TEXT) AS whose, onboarding_key AS secret FROM tenants WHERE onboarding_key IS NOT NULL ORDER BY id",
        "UPDATE tenants SET onboarding_key = $1 WHERE CAST(id AS TEXT) = $2 AND onboarding_key = $3",
    ),
    (
        "tenant",
        "SELECT CAST(id AS TEXT) AS whose, secret FROM tenants WHERE secret IS NOT NULL ORDER BY id",
        "UPDATE tenants SET secret = $1 WHERE CAST(id AS TEXT) = $2 AND secret = $3",
    ),
    (
        "master",
        "SELECT pair AS whose, secret FROM masters WHERE secret IS NOT NULL ORDER BY id",
        "UPDATE masters SET secret = $1 WHERE pair = $2 AND secret = $3",
    ),
    (
        "tenant-key",
        "SELECT name AS whose, secret FROM tenant_keys WHERE secret IS NOT NULL ORDER BY id",
        "UPDATE tenant_keys SET secret = $1 WHERE name = $2 AND secret = $3",
    ),
];

struct SealedTenancyRow {
    whose: String,
    secret: Vec<u8>,
}

from_row! { SealedTenancyRow: whose, secret as Sealed }

/// The secrets of master and tenant instances, for a rotation of the sealing key.
#[derive(Debug)]
pub struct TenancySecrets;

#[async_trait]
impl SealedPlace for TenancySecrets {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let most = usize::try_from(limit).unwrap_or_default();
        let mut found = Vec::new();
        // There are few of them. Which sealing key sealed a secret is read from the secret itself.
        for (kind, all, _) in KINDS {
            for SealedTenancyRow { whose, secret: sealed } in
                sqlx::query_as(all).fetch_all(&mut *records.connection).await?
            {
                if KeyId::of(&sealed) != Some(current) && found.len() < most {
                    let context = format!("{kind}/{whose}");
                    found.push(SealedSecret { context, sealed, row: vec![kind.to_owned(), whose] });
                }
            }
        }
        Ok(found)
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        _key: KeyId,
    ) -> Result<(), StoreError> {
        let [kind, whose] = old.row.as_slice() else { return Ok(()) };
        let Some((_, _, replace)) = KINDS.into_iter().find(|(known, _, _)| known == kind) else { return Ok(()) };
        sqlx::query(replace)
            .bind(encoded(sealed))
            .bind(whose)
            .bind(encoded(&old.sealed))
            .execute(&mut *records.connection)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_sealed_for_a_place_of_its_own() {
        let secrets = [
            TenancySecret::Instance,
            TenancySecret::Onboarding(TenantId(1)),
            TenancySecret::Tenant(TenantId(1)),
            TenancySecret::Master("1".to_owned()),
            TenancySecret::Key("1".to_owned()),
        ];
        let contexts: std::collections::BTreeSet<_> = secrets.iter().map(TenancySecret::context).collect();
        assert_eq!(contexts.len(), secrets.len());
    }
}
