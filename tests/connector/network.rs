//! Network settings do what they say: authorities, TLS versions, certificate checks, proxies and plain http.

use footprint_simulator::{Generation, Simulator, UserKind};
use secrecy::SecretString;
use serde_json::json;
use soar_connector::testing::CapturedLogs;
use soar_connector::{CommandError, Outcome, Plugin as _, SettingValues, SettingsError};

use crate::proxy::{http_proxy, socks_proxy, through};
use crate::support::{administrator, connect, plugin, run, settings, simulator, valid_parameters};
use crate::tls::{Authority, BOTH_VERSIONS, DAY, ONLY_TLS_1_2};

/// The administrator of `simulator`, reached at `url` with more settings.
fn given<'a>(simulator: &'a Simulator, url: &'a str, more: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    let mut given = settings(url, simulator.user(UserKind::Administrator));
    given.extend_from_slice(more);
    given
}

async fn list_devices(simulator: &Simulator, url: &str, more: &[(&'static str, &str)]) -> Outcome {
    run(&*connect(&given(simulator, url, more)), "List Devices", json!({})).await
}

fn tls_failure(outcome: &Outcome, expected: &str, says: &str) {
    let CommandError { code, message, cure, cause, .. } = outcome.error.as_ref().unwrap();
    assert_eq!(code, expected, "{message}");
    assert!(message.contains(says) && message.starts_with("No secure connection to localhost:"), "{message}");
    assert!(!cause.is_empty() && !cure.is_empty(), "{code}");
    assert_eq!(outcome.receipt.requests, 1, "a certificate does not mend itself");
}

#[tokio::test]
async fn the_authority_of_ca_file_is_trusted_and_no_other() {
    let simulator = simulator(Generation::Current).await;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let url = authority.serve_well(&simulator.url()).await;
    let outcome = list_devices(&simulator, &url, &[("CA File", authority.path())]).await;
    assert!(outcome.is_successful() && outcome.warnings.is_empty(), "{:?}", outcome.error);
    tls_failure(&list_devices(&simulator, &url, &[]).await, "certificate-issuer-unknown", "not trusted");
    let outcome = list_devices(&simulator, &url, &[("CA File", stranger.path())]).await;
    tls_failure(&outcome, "certificate-issuer-unknown", "not trusted");
}

#[tokio::test]
async fn a_certificate_for_another_host_or_one_that_has_ended_is_refused() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let trusted = [("CA File", authority.path())];
    let backend = simulator.url();
    let other = authority.serve("other.example", Ok(90 * DAY), BOTH_VERSIONS, &backend).await;
    let says = "its certificate is not valid for \"localhost\", but for other.example.";
    tls_failure(&list_devices(&simulator, &other, &trusted).await, "certificate-name", says);
    let ended = authority.serve("localhost", Err(3 * DAY), BOTH_VERSIONS, &backend).await;
    tls_failure(&list_devices(&simulator, &ended, &trusted).await, "certificate-expired", "certificate expired");
    assert!(simulator.requests().is_empty(), "nothing was sent before the server had proven itself");
}

#[tokio::test]
async fn the_minimum_tls_version_holds() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let old = authority.serve("localhost", Ok(90 * DAY), ONLY_TLS_1_2, &simulator.url()).await;
    let ca = ("CA File", authority.path());
    let outcome = list_devices(&simulator, &old, &[ca, ("Minimum TLS Version", "1.3")]).await;
    tls_failure(&outcome, "tls-not-agreed", "ProtocolVersion");
    for version in [&[ca][..], &[ca, ("Minimum TLS Version", "1.2")]] {
        assert!(list_devices(&simulator, &old, version).await.is_successful());
    }
    let new = authority.serve_well(&simulator.url()).await;
    assert!(list_devices(&simulator, &new, &[ca, ("Minimum TLS Version", "1.3")]).await.is_successful());
}

