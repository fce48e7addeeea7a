//! A diagnosis shows the server's certificate and when it ends, and why it is not trusted.

use footprint_simulator::{Generation, Simulator, UserKind};
use soar_connector::{Diagnosis, ExecutionContext, Stage, StageStatus};

use crate::proxy::{http_proxy, socks_proxy, through};
use crate::support::{connect, settings, simulator};
use crate::tls::{Authority, BOTH_VERSIONS, DAY};

async fn diagnose(simulator: &Simulator, url: &str, more: &[(&'static str, &str)]) -> Diagnosis {
    let mut given = settings(url, simulator.user(UserKind::Administrator));
    given.extend_from_slice(more);
    connect(&given).diagnose(&ExecutionContext::new()).await
}

fn tls(diagnosis: &Diagnosis) -> &Stage {
    diagnosis.stages.iter().find(|stage| stage.name == "TLS").unwrap()
}

#[tokio::test]
async fn a_certificate_is_shown_with_its_end_and_warned_of_in_its_last_month() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    for (days, status, words) in
        [(90, StageStatus::Passed, ""), (12, StageStatus::Warning, " Have it renewed before commands fail.")]
    {
        let url = authority.serve("localhost", Ok(days * DAY + DAY / 2), BOTH_VERSIONS, &simulator.url()).await;
        let diagnosis = diagnose(&simulator, &url, &[("CA File", authority.path())]).await;
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
        assert_eq!(tls(&diagnosis).status, status);
        assert_eq!(
            tls(&diagnosis).detail,
            format!(
                "TLS 1.3; certificate of \"localhost\" issued by \"Test Authority\"; it ends in {days} days.{words}"
            )
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_fails_and_is_shown_all_the_same() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let url = authority.serve("localhost", Err(3 * DAY), BOTH_VERSIONS, &simulator.url()).await;
    let expired = diagnose(&simulator, &url, &[("CA File", authority.path())]).await;
    let stage = tls(&expired);
    assert_eq!(
        (stage.status, stage.error.as_ref().unwrap().code.as_str()),
        (StageStatus::Failed, "certificate-expired")
    );
    assert!(
        stage.detail.contains("certificate expired") && stage.detail.contains("; it ended 3 days ago."),
        "{}",
        stage.detail
    );
    let untrusted = diagnose(&simulator, &authority.serve_well(&simulator.url()).await, &[]).await;
    assert!(
        tls(&untrusted).detail.contains("is not trusted. The server shows a certificate of \"localhost\""),
        "{untrusted:#?}"
    );
    assert!(untrusted.stages[3..].iter().all(|stage| stage.status == StageStatus::Skipped));
    let carried: Vec<_> = simulator.requests().into_iter().filter(|request| request.method == "POST").collect();
    assert!(carried.is_empty(), "no credentials went to a server that is not trusted");
}

#[tokio::test]
async fn skipped_checks_are_a_warning() {
    let simulator = simulator(Generation::Current).await;
    let url = Authority::new().serve_well(&simulator.url()).await;
    let diagnosis = diagnose(&simulator, &url, &[("Skip Certificate Checks", "Yes")]).await;
    assert!(diagnosis.is_healthy());
    assert_eq!(tls(&diagnosis).status, StageStatus::Warning);
    assert!(tls(&diagnosis).detail.contains("Certificates are not checked"), "{diagnosis:#?}");
}

#[tokio::test]
async fn a_proxy_stands_in_place_of_dns_and_tcp() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    let url = authority.serve_well(&simulator.url()).await;
    let (http, socks) = (http_proxy().await.0, socks_proxy(None).await.0);
    for proxy in [format!("http://u:hunter2@{http}"), format!("socks5h://{socks}")] {
        let diagnosis = diagnose(&simulator, &url, &through(&proxy, &[("CA File", authority.path())])).await;
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
        let names: Vec<_> = diagnosis.stages.iter().map(|stage| stage.name.as_str()).collect();
        assert_eq!(names, ["Proxy", "TLS", "Login", "Tenant"]);
        assert!(tls(&diagnosis).detail.ends_with("it ends in 90 days."), "{diagnosis:#?}");
        assert!(!format!("{diagnosis:?}").contains("hunter2"));
    }
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let diagnosis = diagnose(&simulator, &url, &through(&format!("http://u:hunter2@{gone}"), &[])).await;
    assert_eq!((diagnosis.stages[0].status, diagnosis.stages[1].status), (StageStatus::Failed, StageStatus::Skipped));
    assert!(diagnosis.stages[0].detail.starts_with("Proxy: No connection to 127.0.0.1:"), "{diagnosis:#?}");
}
