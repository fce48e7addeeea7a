//! Calls tenants over HTTP, with limits for sizes and times and without redirects. Answers are not trusted.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use soar_connector::certificates_in;
use soar_connector::name::{quoted, steers};
use soar_store::model::SyncFailure;

use super::failure::{failure, other_version, refused_plainly, too_slow, wrong_identity};
use super::message::PlainRefusal;
use super::{PROTOCOL_VERSION, TenantSettings};

/// The longest answer, in bytes.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// The longest URL, in bytes.
const LONGEST_URL: usize = 1_000;

/// A failed call.
#[derive(Debug, Clone)]
pub(super) struct CallFailed {
    pub(super) failure: SyncFailure,
    /// Whether the cause is temporary, such as a restart.
    pub(super) may_pass: bool,
}

impl CallFailed {
    pub(super) fn for_good(failure: SyncFailure) -> Self {
        Self { failure, may_pass: false }
    }

    fn for_now(failure: SyncFailure) -> Self {
        Self { failure, may_pass: true }
    }
}

/// The one client for all tenants.
///
/// # Errors
/// The invalid setting.
pub(super) fn new_client(settings: &TenantSettings) -> Result<Client, String> {
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(settings.answer_time())
        // Each tenant gets one message at a time, and there may be thousands of tenants.
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(5))
        // Only settings decide about proxies, never the environment.
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        let proxy = reqwest::Proxy::all(proxy)
            .map_err(|_| "tenants.proxy: expected an address such as http://proxy.example.com:3128.".to_owned())?;
        builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string("localhost,127.0.0.0/8,::1")));
    }
    if let Some(file) = &settings.authorities {
        let shown = file.display();
        let pem = std::fs::read(file)
            .map_err(|error| format!("tenants.authorities: the file {shown} cannot be read: {error}."))?;
        let pem =
            certificates_in(&pem).map_err(|problem| format!("tenants.authorities: the file {shown} {problem}"))?;
        let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|error| format!("tenants.authorities: the file {shown} is no complete PEM file ({error})."))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| format!("The client for tenants cannot be set up: {error}."))
}

/// The normalised address of a tenant.
///
/// # Errors
/// The expected form.
pub(super) fn checked_url(text: &str, settings: &TenantSettings) -> Result<String, String> {
    let expected = "Expected the tenant's own address, such as https://tenant.example.com, without user, question mark \
                    or fragment.";
    let text = text.trim();
    let url: Url = text.parse().map_err(|_| format!("{} is no address. {expected}", quoted(text)))?;
    let host = url.host_str().unwrap_or_default();
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !is_plain || url.fragment().is_some() || host.is_empty() || text.len() > LONGEST_URL || text.chars().any(steers)
    {
        return Err(format!("{} cannot be a tenant's address. {expected}", quoted(host)));
    }
    let is_here = matches!(host, "localhost" | "localhost." | "[::1]")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    let is_allowed = is_here || settings.plain_http_to.iter().any(|name| name.eq_ignore_ascii_case(host));
    match url.scheme() {
        "https" => {}
        "http" if is_allowed => {}
        "http" => {
            return Err(format!(
                "The tenant {} would be called without TLS. Use https, or allow plain HTTP for this tenant: \
                 plain-http-to = [{}] under [tenants] in the settings.",
                quoted(text),
                quoted(host)
            ));
        }
        other => return Err(format!("{} has the scheme {} instead of https. {expected}", quoted(text), quoted(other))),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Sends `body` and parses the answer.
pub(super) async fn post<T: DeserializeOwned>(
    client: &Client,
    settings: &TenantSettings,
    url: &str,
    what: &str,
    body: &impl Serialize,
) -> Result<T, CallFailed> {
    // Checked again, since the settings may have changed since the tenant was added.
    let url = checked_url(url, settings).map_err(|problem| {
        CallFailed::for_good(failure("address-not-allowed", problem, "Change the tenant's address."))
    })?;
    let sent = client.post(format!("{url}/api/tenant/v1/{what}")).json(body).send().await;
    let mut response = sent.map_err(|error| not_sent(&error, settings))?;
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
        return Err(CallFailed::for_good(failure(
            "redirected",
            format!("The tenant's address redirects to {}. The master follows no redirects.", quoted(to)),
            "Change the tenant's address to the final address.",
        )));
    }
    let mut read = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if read.len() + chunk.len() > LONGEST_ANSWER => {
                return Err(CallFailed::for_good(failure(
                    "answer-too-long",
                    format!("The tenant's answer is longer than the limit of {LONGEST_ANSWER} bytes."),
                    "Check the address: the server there is no tenant.",
                )));
            }
            Ok(Some(chunk)) => read.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(not_sent(&error, settings)),
        }
    }
    understood(status.as_u16(), &read.freeze())
}

