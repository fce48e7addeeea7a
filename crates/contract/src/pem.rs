//! Certificates in PEM form, as files hold them.

use crate::name::quoted;

const BEGIN: &str = "-----BEGIN ";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Whether a text is PEM itself, and not the path of a file that holds it.
#[must_use]
pub fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The certificates that a PEM file holds, in a form that every parser reads whole: without byte order marks and
/// without blanks around its lines. Parsers skip what they do not know, so a file with any other block is refused.
///
/// # Errors
/// The problem and the cure, as the end of a sentence that begins with the file's name.
pub fn certificates_in(pem: &[u8]) -> Result<String, String> {
    if pem.starts_with(&[0xff, 0xfe]) || pem.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16 text. Save it as UTF-8 or ASCII.".to_owned());
    }
    let text = String::from_utf8_lossy(pem).replace('\u{feff}', "");
    let lines = || text.lines().map(str::trim);
    if let Some(other) = lines().find(|line| line.contains(BEGIN.trim_end()) && *line != CERTIFICATE) {
        let label = other.split("-----").find_map(|part| part.strip_prefix("BEGIN ")).unwrap_or(other);
        let name = quoted(label);
        return Err(match label {
            "CERTIFICATE" => "lacks line breaks. Each BEGIN and each END must be on a line of its own.".to_owned(),
            "TRUSTED CERTIFICATE" => format!(
                "holds a block {name}, OpenSSL's own form, which is not read. Write it as CERTIFICATE: openssl x509 -in \
                 FILE -out FILE."
            ),
            _ => format!("holds a block {name}, which is not read. Leave nothing but CERTIFICATE blocks in it."),
        });
    }
    if !lines().any(|line| line == CERTIFICATE) {
        return Err("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).".to_owned());
    }
    Ok(lines().flat_map(|line| [line, "\n"]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn byte_order_marks_and_blanks_hide_no_certificate() {
        for file in [
            format!("\u{feff}{ONE}"),
            format!("{ONE}\u{feff}{ONE}"),
            ONE.replace('\n', "\r\n"),
            format!("# An authority\n  {ONE}"),
            format!("subject=CN \u{e4}\n{ONE}"),
        ] {
            let read = certificates_in(file.as_bytes()).unwrap();
            let lines = |text: &str, wanted: &str| text.lines().filter(|line| *line == wanted).count();
            assert_eq!(lines(&read, CERTIFICATE), file.matches(CERTIFICATE).count(), "{file:?}");
            assert!(!read.contains('\u{feff}') && !read.contains('\r'));
        }
    }

    #[test]
    fn a_block_that_is_not_read_is_named() {
        for (label, cure) in [
            ("TRUSTED CERTIFICATE", "openssl x509"),
            ("X509 CERTIFICATE", "CERTIFICATE blocks"),
            ("PKCS7", "CERTIFICATE blocks"),
            ("PRIVATE KEY", "CERTIFICATE blocks"),
        ] {
            let other = ONE.replace("CERTIFICATE", label);
            for file in [other.clone(), format!("{ONE}{other}"), format!("\u{feff}{other}{ONE}")] {
                let problem = certificates_in(file.as_bytes()).unwrap_err();
                assert!(problem.contains(&format!("\"{label}\"")) && problem.contains(cure), "{problem}");
            }
        }
        assert!(certificates_in(b"").unwrap_err().contains("no certificate"));
        let utf_16: Vec<u8> = format!("\u{feff}{ONE}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(certificates_in(&utf_16).unwrap_err().contains("UTF-16"));
    }

    #[test]
    fn lost_line_breaks_are_named() {
        for file in [ONE.replace('\n', " "), ONE.replace('\n', ""), format!("{}{ONE}", ONE.trim_end())] {
            let problem = certificates_in(file.as_bytes()).unwrap_err();
            assert!(problem.starts_with("lacks line breaks."), "{problem}");
        }
    }
}