#[tokio::test]
async fn skipped_certificate_checks_connect_and_are_loud_in_every_outcome_and_log() {
    let simulator = simulator(Generation::Current).await;
    let url = Authority::new().serve("other.example", Err(3 * DAY), BOTH_VERSIONS, &simulator.url()).await;
    let connector = connect(&given(&simulator, &url, &[("Skip Certificate Checks", "Yes")]));
    let logs = CapturedLogs::start();
    for command in &connector.manifest().commands {
        let before = logs.text().len();
        let outcome = run(&*connector, &command.name, valid_parameters(command, &simulator.known()).into()).await;
        assert!(outcome.is_successful(), "{}: {:?}", command.name, outcome.error);
        let codes: Vec<_> = outcome.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert!(codes.contains(&"certificate-checks-off"), "{}: {codes:?}", command.name);
        let logged = logs.text()[before..].to_owned();
        let warned = logged.lines().any(|line| line.contains("WARN") && line.contains("certificates are not checked"));
        assert!(warned, "{}", command.name);
    }
    drop(logs);
    let logs = CapturedLogs::start();
    assert!(run(&*administrator(&simulator), "List Devices", json!({})).await.warnings.is_empty());
    assert!(!logs.text().contains("certificates are not checked"));
}

fn refusal(given: &[(&str, &str)]) -> SettingsError {
    let plugin = plugin();
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)));
    let values = SettingValues::parse(&plugin.manifest().connector, given).unwrap();
    plugin.build(&values).unwrap_err()
}

#[test]
fn a_ca_file_that_is_missing_or_holds_no_certificate_names_the_setting() {
    let given =
        |file| [("Server URL", "https://fp.example.com"), ("User Name", "u"), ("Password", "p"), ("CA File", file)];
    let missing = refusal(&given("/nowhere/ca.pem")).to_string();
    assert!(missing.starts_with("CA File: \"/nowhere/ca.pem\" cannot be read (No such file"), "{missing}");
    let file = tempfile::NamedTempFile::new().unwrap();
    for text in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(file.path(), text).unwrap();
        let refused = refusal(&given(file.path().to_str().unwrap())).to_string();
        assert!(refused.starts_with("CA File: "), "{text:?}: {refused}");
    }
}

#[tokio::test]
async fn every_certificate_of_a_ca_file_counts_or_the_file_is_refused() {
    let simulator = simulator(Generation::Current).await;
    let (authority, other) = (Authority::new(), Authority::new());
    let url = authority.serve_well(&simulator.url()).await;
    let (root, other) = (std::fs::read(authority.path()).unwrap(), std::fs::read(other.path()).unwrap());
    let mark = "\u{feff}".as_bytes();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for parts in [&[&root[..], &other][..], &[mark, &root], &[mark, &root, &other], &[&other, mark, &root]] {
        std::fs::write(file.path(), parts.concat()).unwrap();
        let outcome = list_devices(&simulator, &url, &[("CA File", path)]).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
        // The text itself counts as its file does.
        let text = String::from_utf8(parts.concat()).unwrap();
        let outcome = list_devices(&simulator, &url, &[("CA File", &text)]).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
    }
    let trusted = String::from_utf8(root).unwrap().replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    std::fs::write(file.path(), [trusted.as_bytes(), &other].concat()).unwrap();
    let refused = refusal(&given(&simulator, &url, &[("CA File", path)])).to_string();
    assert!(refused.starts_with("CA File: ") && refused.contains("\"TRUSTED CERTIFICATE\""), "{refused}");
    let refused = refusal(&given(&simulator, &url, &[("CA File", &trusted)])).to_string();
    assert!(refused.starts_with("CA File: It holds a block \"TRUSTED CERTIFICATE\""), "{refused}");
}

