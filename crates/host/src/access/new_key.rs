//! Creates keys. The text of a key is returned once and not stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use soar_store::model::{AccessKey, Allowed, JWT_SECRET_CONTEXT, KeyKind, Moment};
use soar_store::{NewKey, Records, StoreError};
use zeroize::Zeroizing;

use super::{SecretSeal, secret};
use crate::sealing::SealingGuard;

/// A request for a new key.
#[derive(Debug, Clone)]
pub struct KeyRequest {
    /// Its name.
    pub name: String,
    /// API key or JWT key.
    pub kind: KeyKind,
    /// The name of the user who owns the key.
    pub owner: String,
    /// The names of other users who may use it.
    pub users: Vec<String>,
    /// The names of the sites on which the key may be used.
    pub sites: Allowed<String>,
    /// The addresses of the commands that the key may run. Upper and lower case do not matter.
    pub commands: Allowed<String>,
    /// Whether the key may use the management API. Only an API key of an administrator may, and only without a limit to
    /// sites or commands.
    pub may_manage: bool,
    /// Whether a token must have `exp`. Only for a JWT key.
    pub requires_expiry: bool,
    /// The time at which the key expires.
    pub expires_at: Option<Moment>,
}

/// A new key.
#[derive(Debug)]
pub struct IssuedKey {
    /// The key.
    pub key: AccessKey,
    /// The text of an API key; or the text whose bytes sign the tokens of a JWT key. The host does not store it.
    pub text: Zeroizing<String>,
}

/// Makes a key.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown user or site, [`StoreError::Duplicate`] for a name that is taken, and
/// [`StoreError::Invalid`] for a value that is not allowed, such as an expiry in the past.
pub async fn issue_key(
    records: &mut Records<'_>,
    seal: &dyn SecretSeal,
    request: &KeyRequest,
    now: Moment,
) -> Result<IssuedKey, StoreError> {
    let invalid = |problem: &str| Err(StoreError::Invalid(problem.to_owned()));
    if request.may_manage && request.kind == KeyKind::Jwt {
        return invalid("A JWT key cannot be used for the management API. Make an API key for that.");
    }
    if request.expires_at.is_some_and(|end| end <= now) {
        return invalid("The expiry is in the past. Expected a time in the future.");
    }
    if request.may_manage && (request.sites != Allowed::All || request.commands != Allowed::All) {
        return invalid(
            "A key for the management API can create other keys, so it cannot be limited to sites or commands. Leave \
             sites and commands out, or make a key that may not manage.",
        );
    }
    let owner = records.user(&request.owner).await?;
    if request.may_manage && !owner.is_administrator {
        return invalid("A key for the management API must belong to an administrator.");
    }
    let mut users = Vec::with_capacity(request.users.len());
    for name in &request.users {
        users.push(records.user(name).await?.id);
    }
    let sites = match &request.sites {
        Allowed::All => Allowed::All,
        Allowed::Only(names) => {
            let mut sites = Vec::with_capacity(names.len());
            for name in names {
                sites.push(records.site(name).await?.id);
            }
            Allowed::Only(sites)
        }
    };
    let commands = match &request.commands {
        Allowed::All => Allowed::All,
        Allowed::Only(commands) => {
            Allowed::Only(commands.iter().map(|command| command.trim().to_ascii_lowercase()).collect())
        }
    };
    let unlucky = |error: secret::NoRandomness| StoreError::Unreadable(error.to_string());
    let public_part = secret::new_public_part().map_err(unlucky)?;
    let bytes = secret::random::<{ secret::SECRET_BYTES }>().map_err(unlucky)?;
    let encoded = secret::encoded(bytes.as_slice());
    let (text, kept) = match request.kind {
        KeyKind::Api => (secret::key_text(&public_part, &encoded), secret::stored(&secret::hash(&encoded))),
        KeyKind::Jwt => {
            SealingGuard::begin(records).await?;
            let sealed = seal.seal(JWT_SECRET_CONTEXT, encoded.as_bytes());
            let sealed = sealed.map_err(|error| StoreError::Unreadable(error.to_string()))?;
            SealingGuard::note_key_of(records, &sealed, now).await?;
            (encoded, STANDARD.encode(sealed))
        }
    };
    let new = NewKey {
        name: request.name.clone(),
        kind: request.kind,
        public_part,
        secret: kept,
        owner: owner.id,
        users,
        sites,
        commands,
        may_manage: request.may_manage,
        requires_expiry: request.requires_expiry,
        expires_at: request.expires_at,
    };
    Ok(IssuedKey { key: records.create_key(&new, now).await?, text })
}
