//! The keyring: the current key, which seals, and older keys, which only open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use soar_store::model::KeyId;
use zeroize::Zeroizing;

use super::key::SealingKey;
use super::{SealError, key_file};

/// The sealing keys. Cheap to clone. Clones share their keys. `Debug` shows only the keys' ids.
///
/// A keyring with a file reads the file again before sealing, and when it meets an unknown key. A rotation by another
/// process therefore needs no restart.
#[derive(Debug, Clone)]
pub struct Keyring {
    inner: Arc<KeyringState>,
}

#[derive(Debug)]
struct KeyringState {
    file: Option<PathBuf>,
    /// The keys, the current key first; never empty.
    keys: RwLock<Vec<SealingKey>>,
}

impl Keyring {
    /// A keyring with one new key, which is not stored.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self::of(None, vec![SealingKey::generate()?]))
    }

    /// Creates a key file with one new key, readable only by its owner.
    ///
    /// # Errors
    /// [`SealError::File`] when the file exists, since secrets sealed with its keys could never be opened again.
    pub fn create_file(path: &Path) -> Result<Self, SealError> {
        let keys = vec![SealingKey::generate()?];
        key_file::create(path, &text_of(&keys))?;
        Ok(Self::of(Some(path.to_owned()), keys))
    }

    /// Reads the keyring from a key file.
    ///
    /// # Errors
    /// [`SealError`] when the file cannot be read, other users have access to it, or it contains no keys.
    pub fn from_file(path: &Path) -> Result<Self, SealError> {
        Ok(Self::of(Some(path.to_owned()), read_file(path)?))
    }

    /// Reads the keyring from a text, such as the value of an environment variable. The keys are separated by line
    /// breaks, commas or spaces.
    ///
    /// # Errors
    /// [`SealError::Keys`], whose text contains `origin` and never a key.
    pub fn from_text(origin: &str, text: &str) -> Result<Self, SealError> {
        Ok(Self::of(None, parse(origin, text)?))
    }

    fn of(file: Option<PathBuf>, keys: Vec<SealingKey>) -> Self {
        Self { inner: Arc::new(KeyringState { file, keys: RwLock::new(keys) }) }
    }

    /// Seals `secret` for `context`, such as `connection/7/password`. It cannot be opened for another context.
    ///
    /// # Errors
    /// [`SealError`] when the key file cannot be read, or the random generator fails.
    pub fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.reload()?;
        self.current().seal(context, secret)
    }

    /// Opens a secret that was sealed for `context`.
    ///
    /// # Errors
    /// [`SealError::MissingKey`] and [`SealError::Altered`].
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let id = KeyId::of(sealed).ok_or(SealError::Altered)?;
        let key = match self.key(id) {
            Some(key) => key,
            None => {
                self.reload()?;
                self.key(id).ok_or(SealError::MissingKey { key: id })?
            }
        };
        key.open(context, sealed)
    }

    /// The id of the current key.
    #[must_use]
    pub fn current_id(&self) -> KeyId {
        self.current().id
    }

    /// The ids of all keys, the current key first.
    #[must_use]
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys().iter().map(|key| key.id).collect()
    }

    /// Whether the keyring has a file, which a rotation can change.
    #[must_use]
    pub fn is_in_file(&self) -> bool {
        self.inner.file.is_some()
    }

    /// Reads the key file again. Does nothing for a keyring without a file.
    ///
    /// # Errors
    /// As [`Keyring::from_file`]. The known keys stay.
    pub fn reload(&self) -> Result<(), SealError> {
        if let Some(path) = &self.inner.file {
            let keys = read_file(path)?;
            *self.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }

    /// Adds a new current key, first to the file.
    pub(super) fn add_key(&self) -> Result<(), SealError> {
        self.reload()?;
        let mut keys = self.keys();
        keys.insert(0, SealingKey::generate()?);
        self.put(keys)
    }

    /// Removes these keys, first from the file; never the current key.
    pub(super) fn drop_keys(&self, retired: &[KeyId]) -> Result<(), SealError> {
        self.reload()?;
        let current = self.current_id();
        let mut keys = self.keys();
        keys.retain(|key| key.id == current || !retired.contains(&key.id));
        self.put(keys)
    }

    fn put(&self, keys: Vec<SealingKey>) -> Result<(), SealError> {
        if let Some(path) = &self.inner.file {
            key_file::replace(path, &text_of(&keys))?;
        }
        *self.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    fn keys(&self) -> Vec<SealingKey> {
        self.inner.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn key(&self, id: KeyId) -> Option<SealingKey> {
        self.inner.keys.read().unwrap_or_else(PoisonError::into_inner).iter().find(|key| key.id == id).cloned()
    }

    fn current(&self) -> SealingKey {
        self.inner.keys.read().unwrap_or_else(PoisonError::into_inner)[0].clone()
    }
}

fn read_file(path: &Path) -> Result<Vec<SealingKey>, SealError> {
    let text = key_file::read(path)?;
    parse(&format!("The key file {}", path.display()), &text)
}

fn parse(origin: &str, text: &str) -> Result<Vec<SealingKey>, SealError> {
    let refuse = |problem: String| SealError::Keys { origin: origin.to_owned(), problem };
    let mut keys: Vec<SealingKey> = Vec::new();
    let words = text
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(|c: char| c == ',' || c.is_whitespace()))
        .filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        let key = SealingKey::from_text(word).map_err(|problem| refuse(format!("key {}: {problem}", index + 1)))?;
        if keys.iter().all(|known| known.id != key.id) {
            keys.push(key);
        }
    }
    if keys.is_empty() { Err(refuse("it is empty".to_owned())) } else { Ok(keys) }
}