#[test]
fn plain_http_is_refused_to_names_that_are_not_allowed() {
    let given = [("Server URL", "http://footprint.lab.example.com"), ("User Name", "u"), ("Password", "p")];
    let refused = refusal(&given).to_string();
    assert!(refused.starts_with("Server URL: ") && refused.contains("Allow Plain HTTP To"), "{refused}");
    let other = [&given[..], &[("Allow Plain HTTP To", "lab.example.com, other")]].concat();
    assert!(refusal(&other).to_string().starts_with("Server URL: "), "a parent domain is another name");
    connect(&[&given[..], &[("Allow Plain HTTP To", "other, Footprint.Lab.Example.com")]].concat());
    let given = [("Server URL", "http://localhost"), ("User Name", "u"), ("Password", "p")];
    let refused = refusal(&[&given[..], &[("Proxy", "http://192.0.2.7:3128")]].concat()).to_string();
    assert!(refused.contains("through the proxy, which is another machine"), "{refused}");
}

#[tokio::test]
async fn an_http_proxy_tunnels_https_and_its_password_goes_to_it_alone() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let url = authority.serve_well(&simulator.url()).await;
    let (address, seen) = http_proxy().await;
    let proxy = format!("http://walker:proxy-hunter2@{address}");
    let connector = connect(&given(&simulator, &url, &through(&proxy, &[("CA File", authority.path())])));
    let logs = CapturedLogs::start();
    let outcome = run(&*connector, "List Devices", json!({})).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    let heads = seen.all();
    assert!(!heads.is_empty());
    for head in &heads {
        assert!(head.starts_with(&format!("CONNECT localhost:{} ", &url["https://localhost:".len()..])), "{head}");
        // walker:proxy-hunter2
        assert!(
            head.to_ascii_lowercase().contains("proxy-authorization: basic d2fsa2vyonbyb3h5lwh1bnrlcji="),
            "{head}"
        );
        assert!(!head.to_ascii_lowercase().contains("\r\nauthorization:"), "{head}");
    }
    for request in simulator.requests() {
        assert!(!request.headers.contains_key("proxy-authorization"), "{request:?}");
    }
    let shown = format!("{outcome:?}{connector:?}{}", logs.text());
    for secret in ["proxy-hunter2", "d2Fsa2VyOnByb3h5LWh1bnRlcjI="] {
        let at = shown.find(secret).map(|at| &shown[at.saturating_sub(200)..at]);
        assert!(at.is_none(), "{secret} is shown after {at:?}");
    }
}

#[tokio::test]
async fn an_https_proxy_must_prove_itself_too_and_then_tunnels_and_forwards() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let tls = authority.serve_well(&simulator.url()).await;
    let (address, seen) = http_proxy().await;
    let proxy = authority.serve_well(&format!("http://{address}")).await;
    let proxy = format!("https://walker:proxy-hunter2@{}", proxy.trim_start_matches("https://"));
    for url in [&tls, &simulator.url()] {
        let before = seen.all().len();
        let connector = connect(&given(&simulator, url, &through(&proxy, &[("CA File", authority.path())])));
        let outcome = run(&*connector, "List Devices", json!({})).await;
        assert!(outcome.is_successful(), "{url}: {:?}", outcome.error);
        let heads = seen.all()[before..].to_vec();
        assert!(!heads.is_empty(), "{url} was reached past the proxy");
        for head in heads {
            let way = if url.starts_with("https") { "CONNECT localhost:" } else { "http://127.0.0.1:" };
            assert!(head.contains(way), "{head}");
            let given = head.to_ascii_lowercase().contains("proxy-authorization: basic d2fsa2vyonbyb3h5lwh1bnrlcji=");
            assert!(given, "{head}");
        }
        let diagnosis = connector.diagnose(&soar_connector::ExecutionContext::new()).await;
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
        // To a proxy that nobody vouches for, nothing is sent.
        let before = seen.all().len();
        let error = list_devices(&simulator, url, &through(&proxy, &[])).await.error.unwrap();
        assert_eq!(error.code, "certificate-issuer-unknown", "{error}");
        assert!(error.message.starts_with("No secure connection to the proxy localhost:"), "{error}");
        assert_eq!(seen.all().len(), before);
    }
}

