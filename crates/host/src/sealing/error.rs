//! The errors of keys and sealed secrets.

use soar_store::model::KeyId;

/// The reason for which a secret could not be sealed or opened, or a keyring could not be read. The text never contains
/// a key or a secret.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The text of a key file or variable contains no valid keys.
    #[error(
        "{origin} contains no usable key: {problem}. Expected one key per line, each 32 random bytes in base64, the \
         current key first. Restore the right file or value from your backup. Without it no secret can be opened."
    )]
    Keys {
        /// The origin of the text, such as `The key file /var/lib/host/keys`.
        origin: String,
        /// The problem.
        problem: String,
    },
    /// The key file cannot be read or written.
    #[error("The key file {path} cannot be {what}: {problem}.")]
    File {
        /// The file.
        path: String,
        /// `read`, `made` or `changed`.
        what: &'static str,
        /// The reason and the cure.
        problem: String,
    },
    /// The operating system's random generator failed.
    #[error("The operating system's random generator failed: {0}.")]
    Random(String),
    /// The secret was sealed with a key that is not in the keyring.
    #[error(
        "The secret is sealed with the key {key}, which is not in the keyring. Add that key to the key file or \
         variable from your backup, or set the secret again."
    )]
    MissingKey {
        /// The key that sealed the secret.
        key: KeyId,
    },
    /// The bytes are no sealed secret, were changed, or were sealed for another context.
    #[error(
        "The sealed secret cannot be opened: it was changed, or it was sealed for another place than the place where \
         it is stored. Set the secret again."
    )]
    Altered,
    /// The secret is too long for the cipher.
    #[error("The secret is too long to be sealed.")]
    TooLong,
}
