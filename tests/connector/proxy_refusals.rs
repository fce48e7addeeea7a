//! A request that a proxy refuses is told as the proxy's refusal, is sent again only where that can help, and carries the
//! login exactly as it was given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use footprint_simulator::{Generation, Simulator, UserKind};
use serde_json::json;
use soar_connector::{ExecutionContext, Outcome, StageStatus};

use crate::proxy::{
    http_proxy, http_proxy_that_accepts_with, proxy_that_answers, socks_proxy, socks_proxy_that_answers,
};
use crate::support::{connect, run, settings, simulator};
use crate::tls::Authority;

const SERVER: [(&str, &str); 3] = [("Server URL", "https://fp.example.com"), ("User Name", "u"), ("Password", "p")];

async fn list_devices(given: &[(&str, &str)]) -> Outcome {
    run(&*connect(given), "List Devices", json!({})).await
}

async fn through(proxy: &str, more: &[(&'static str, &str)]) -> Outcome {
    list_devices(&[&SERVER[..], &[("Proxy", proxy)], more].concat()).await
}

#[track_caller]
fn fails(outcome: &Outcome, code: &str, status: &str, says: &str) {
    let error = outcome.error.as_ref().unwrap();
    assert_eq!((error.code.as_str(), error.status_code.to_string().as_str()), (code, status), "{error}");
    assert!(error.message.contains(says), "{error}");
    assert!(!error.cause.is_empty() && !error.cure.is_empty(), "{error:?}");
    assert_eq!(error.retryable, code == "proxy-failed", "{error}");
}

#[tokio::test]
async fn a_refused_connect_names_the_proxys_status_and_is_repeated_only_where_it_may_pass() {
    for (answer, code, status, says, tries) in [
        ("407 Proxy Authentication Required", "proxy-refused", "407", "the proxy answered 407 Proxy Auth", 1),
        ("403 Forbidden", "proxy-denied", "403", "the proxy answered 403 Forbidden.", 1),
        ("401 Unauthorized", "proxy-denied", "401", "the proxy answered 401 Unauthorized.", 1),
        ("302 Found", "proxy-denied", "302", "the proxy answered 302 Found.", 1),
        ("502 Bad Gateway", "proxy-failed", "502", "the proxy answered 502 Bad Gateway.", 5),
        ("503 Service Unavailable", "proxy-failed", "503", "the proxy answered 503", 5),
        ("429 Too Many Requests", "proxy-failed", "429", "the proxy answered 429", 5),
        ("499 Whatever", "proxy-denied", "499", "the proxy answered 499.", 1),
    ] {
        let (address, seen) = proxy_that_answers(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n")).await;
        let login = [("Proxy User Name", "walker"), ("Proxy Password", "wrong")];
        let outcome = through(&format!("http://{address}"), &login).await;
        fails(&outcome, code, status, says);
        assert_eq!(seen.all().len(), tries, "{answer}: {:?}", seen.all());
        assert_eq!(outcome.receipt.requests, tries as u64);
    }
}

#[tokio::test]
async fn an_https_proxys_refusal_is_told_alike() {
    let authority = Authority::new();
    let (address, seen) = proxy_that_answers("HTTP/1.1 407 X\r\n\r\n").await;
    let proxy = authority.serve_well(&format!("http://{address}")).await;
    fails(&through(&proxy, &[("CA File", authority.path())]).await, "proxy-refused", "407", "answered 407");
    assert_eq!(seen.all().len(), 1);
}

#[tokio::test]
async fn what_is_no_proxy_is_told_as_such() {
    for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "", "HTTP/1.1 2000 OK\r\n\r\n"] {
        let (address, _) = proxy_that_answers(answer).await;
        for scheme in ["http", "socks5h"] {
            let outcome = through(&format!("{scheme}://{address}"), &[]).await;
            fails(&outcome, "proxy-failed", "N/A", "did not answer as a proxy does");
        }
    }
}

#[tokio::test]
async fn a_socks_proxys_refusals_are_told_alike() {
    let (address, seen) = socks_proxy(Some(("walker", "hunter2"))).await;
    let proxy = format!("socks5h://{address}");
    let wrong = [("Proxy User Name", "walker"), ("Proxy Password", "wrong")];
    fails(&through(&proxy, &wrong).await, "proxy-refused", "N/A", "does not accept Proxy User Name");
    assert_eq!(seen.all(), ["refused walker:wrong"], "one try");
    fails(&through(&proxy, &[]).await, "proxy-refused", "N/A", "wants a user name and password");
    assert_eq!(seen.all().len(), 2, "one try");
    for (code, expected, says, tries) in [
        (2, "proxy-denied", "the proxy answered \"connection not allowed\"", 1),
        (7, "proxy-denied", "the proxy answered \"command not supported\"", 1),
        (8, "proxy-denied", "the proxy answered \"address type not supported\"", 1),
        (1, "proxy-failed", "the proxy answered \"general server failure\"", 5),
        (3, "proxy-failed", "the proxy answered \"network unreachable\"", 5),
        (4, "proxy-failed", "the proxy answered \"host unreachable\"", 5),
        (5, "proxy-failed", "the proxy answered \"connection refused\"", 5),
        (6, "proxy-failed", "the proxy answered \"ttl expired\"", 5),
    ] {
        let (address, seen) = socks_proxy_that_answers(None, code).await;
        fails(&through(&format!("socks5h://{address}"), &[]).await, expected, "N/A", says);
        assert_eq!(seen.all().len(), tries, "{says}");
    }
}

fn administrator<'a>(simulator: &'a Simulator, url: &'a str) -> Vec<(&'static str, &'a str)> {
    settings(url, simulator.user(UserKind::Administrator))
}

#[tokio::test]
async fn every_success_of_connect_is_one() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let url = authority.serve_well(&simulator.url()).await;
    for status in ["200 Connection established", "204 No Content", "299 Fine", "100 Continue\r\n\r\nHTTP/1.1 201 X"] {
        let (address, seen) = http_proxy_that_accepts_with(status).await;
        let mut given = administrator(&simulator, &url);
        let proxy = format!("http://{address}");
        given.extend([("CA File", authority.path()), ("Proxy", &proxy)]);
        let outcome = list_devices(&given).await;
        assert!(outcome.is_successful(), "{status}: {:?}", outcome.error);
        assert!(!seen.all().is_empty());
    }
}

