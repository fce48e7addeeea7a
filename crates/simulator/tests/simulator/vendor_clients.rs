//! The requests of the vendor's own scripts, header by header, and of clients generated from its documents.
//!
//! The scripts are `stats-retrieve` and `users-per-tenant-retrieve` of the repository
//! codaintelligenceUS/api-examples. Both speak https, and neither can be told another scheme.

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use reqwest::{
    Certificate, Client, Method,
    header::{ALLOW, CONTENT_TYPE},
};
use serde_json::json;

use crate::client::{DEVICES, ServedSimulator, SimulatorReply, answer};

/// A client that trusts the simulator's authority and no other.
fn client(simulator: &Simulator) -> Client {
    let authority = Certificate::from_pem(simulator.authority().unwrap().as_bytes()).unwrap();
    Client::builder().tls_certs_only([authority]).build().unwrap()
}

async fn start(generation: Generation) -> (Simulator, Client) {
    let simulator = Simulator::start(Options { generation, tls: true, tenants: 30, ..Options::default() }).await;
    let simulator = simulator.unwrap();
    let client = client(&simulator);
    (simulator, client)
}

/// The address of all tenants at once: the scripts set this page size.
const ALL_TENANTS: &str = "/api/common/auth/session/accounts/?size=1000000000000000000";

#[tokio::test]
async fn stats_retrieve_finds_all_it_counts() {
    for generation in [Generation::Middle, Generation::Current] {
        let (simulator, client) = start(generation).await;
        let user = simulator.user(UserKind::Administrator);
        let url = |path: &str| format!("{}{path}", simulator.url());
        let login = client.post(url("/api/auth/token/"));
        let login = answer(login.json(&json!({"username": user.user_name, "password": user.password}))).await;
        assert_eq!(login.status, 200);
        let bearer = format!("Bearer {}", login.json["access"].as_str().unwrap());
        // The scripts send the media type of a body on requests that have none.
        let get = |path: &str, tenant: Option<&str>| {
            let request = client.get(url(path)).header(CONTENT_TYPE, "application/json");
            let request = request.header("Authorization", bearer.as_str());
            answer(match tenant {
                Some(tenant) => request.header("FootprintTenantId", tenant),
                None => request,
            })
        };
        let tenants = get(ALL_TENANTS, None).await;
        assert_eq!((tenants.status, tenants.rows().len()), (200, 30), "{generation}");
        for tenant in tenants.rows().iter().take(3) {
            assert!(tenant["label"].is_string());
            let id = tenant["id"].to_string();
            let status = get("/api/console/status/", Some(&id)).await;
            assert_eq!(status.status, 200);
            assert_eq!(status.json["count"]["servers"], 250);
            let applications = status.json["count"]["applications"].as_u64().unwrap();
            assert!(applications > 250, "{applications}");
            let scanners = status.json["internalScanners"].as_array().unwrap();
            assert_eq!(scanners.len(), 3);
            let surface = get("/api/console/scanSurface/", Some(&id)).await;
            assert_eq!((surface.status, surface.total()), (200, 30));
        }
    }
}

#[tokio::test]
async fn users_per_tenant_retrieve_finds_the_users_of_every_tenant() {
    for generation in Generation::ALL {
        let (simulator, client) = start(generation).await;
        let key = &simulator.user(UserKind::Administrator).api_key;
        let get = |path: &str| {
            let request = client.get(format!("{}{path}", simulator.url()));
            request.header(CONTENT_TYPE, "application/json").header("FootprintApiKey", key)
        };
        let tenants = answer(get(ALL_TENANTS)).await;
        assert_eq!((tenants.status, tenants.rows().len()), (200, 30), "{generation}");
        for tenant in tenants.rows() {
            assert!(tenant["name"].is_string());
            let id = tenant["id"].to_string();
            let users: SimulatorReply = answer(get("/api/common/users/").header("FootprintTenantId", &id)).await;
            // One user may see tenant 1 only.
            assert_eq!((users.status, users.rows().len()), (200, if id == "1" { 9 } else { 8 }));
            for user in users.rows() {
                assert!(user["firstName"].is_string() && user["lastName"].is_string() && user["isActive"] == true);
                assert!(user["email"].as_str().unwrap().ends_with("@footprint.example"));
            }
        }
    }
}

#[tokio::test]
async fn plain_http_clients_and_clients_that_do_not_trust_the_authority_get_nothing() {
    let (simulator, _) = start(Generation::Current).await;
    let path = "/api/common/auth/session/";
    let plain = simulator.url().replace("https://", "http://");
    assert!(Client::new().get(format!("{plain}{path}")).send().await.is_err());
    let other = Simulator::start(Options { tls: true, ..Options::default() }).await.unwrap();
    assert!(client(&other).get(format!("{}{path}", simulator.url())).send().await.is_err());
    let by_name = simulator.url().replace("127.0.0.1", "localhost");
    assert_eq!(answer(client(&simulator).get(format!("{by_name}{path}"))).await.status, 200);
}

/// The body of a form with these text fields, as RFC 7578 writes it.
fn multipart_form(boundary: &str, fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + &format!("--{boundary}--\r\n")
}

#[tokio::test]
async fn logins_take_multipart_forms() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let user = instance.user(UserKind::Operations).clone();
        for path in ["/auth/token/", "/common/auth/session/"] {
            let url = format!("{}/api{path}", instance.url());
            let post = |fields: &[(&str, &str)]| {
                let request = instance.http.post(&url).header(CONTENT_TYPE, "multipart/form-data; boundary=X-BOUNDARY");
                request.body(multipart_form("X-BOUNDARY", fields))
            };
            let login = answer(post(&[("username", &user.user_name), ("password", &user.password)])).await;
            assert!(login.status == 200 && !login.json["access"].as_str().unwrap().is_empty(), "{generation} {path}");
            let refused = answer(post(&[("username", &user.user_name)])).await;
            assert_eq!((refused.status, &refused.json["password"][0]), (400, &json!("This field is required.")));
            let broken = instance.http.post(&url).header(CONTENT_TYPE, "multipart/form-data").body("x");
            assert_eq!(answer(broken).await.status, 400);
        }
    }
}

#[tokio::test]
async fn every_405_names_the_methods_of_its_path() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let busy = format!("/console/scanSurface/rescan/{}/", instance.known().busy_scanner);
        for (method, path, allowed) in [
            (Method::PUT, DEVICES, "GET"),
            (Method::PUT, "/common/auth/session/", "POST, GET, DELETE"),
            (Method::GET, "/auth/token/", "POST"),
            (Method::PATCH, busy.as_str(), "PATCH"),
        ] {
            let response = instance.request(method, path).send().await.unwrap();
            assert_eq!(response.status(), 405, "{path}");
            assert_eq!(response.headers()[ALLOW], allowed, "{path}");
        }
    }
}