#[tokio::test]
async fn an_http_proxy_forwards_plain_http() {
    let simulator = simulator(Generation::Legacy).await;
    let (address, seen) = http_proxy().await;
    let outcome = list_devices(&simulator, &simulator.url(), &through(&format!("http://u:p@{address}"), &[])).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    let first = &seen.all()[0];
    assert!(first.starts_with(&format!("POST {}/api/auth/token/ HTTP/1.1", simulator.url())), "{first}");
    assert!(first.to_ascii_lowercase().contains("proxy-authorization: basic dtpw"), "{first}");
}

#[tokio::test]
async fn a_socks_proxy_is_gone_through() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let tls = authority.serve_well(&simulator.url()).await;
    let (open, seen_open) = socks_proxy(None).await;
    let (closed, seen_closed) = socks_proxy(Some(("walker", "hunter2"))).await;
    for (proxy, url, works, seen) in [
        (format!("socks5://{open}"), simulator.url(), true, &seen_open),
        (format!("socks5h://{open}"), tls.clone(), true, &seen_open),
        (format!("socks5h://walker:hunter2@{closed}"), tls.clone(), true, &seen_closed),
        (format!("socks5h://walker:wrong@{closed}"), tls.clone(), false, &seen_closed),
    ] {
        let before = seen.all().len();
        let outcome = list_devices(&simulator, &url, &through(&proxy, &[("CA File", authority.path())])).await;
        assert_eq!(outcome.is_successful(), works, "{proxy}: {:?}", outcome.error);
        let port = url.rsplit(':').next().unwrap();
        if works {
            let asked = seen.all()[before].clone();
            assert!(asked.ends_with(&format!(":{port}")), "{asked}");
            assert!(
                !proxy.contains("socks5h") || asked.starts_with("localhost:"),
                "the proxy looks up the name: {asked}"
            );
        } else {
            let error = outcome.error.unwrap();
            assert_eq!(error.code, "proxy-refused");
            assert!(error.message.contains("through the proxy"), "{}", error.message);
        }
    }
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_named_as_the_way() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://walker:hunter2@{}", listener.local_addr().unwrap());
    drop(listener);
    let simulator = simulator(Generation::Current).await;
    let error = list_devices(&simulator, &simulator.url(), &through(&proxy, &[])).await.error.unwrap();
    assert_eq!(error.code, "unreachable");
    assert!(error.message.contains("through the proxy") && !error.to_string().contains("hunter2"), "{error}");
}

const SERVER_OF_CHILD: &str = "CODA_FOOTPRINT_TEST_SERVER";

#[tokio::test]
async fn the_environments_proxy_variables_are_not_used() {
    let simulator = simulator(Generation::Current).await;
    let (address, seen) = http_proxy().await;
    let user = simulator.user(UserKind::Administrator);
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "network::in_a_process_with_proxy_variables", "--nocapture"]);
    child.env(SERVER_OF_CHILD, format!("{} {} {}", simulator.url(), user.user_name, user.password));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://{address}"));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    let output = child.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    let heads = seen.all();
    assert_eq!(heads.len(), 1, "{heads:#?}");
    assert!(heads[0].contains("/heeds-the-environment "), "{heads:#?}");
}

#[tokio::test]
async fn in_a_process_with_proxy_variables() {
    // A part of the test above, which runs it in a process of its own and counts what reaches the proxy.
    let Ok(server) = std::env::var(SERVER_OF_CHILD) else { return };
    let [url, user, password] = server.split(' ').collect::<Vec<_>>()[..] else { panic!("{server}") };
    // A client that heeds them shows that they are in force.
    reqwest::get(format!("{url}/heeds-the-environment")).await.unwrap();
    let connector = connect(&[("Server URL", url), ("User Name", user), ("Password", password)]);
    assert!(run(&*connector, "List Devices", json!({})).await.is_successful());
}