#[tokio::test]
async fn every_kind_of_proxy_gets_the_login_that_was_given() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let tls = authority.serve_well(&simulator.url()).await;
    for (name, password) in
        [("walker", "Winter%41b"), ("a%62c", "100%25x"), ("u@x/y", "50%off:#?"), ("jörg", "pässwörd €"), ("u", " b ")]
    {
        for url in [&simulator.url(), &tls] {
            let mut given = administrator(&simulator, url);
            given.extend([("CA File", authority.path()), ("Proxy User Name", name), ("Proxy Password", password)]);
            let (address, seen) = http_proxy().await;
            let proxy = format!("http://{address}");
            let outcome = list_devices(&[&given[..], &[("Proxy", &proxy)]].concat()).await;
            assert!(outcome.is_successful(), "{:?}", outcome.error);
            let encoded = STANDARD.encode(format!("{name}:{password}"));
            for head in seen.all() {
                let expected = format!("proxy-authorization: Basic {encoded}").to_ascii_lowercase();
                assert_eq!(head.to_ascii_lowercase().matches(&expected).count(), 1, "{head}");
            }
            let (name, password) = (name.to_owned().leak() as &str, password.to_owned().leak() as &str);
            let (address, _) = socks_proxy(Some((name, password))).await;
            let proxy = format!("socks5h://{address}");
            let outcome = list_devices(&[&given[..], &[("Proxy", &proxy)]].concat()).await;
            assert!(outcome.is_successful(), "{name}:{password} {:?}", outcome.error);
        }
    }
}

#[tokio::test]
async fn a_diagnosis_tells_a_proxys_refusal_and_tries_once() {
    let (address, seen) = proxy_that_answers("HTTP/1.1 407 X\r\n\r\n").await;
    let proxy = format!("http://{address}");
    let connector = connect(&[&SERVER[..], &[("Proxy", proxy.as_str())]].concat());
    let diagnosis = connector.diagnose(&ExecutionContext::new()).await;
    let tls = diagnosis.stages.iter().find(|stage| stage.name == "TLS").unwrap();
    assert_eq!((tls.status, tls.error.as_ref().unwrap().code.as_str()), (StageStatus::Failed, "proxy-refused"));
    let asked = seen.all().iter().filter(|head| head.starts_with("CONNECT")).count();
    assert_eq!(asked, 1, "{:?}", seen.all());
}
