//! Unpacks compressed replies.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use crate::vendor::Failure;

/// The content of a gzip body, which may have `largest` bytes at most.
pub(super) fn unzip(body: &[u8], largest: usize) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    match MultiGzDecoder::new(body).take(limit).read_to_end(&mut content) {
        Ok(count) if count > largest => Err(too_large(largest)),
        Ok(_) => Ok(content),
        Err(error) => {
            Err(Failure::new("unreadable-reply", format!("The reply is not the gzip that it says it is: {error}.")))
        }
    }
}

/// The failure of a reply that is larger than `largest` bytes.
pub(super) fn too_large(largest: usize) -> Failure {
    Failure::new("reply-too-large", format!("The reply is larger than {} MiB.", largest / (1024 * 1024)))
}
