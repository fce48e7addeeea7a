//! The instance around the lists: device sub-resources, unknown paths and methods, starting and stopping.

use footprint_simulator::{Generation, Options, Simulator, StartError, UserKind};
use reqwest::Method;
use serde_json::json;

use crate::client::{DEVICES, ServedSimulator, answer};

#[tokio::test]
async fn device_details_are_for_agents_and_known_devices() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let known = instance.known();
        for part in ["users", "networkConnections"] {
            let of = |device| format!("/console/elements/device/{device}/{part}/");
            assert!(!instance.get(&of(known.agent_device)).await.rows().is_empty());
            let server = instance.get(&of(known.server_device)).await;
            assert_eq!((server.status, server.json), (501, json!({"detail": "Not Implemented"})));
            let missing = instance.get(&of(known.missing_device)).await;
            assert_eq!((missing.status, missing.json), (404, json!({"detail": "Not found."})));
        }
        let quiet = known.quiet_agent_device;
        let quiet = format!("/console/elements/device/{quiet}/networkConnections/");
        let quiet = instance.get(&quiet).await;
        assert_eq!((quiet.status, quiet.text.as_str()), (200, ""));
        for part in ["attackavenues", "vulnerabilities"] {
            let path = format!("/console/elements/device/{}/{part}/", known.missing_device);
            assert_eq!(instance.get(&path).await.status, 404);
        }
    }
}

#[tokio::test]
async fn contexts_are_found_by_id_or_not() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let known = instance.known();
        let path = |id: u64| format!("/console/elements/contexts/technical/{id}/");
        let context = instance.get(&path(known.context)).await;
        assert_eq!((context.status, &context.json["id"]), (200, &json!(known.context)));
        assert_eq!(instance.get(&path(known.missing_context)).await.status, 404);
        let word = instance.get("/console/elements/contexts/technical/abc/").await;
        assert_eq!(word.status, 404);
    }
}

#[tokio::test]
async fn the_api_answers_json_and_the_rest_is_a_web_site() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let unknown = instance.get("/console/nothing/").await;
    assert_eq!((unknown.status, unknown.json), (404, json!({"detail": "Not found."})));
    // Without its trailing slash a path is another one.
    assert_eq!(instance.get("/console/elements/devices").await.status, 404);
    let method = answer(instance.request(Method::PUT, DEVICES)).await;
    assert_eq!((method.status, &method.json["detail"]), (405, &json!("Method \"PUT\" not allowed.")));
    let page = instance.http.get(format!("{}/login", instance.url())).send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn bodies_over_a_mebibyte_are_refused() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let url = format!("{}/api/auth/token/", instance.url());
    let answer = answer(instance.http.post(url).body(vec![b' '; 1024 * 1024 + 1])).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn sizes_out_of_range_are_refused_with_the_range() {
    let options = Options { scanners: 3, ..Options::default() };
    let error = Simulator::start(options).await.unwrap_err();
    assert!(matches!(error, StartError::Option { option: "scanners", .. }));
    assert_eq!(error.to_string(), "scanners is 3, but must be from 4 to 99");
}

#[tokio::test]
async fn an_address_in_use_is_an_error_and_shutting_down_frees_it() {
    let first = Simulator::start(Options::default()).await.unwrap();
    let listen = first.url().strip_prefix("http://").unwrap().parse().unwrap();
    let again = || Simulator::start(Options { listen, ..Options::default() });
    assert!(matches!(again().await.unwrap_err(), StartError::Listen { .. }));
    first.shutdown().await;
    again().await.unwrap();
}

#[tokio::test]
async fn every_kind_of_user_is_there_with_its_own_password() {
    let instance = ServedSimulator::of(Generation::Current).await;
    assert_eq!(instance.users().len(), 9);
    assert_eq!(instance.user(UserKind::Reporting).role, "clientAccess");
    assert_eq!(instance.user(UserKind::SsoOnly).kind, UserKind::SsoOnly);
    let passwords: std::collections::HashSet<_> = instance.users().iter().map(|user| &user.password).collect();
    assert_eq!(passwords.len(), 9);
    assert_eq!(instance.tenants().len(), 3);
}

#[tokio::test]
async fn breaking_names_are_on_the_first_page_unless_oddities_are_off() {
    for generation in Generation::ALL {
        let odd = ServedSimulator::of(generation).await.get(DEVICES).await;
        let names: Vec<_> = odd.rows().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        for part in ["\"", ",", "ü", "東京", "🖨", "<b>", "=HYPERLINK", "\u{1b}["] {
            assert!(names.iter().any(|name| name.contains(part)), "{part}");
        }
        let plain = ServedSimulator::plain(generation).await.get(DEVICES).await;
        assert!(plain.text.is_ascii());
    }
}