fn text_of(keys: &[SealingKey]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::from(
        "# Keys that seal the host's secrets; the first key is current. Keep a copy in a safe place: without it no\n\
         # sealed secret can be opened.\n",
    ));
    for key in keys {
        text.push_str(&key.to_text());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let keyring = Keyring::generate().unwrap();
        let sealed = keyring.seal("connection/1/password", b"hunter2").unwrap();
        assert_eq!(*keyring.open("connection/1/password", &sealed).unwrap(), b"hunter2");
        let moved = keyring.open("connection/2/password", &sealed);
        assert!(matches!(moved, Err(SealError::Altered)), "{moved:?}");
        assert_ne!(keyring.seal("connection/1/password", b"hunter2").unwrap(), sealed, "a nonce came twice");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let keyring = Keyring::generate().unwrap();
        let sealed = keyring.seal("here", b"hunter2").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keyring.open("here", &changed).is_err(), "byte {at}");
            assert!(keyring.open("here", &sealed[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn another_key_says_which_one_is_missing() {
        let sealed = Keyring::generate().unwrap().seal("here", b"hunter2").unwrap();
        let id = KeyId::of(&sealed).unwrap();
        let error = Keyring::generate().unwrap().open("here", &sealed).unwrap_err().to_string();
        assert!(error.contains(&id.to_string()), "{error}");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_being_shown() {
        let zeros = "A".repeat(43) + "=";
        for text in ["", "# nothing\n", "hunter2hunter2", "aHVudGVyMg==", &zeros] {
            let error = Keyring::from_text("HOST_KEY", text).unwrap_err().to_string();
            assert!(error.starts_with("HOST_KEY contains no usable key"), "{error}");
            assert!(!error.contains("hunter2") && !error.contains("aHVud") && !error.contains("AAAA"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_its_owners_alone_and_is_never_overwritten() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let keyring = Keyring::create_file(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something was left beside it");
        let before = std::fs::read(&path).unwrap();
        assert!(Keyring::create_file(&path).unwrap_err().to_string().contains("exists already"));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(Keyring::from_file(&path).unwrap().ids(), keyring.ids());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = Keyring::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("640") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_key_that_another_process_added_is_found_without_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let (here, there) = (Keyring::create_file(&path).unwrap(), Keyring::from_file(&path).unwrap());
        there.add_key().unwrap();
        let sealed = there.seal("here", b"hunter2").unwrap();
        assert_eq!(*here.open("here", &sealed).unwrap(), b"hunter2");
        assert_eq!(KeyId::of(&here.seal("here", b"hunter2").unwrap()), Some(there.current_id()));
    }

    #[test]
    fn debug_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let keyring = Keyring::create_file(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let key = text.lines().last().unwrap();
        assert!(!format!("{keyring:?}").contains(key));
    }
}
