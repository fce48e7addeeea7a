//! What can go wrong with keys and sealed secrets.

use soar_store::model::KeyId;

/// Why a secret could not be sealed or opened, or a keyring not be read. Never holds a key or a secret.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A text that should be keys is none.
    #[error(
        "{origin} holds no usable key: {problem}. Expected one key per line, each 32 random bytes in base64, the \
         current one first. Take the right file or value from your backup; without it no secret can be opened."
    )]
    Keys {
        /// Where the text came from, such as `The key file /var/lib/host/keys`.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The key file cannot be read or written.
    #[error("The key file {path} cannot be {what}: {problem}.")]
    File {
        /// The file.
        path: String,
        /// `read`, `made` or `changed`.
        what: &'static str,
        /// Why not, and what to do.
        problem: String,
    },
    /// The operating system gave no random bytes.
    #[error("The operating system gave no random bytes: {0}.")]
    Random(String),
    /// The secret was sealed with a key that the keyring does not have.
    #[error(
        "The secret is sealed with the key {key}, which the keyring does not have. Add that key to the key file or \
         variable from your backup, or set the secret again."
    )]
    MissingKey {
        /// The key that sealed it.
        key: KeyId,
    },
    /// The bytes are no sealed secret, were changed, or were sealed for another place.
    #[error(
        "The sealed secret cannot be opened: it was changed, or it was sealed for another place than the one where it \
         is kept. Set the secret again."
    )]
    Altered,
    /// The current key does not take the secret.
    #[error("The secret is too long to be sealed.")]
    TooLong,
}
