//! Reads a reply that is no success: whether Footprint gave it, and what it says.

use serde_json::Value;
use soar_connector::name::quoted;
use soar_connector::{Failure, Redactor, is_web_page, read_json, sentence};

/// Which server gave a refusal, as far as its body tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalOrigin {
    /// Its body has the form of the vendor's complaints.
    Vendor,
    /// A web page, as proxies, firewalls and other products answer. The vendor's API answers with none.
    WebPage,
    /// It is empty, or has no form that tells.
    Unproven,
}

/// Which server gave the refusal with this body.
pub(crate) fn origin(content_type: &str, body: &[u8]) -> RefusalOrigin {
    if is_web_page(content_type, body) {
        return RefusalOrigin::WebPage;
    }
    if parse(body).and_then(|body| complaint(&body)).is_some() {
        RefusalOrigin::Vendor
    } else {
        RefusalOrigin::Unproven
    }
}

/// Whether the server says that a list has no such page (Django's words, or a translation of its status).
pub(crate) fn is_invalid_page(failure: &Failure) -> bool {
    failure.has_status(&[404]) && failure.message.to_ascii_lowercase().contains("invalid page")
}

/// A complaint's JSON, unless it is too large to be one.
fn parse(body: &[u8]) -> Option<Value> {
    if body.len() <= LARGEST_COMPLAINT { read_json("", body).ok() } else { None }
}

/// Error bodies up to this many bytes are looked into; parsed, a body can take many times its size.
const LARGEST_COMPLAINT: usize = 1024 * 1024;

/// How much of the vendor's message is repeated.
const LONGEST_MESSAGE: usize = 500;

/// The key message of an error reply: its `detail` or `message`, its fields' complaints, or else what the status means,
/// with the title of a web page.
///
/// It is one sentence on one line, of bounded length, without the secrets that `redactor` knows.
pub(crate) fn message(status: u16, body: &[u8], redactor: &Redactor) -> String {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("The server gave no reason");
    let said = parse(body)
        .and_then(|body| complaint(&body))
        .or_else(|| Some(format!("{reason}. Web page: {}", quoted(&title(body)?))))
        // Masked first and cut last: half a secret would not be known for one.
        .map(|text| sentence(&redactor.clean_start(&text)).chars().take(LONGEST_MESSAGE).collect::<String>())
        .filter(|text| text.chars().any(char::is_alphanumeric));
    match said {
        // "Not found." of Django is the documented "Not Found.".
        Some(text) if text.trim_end_matches('.').eq_ignore_ascii_case(reason) => sentence(reason),
        Some(text) => sentence(&text),
        None => sentence(reason),
    }
}

/// How many bytes of a web page are looked into for its title, and how much of that is repeated.
const TITLE_WITHIN: usize = 16 * 1024;
const LONGEST_TITLE: usize = 120;

/// The title of a web page.
fn title(body: &[u8]) -> Option<String> {
    if !is_web_page("", body) {
        return None;
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(TITLE_WITHIN)]);
    // Lower case in ASCII alone keeps every place.
    let lower = start.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let begin = open + lower[open..].find('>')? + 1;
    let end = begin + lower[begin..].find("</title")?;
    let words: Vec<_> = start[begin..end].split_whitespace().collect();
    let title: String = words.join(" ").chars().take(LONGEST_TITLE).collect();
    title.chars().any(char::is_alphanumeric).then_some(title)
}

/// The members that hold a complaint as such.
const COMPLAINTS: [&str; 4] = ["detail", "message", "error", "non_field_errors"];

