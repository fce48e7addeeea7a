//! Hashes passwords, off the async threads and with bounded memory.

use std::sync::Arc;
#[cfg(feature = "testing")]
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::error::SignInError;
use crate::access::random;

/// The parameters of Argon2id: memory in KiB, passes and lanes. They are the first choice of OWASP's Password Storage
/// Cheat Sheet for servers: m = 19 MiB, t = 2, p = 1.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The bytes of a salt, as RFC 9106 recommends.
const SALT_BYTES: usize = 16;

/// The number of hashes computed at once. They take 38 MiB.
const AT_ONCE: usize = 2;

/// The number of hashes under way and waiting. Further sign-ins are told to try again.
const WAITING: usize = 32;

/// A hash with the same parameters that no password has. It costs as much to compare with as a real one.
const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords.
#[derive(Debug)]
pub(super) struct Hasher {
    waiting: Semaphore,
    running: Arc<Semaphore>,
    #[cfg(feature = "testing")]
    hashed: AtomicU64,
}

impl Hasher {
    pub(super) fn new() -> Self {
        Self {
            waiting: Semaphore::new(WAITING),
            running: Arc::new(Semaphore::new(AT_ONCE)),
            #[cfg(feature = "testing")]
            hashed: AtomicU64::new(0),
        }
    }

    /// The number of hashes computed so far.
    #[cfg(feature = "testing")]
    pub(super) fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Whether `password` has the hash. Without a hash the work is the same, and the result is no.
    ///
    /// # Errors
    /// [`SignInError::Busy`].
    pub(super) async fn matches(&self, password: Zeroizing<String>, hash: Option<String>) -> Result<bool, SignInError> {
        self.run(move |argon2| {
            let hash = hash.as_deref().unwrap_or(NO_PASSWORD);
            argon2.verify_password(password.as_bytes(), hash).is_ok()
        })
        .await
    }

    /// The hash of a new password with a new salt, as a PHC string.
    ///
    /// # Errors
    /// [`SignInError::Busy`] and [`SignInError::Failed`].
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String, SignInError> {
        let salt = random::<SALT_BYTES>()?;
        let hashed = self.run(move |argon2| {
            argon2.hash_password_with_salt(password.as_bytes(), salt.as_slice()).map(|hash| hash.to_string())
        });
        hashed.await?.map_err(|error| SignInError::failed(&error))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T, SignInError> {
        let _place = self.waiting.try_acquire().map_err(|_| SignInError::Busy)?;
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|error| SignInError::failed(&error))?;
        #[cfg(feature = "testing")]
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| SignInError::failed(&error))?;
        // The permit stays with the work, which goes on if the caller goes away.
        let hashed = tokio::task::spawn_blocking(move || {
            let result = work(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
            drop(permit);
            result
        });
        hashed.await.map_err(|error| SignInError::failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_has_the_parameters_and_its_password_only() {
        let hasher = Hasher::new();
        let hash = hasher.hash(text("correct horse battery")).await.unwrap();
        let head = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
        assert!(hash.starts_with(&head) && NO_PASSWORD.starts_with(&head), "{hash}");
        assert_ne!(hasher.hash(text("correct horse battery")).await.unwrap(), hash, "a salt came twice");
        assert!(hasher.matches(text("correct horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.matches(text("correct horse batterz"), Some(hash)).await.unwrap());
        assert!(!hasher.matches(text(""), None).await.unwrap());
        assert!(!hasher.matches(text(""), Some("no hash".to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_refused_beyond_the_waiting_ones_and_takes_no_more_memory() {
        let hasher = Hasher::new();
        let all = (0..100).map(|_| hasher.matches(text("flood"), None));
        let ended = futures_util::future::join_all(all).await;
        let refused = ended.iter().filter(|ended| matches!(ended, Err(SignInError::Busy))).count();
        assert_eq!(refused, 100 - WAITING);
        assert!(hasher.matches(text("later"), None).await.is_ok());
    }
}
