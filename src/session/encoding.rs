//! Unpacks compressed replies.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use crate::vendor::Failure;

/// The first bytes of a gzip member.
const GZIP: &[u8] = b"\x1f\x8b";

/// The content of a body that came with this `Content-Encoding`, which may have `largest` bytes at most.
///
/// The body decides: some servers label plain bodies as gzip. `x-gzip` is the old name of gzip (RFC 9110, 8.4.1.3).
pub(super) fn unpack(encoding: &str, mut body: Vec<u8>, largest: usize) -> Result<Vec<u8>, Failure> {
    for encoding in encoding.rsplit(',').map(str::trim) {
        let is_gzip = ["gzip", "x-gzip"].iter().any(|name| encoding.eq_ignore_ascii_case(name));
        if is_gzip && body.starts_with(GZIP) {
            body = unzip(&body, largest)?;
        }
    }
    Ok(body)
}

fn unzip(body: &[u8], largest: usize) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    match MultiGzDecoder::new(body).take(limit).read_to_end(&mut content) {
        Ok(count) if count > largest => Err(too_large(largest)),
        Ok(_) => Ok(content),
        Err(error) => Err(Failure::new("unreadable-reply", format!("The reply is no whole gzip: {error}."))),
    }
}

/// The failure of a reply that is larger than `largest` bytes.
pub(super) fn too_large(largest: usize) -> Failure {
    Failure::new("reply-too-large", format!("The reply is larger than {} MiB.", largest / (1024 * 1024)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_form_of_gzip_is_unpacked_and_every_plain_body_stays() {
        let members = [zip(b"[1,"), zip(b"2]")].concat();
        for (encoding, body) in [
            ("gzip", zip(b"[1,2]")),
            ("GZIP", zip(b"[1,2]")),
            ("x-gzip", zip(b"[1,2]")),
            ("gzip", members),
            ("identity, gzip", zip(b"[1,2]")),
            ("gzip, gzip", zip(&zip(b"[1,2]"))),
            ("gzip", b"[1,2]".to_vec()),
            ("br", b"[1,2]".to_vec()),
            ("", b"[1,2]".to_vec()),
        ] {
            assert_eq!(unpack(encoding, body, 100).as_deref(), Ok(&b"[1,2]"[..]), "{encoding}");
        }
        assert_eq!(unpack("gzip", Vec::new(), 100).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_body_that_is_cut_or_spoiled_or_grows_without_end_is_refused() {
        let whole = zip(&[b'x'; 10_000]);
        let code = |body: &[u8]| unpack("gzip", body.to_vec(), 9_999).map_err(|failure| failure.code);
        assert_eq!(code(&whole), Err(Some("reply-too-large")));
        assert_eq!(code(&zip(b"[1,2]")[..15]), Err(Some("unreadable-reply")));
        assert_eq!(code(b"\x1f\x8bno gzip"), Err(Some("unreadable-reply")));
    }
}