/// The complaint of an error body, in the forms that the vendor's framework uses.
fn complaint(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(complaint).collect();
            (!items.is_empty()).then(|| items.join(" "))
        }
        Value::Object(members) => {
            COMPLAINTS.iter().find_map(|name| members.get(*name).and_then(complaint)).or_else(|| {
                let fields: Vec<_> = members
                    .iter()
                    // Looked at already; twice at each depth would take time without end.
                    .filter(|(field, _)| !COMPLAINTS.contains(&field.as_str()))
                    .filter_map(|(field, problem)| match problem {
                        Value::Array(_) | Value::Object(_) => complaint(problem).map(|text| format!("{field}: {text}")),
                        _ => None,
                    })
                    .collect();
                (!fields.is_empty()).then(|| fields.join(" "))
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_tells_who_refuses() {
        for (content_type, body, expected) in [
            ("application/json", r#"{"detail":"Not found."}"#, RefusalOrigin::Vendor),
            ("text/html", "\u{feff}{\"detail\":\"Not found.\"}", RefusalOrigin::Vendor),
            ("application/json", r#"{"scope":["wrong"]}"#, RefusalOrigin::Vendor),
            ("application/json", "<html></html>", RefusalOrigin::WebPage),
            ("text/html", "blocked", RefusalOrigin::WebPage),
            ("text/plain", "blocked", RefusalOrigin::Unproven),
            ("application/json", "", RefusalOrigin::Unproven),
            ("application/json", r#"{"status":"error","code":17}"#, RefusalOrigin::Unproven),
        ] {
            assert_eq!(origin(content_type, body.as_bytes()), expected, "{content_type} {body}");
        }
    }

    #[test]
    fn every_form_of_error_body_becomes_one_sentence() {
        for (status, body, expected) in [
            (404, r#"{"detail":"Not found."}"#, "Not Found."),
            (401, "", "Unauthorized."),
            (401, "<html><h1>Login</h1></html>", "Unauthorized."),
            (403, "<html><TITLE>\n Sorry,\tyou </TITLE>", "Forbidden. Web page: \"Sorry, you\"."),
            (403, "<html><title></title>", "Forbidden."),
            (400, "\u{feff}{\"detail\":\"Wrong.\"}", "Wrong."),
            (400, r#"{"message":"Scope is invalid"}"#, "Scope is invalid."),
            (400, r#"{"scope":["\"X\" is not a valid choice."]}"#, "scope: \"X\" is not a valid choice."),
            (400, r#"["first","second"]"#, "first second."),
            (400, r#"{"detail":{"page":["wrong"]}}"#, "page: wrong."),
            (500, r#"{"trace":17}"#, "Internal Server Error."),
            (599, "", "The server gave no reason."),
            (400, "{\"detail\":\"\\u0007 \"}", "Bad Request."),
            (400, r#"{"detail":"..."}"#, "Bad Request."),
            (400, "{\"detail\":\"a\\u001b[2Jb\\nc\"}", "a [2Jb c."),
        ] {
            assert_eq!(message(status, body.as_bytes(), &Redactor::default()), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_body_that_is_no_message_any_more_is_not_looked_into() {
        let body = |padding: usize| format!("{{\"detail\":\"Scope is wrong\",\"x\":[{}0]}}", "0,".repeat(padding));
        assert_eq!(message(400, body(10_000).as_bytes(), &Redactor::default()), "Scope is wrong.");
        assert_eq!(message(400, body(LARGEST_COMPLAINT / 2).as_bytes(), &Redactor::default()), "Bad Request.");
    }

    #[test]
    fn a_message_is_cut_at_a_bound() {
        let body = serde_json::json!({ "detail": "ä".repeat(10_000) }).to_string();
        assert_eq!(message(400, body.as_bytes(), &Redactor::default()).chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn a_secret_at_the_bound_is_masked_before_the_message_is_cut() {
        let mut redactor = Redactor::default();
        redactor.add(&secrecy::SecretString::from("hunter2-canary"));
        let body = serde_json::json!({ "detail": format!("{}hunter2-canary", "x".repeat(LONGEST_MESSAGE - 7)) });
        let message = message(400, body.to_string().as_bytes(), &redactor);
        assert!(!message.contains("hunter"), "{message}");
    }
}
