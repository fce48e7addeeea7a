//! Each failure of TLS has its own cause and cure, and a certificate that CA File holds is trusted whoever issued it.

use std::sync::atomic::Ordering;

use footprint_simulator::{Generation, Simulator, UserKind};
use serde_json::json;
use soar_connector::{ExecutionContext, Outcome, StageStatus};

use crate::support::{connect, run, settings, simulator};
use crate::tls::{Authority, BOTH_VERSIONS, DAY, ONLY_TLS_1_2, ONLY_TLS_1_3, serve_bytes, serve_self_signed};

async fn list_devices(simulator: &Simulator, url: &str, more: &[(&'static str, &str)]) -> Outcome {
    let mut given = settings(url, simulator.user(UserKind::Administrator));
    given.extend_from_slice(more);
    run(&*connect(&given), "List Devices", json!({})).await
}

#[track_caller]
fn fails(outcome: &Outcome, code: &str, says: &str) {
    let error = outcome.error.as_ref().unwrap();
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(says), "{error}");
    assert!(!error.retryable && !error.cause.is_empty() && !error.cure.is_empty(), "{error:?}");
    assert_eq!(outcome.receipt.requests, 1, "{error}");
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_and_a_server_that_agrees_to_nothing_are_told_apart() {
    let simulator = simulator(Generation::Current).await;
    for (answer, code, says) in [
        (&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], "tls-not-spoken", "its answer is not TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "tls-not-spoken", "its answer is not TLS"),
        // Alerts: protocol version, handshake failure, insufficient security, internal error.
        (&[21, 3, 1, 0, 2, 2, 70], "tls-not-agreed", "ProtocolVersion"),
        (&[21, 3, 3, 0, 2, 2, 40], "tls-not-agreed", "HandshakeFailure"),
        (&[21, 3, 3, 0, 2, 2, 71], "tls-not-agreed", "InsufficientSecurity"),
        (&[21, 3, 3, 0, 2, 2, 80], "tls-failed", "InternalError"),
    ] {
        let (url, connections) = serve_bytes(answer).await;
        fails(&list_devices(&simulator, &url, &[]).await, code, says);
        assert_eq!(connections.load(Ordering::SeqCst), 1, "{code}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_handshake_is_tried_again() {
    let simulator = simulator(Generation::Current).await;
    let (url, connections) = serve_bytes(b"").await;
    let error = list_devices(&simulator, &url, &[]).await.error.unwrap();
    assert_eq!(error.code, "unreachable");
    assert!(error.message.contains("ended during the TLS handshake"), "{error}");
    assert_eq!(connections.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_told_on_both_versions_of_tls() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    for versions in [ONLY_TLS_1_2, ONLY_TLS_1_3] {
        let url = authority.serve_clients_with_a_certificate(versions, &simulator.url()).await;
        let outcome = list_devices(&simulator, &url, &[("CA File", authority.path())]).await;
        fails(&outcome, "client-certificate-wanted", "it asks for a client certificate");
    }
    assert!(simulator.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_that_ca_file_holds_is_trusted_for_its_name_and_time() {
    let simulator = simulator(Generation::Current).await;
    for is_authority in [true, false] {
        let (url, file) = serve_self_signed("localhost", Ok(90 * DAY), is_authority, &simulator.url()).await;
        let given = [("CA File", file.path().to_str().unwrap())];
        let outcome = list_devices(&simulator, &url, &given).await;
        assert!(outcome.is_successful(), "{is_authority}: {:?}", outcome.error);
        let (url, file) = serve_self_signed("localhost", Err(DAY), is_authority, &simulator.url()).await;
        let given = [("CA File", file.path().to_str().unwrap())];
        fails(&list_devices(&simulator, &url, &given).await, "certificate-expired", "certificate expired");
        let (url, file) = serve_self_signed("other.example", Ok(DAY), is_authority, &simulator.url()).await;
        let given = [("CA File", file.path().to_str().unwrap())];
        fails(&list_devices(&simulator, &url, &given).await, "certificate-name", "other.example");
    }
}

#[tokio::test]
async fn an_authoritys_certificate_as_the_servers_says_what_to_do() {
    let simulator = simulator(Generation::Current).await;
    let (url, _) = serve_self_signed("localhost", Ok(90 * DAY), true, &simulator.url()).await;
    let outcome = list_devices(&simulator, &url, &[]).await;
    fails(&outcome, "certificate-of-authority", "is that of an authority");
    let cure = outcome.error.unwrap().cure;
    assert!(cure.contains("CA File") && cure.contains("CA:FALSE"), "{cure}");
}

#[tokio::test]
async fn skipped_checks_let_a_diagnosis_pass_where_commands_pass() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let bad_signatures = authority.serve_with_bad_signatures(&simulator.url()).await;
    let expired = authority.serve("other.example", Err(DAY), BOTH_VERSIONS, &simulator.url()).await;
    for url in [&bad_signatures, &expired] {
        let mut given = settings(url, simulator.user(UserKind::Administrator));
        given.push(("Skip Certificate Checks", "Yes"));
        let connector = connect(&given);
        let outcome = run(&*connector, "List Devices", json!({})).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
        let diagnosis = connector.diagnose(&ExecutionContext::new()).await;
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
        let tls = diagnosis.stages.iter().find(|stage| stage.name == "TLS").unwrap();
        assert_eq!(tls.status, StageStatus::Warning, "{diagnosis:#?}");
    }
    let outcome = list_devices(&simulator, &bad_signatures, &[("CA File", authority.path())]).await;
    assert!(!outcome.is_successful(), "the signature counts where checks are not skipped");
}

const SERVERS_OF_CHILD: &str = "CODA_FOOTPRINT_TEST_SERVERS";

#[tokio::test]
async fn without_authorities_http_works_and_https_says_what_is_missing() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let tls = authority.serve_well(&simulator.url()).await;
    let user = simulator.user(UserKind::Administrator);
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "tls_causes::in_a_process_without_authorities", "--nocapture"]);
    let (url, authority) = (simulator.url(), authority.path());
    child.env(SERVERS_OF_CHILD, format!("{url} {tls} {} {} {authority}", user.user_name, user.password));
    child.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    let output = child.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert!(!simulator.requests().is_empty(), "the child asked the server");
}

#[tokio::test]
async fn in_a_process_without_authorities() {
    // A part of the test above, which runs it in a process of its own.
    let Ok(servers) = std::env::var(SERVERS_OF_CHILD) else { return };
    let [http, https, user, password, authority] = servers.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{servers}")
    };
    let run = async |url: &str, more: &[(&str, &str)]| {
        let given = [("Server URL", url), ("User Name", user), ("Password", password)];
        run(&*connect(&[&given[..], more].concat()), "List Devices", json!({})).await
    };
    assert!(run(http, &[]).await.is_successful());
    fails(&run(https, &[]).await, "no-authorities", "No CA certificates were loaded from the system");
    for more in [("CA File", authority), ("Skip Certificate Checks", "Yes")] {
        assert!(run(https, &[more]).await.is_successful(), "{more:?}");
    }
}