fn understood<T: DeserializeOwned>(status: u16, body: &Bytes) -> Result<T, CallFailed> {
    #[derive(serde::Deserialize)]
    struct MessageVersion {
        version: u32,
    }
    let version = serde_json::from_slice::<MessageVersion>(body).ok().map(|found| found.version);
    if let Some(theirs) = version.filter(|theirs| *theirs != PROTOCOL_VERSION) {
        return Err(CallFailed::for_good(other_version(theirs)));
    }
    if let Ok(answer) = serde_json::from_slice::<T>(body) {
        return Ok(answer);
    }
    if let Ok(refusal) = serde_json::from_slice::<PlainRefusal>(body) {
        return Err(CallFailed::for_good(refused_plainly(&refusal.code, &refusal.error)));
    }
    if matches!(status, 429 | 500 | 502 | 503 | 504) {
        return Err(CallFailed::for_now(failure(
            "tenant-failed",
            format!("The tenant, or a proxy before it, answered with status {status}."),
            "Check the tenant and its log. Then retry.",
        )));
    }
    if status == 413 {
        return Err(CallFailed::for_good(failure(
            "too-large",
            "The tenant, or a proxy before it, refuses a message of that size.",
            "Raise body-bytes in the tenant's settings, or the proxy's limit. Then retry.",
        )));
    }
    if status == 200 {
        return Err(CallFailed::for_good(failure(
            "not-understood",
            "The answer from the tenant's address is no answer of a tenant.",
            "Check the tenant's address.",
        )));
    }
    Err(CallFailed::for_good(failure(
        "no-tenant-there",
        format!("The server at the tenant's address is no tenant: it answered with status {status}."),
        "Check the tenant's address, and that its version supports tenants.",
    )))
}

fn not_sent(error: &reqwest::Error, settings: &TenantSettings) -> CallFailed {
    if error.is_timeout() {
        return CallFailed::for_good(too_slow(settings.answer_seconds));
    }
    if error.is_connect() {
        let deepest = deepest(error);
        // hyper-util's text for a 407 to CONNECT. The type of the error is private.
        if deepest.contains("proxy authorization required") {
            return CallFailed::for_good(failure(
                "proxy-refused",
                "The proxy did not accept the user name and password, or requires them.",
                "Correct user name and password in tenants.proxy. Then retry.",
            ));
        }
        let said = soar_connector::sentence(&deepest);
        return CallFailed::for_now(failure(
            "unreachable",
            format!("No connection to the tenant could be made: {said}"),
            "Check that the tenant runs, and check its address, its certificate and the network. Then retry.",
        ));
    }
    CallFailed::for_now(failure(
        "answer-cut-off",
        "The connection broke before the whole answer of the tenant had arrived.",
        "Retry: the tenant does nothing twice. If the error persists, check the proxies between the master and the \
         tenant.",
    ))
}

/// The text of the root cause.
fn deepest(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// The failure for an answer that cannot be opened.
pub(super) fn not_authentic() -> CallFailed {
    CallFailed::for_good(wrong_identity())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_safe_is_refused() {
        let settings =
            TenantSettings { plain_http_to: vec!["Lab.example.com".to_owned()], ..TenantSettings::default() };
        for (given, kept) in [
            ("https://tenant.example.com/", "https://tenant.example.com"),
            (" https://tenant.example.com:8443/MainApp ", "https://tenant.example.com:8443/MainApp"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("http://localhost:9000", "http://localhost:9000"),
            ("http://[::1]:9000", "http://[::1]:9000"),
            ("http://lab.example.com", "http://lab.example.com"),
        ] {
            assert_eq!(checked_url(given, &settings).as_deref(), Ok(kept));
        }
        for (given, said) in [
            ("http://tenant.example.com", "plain-http-to"),
            ("http://127.0.0.1.example.com", "plain-http-to"),
            ("https://user:canary@tenant.example.com", "without user"),
            ("https://tenant.example.com/?a=canary", "question mark"),
            ("ftp://localhost", "instead of https"),
            ("tenant.example.com", "is no address"),
            ("", "is no address"),
        ] {
            let error = checked_url(given, &settings).unwrap_err();
            assert!(error.contains(said) && !error.contains("canary"), "{given}: {error}");
        }
    }

    #[tokio::test]
    async fn a_proxys_refusal_is_told_and_not_retried() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://u:wrong@{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
                let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
            }
        });
        let settings = TenantSettings { proxy: Some(proxy), ..TenantSettings::default() };
        let client = new_client(&settings).unwrap();
        let url = "https://tenant.example.com";
        let answer = post::<super::super::envelope::SealedAnswer>(&client, &settings, url, "sync", &()).await;
        let failed = answer.unwrap_err();
        assert_eq!((failed.failure.code.as_str(), failed.may_pass), ("proxy-refused", false), "{failed:?}");
    }

    #[test]
    fn whatever_is_answered_has_a_code() {
        let code = |status: u16, body: &str| {
            let failed = understood::<super::super::envelope::SealedAnswer>(status, &Bytes::from(body.to_owned()));
            failed.unwrap_err().failure.code
        };
        assert_eq!(code(200, "<html>hello</html>"), "not-understood");
        assert_eq!(code(404, "{\"Error\":\"nothing\"}"), "no-tenant-there");
        assert_eq!(code(503, ""), "tenant-failed");
        assert_eq!(code(413, "{\"Error\":\"The body is too long.\"}"), "too-large");
        assert_eq!(code(200, "{\"version\":2,\"sealed\":\"\"}"), "other-version");
        assert_eq!(code(403, "{\"Error\":\"x\",\"code\":\"revoked\",\"version\":1}"), "revoked");
        assert_eq!(code(403, "{\"Error\":\"x\",\"code\":\"surprise\",\"version\":1}"), "refused");
    }
}
