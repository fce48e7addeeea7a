//! The server: its shutdown, its probes, its OpenAPI document, its settings.

use serde_json::{Value, json};
use soar_host::settings::{HostSettings, StoreAddress};

use crate::support::{TestHost, answer, certificate, key_request};

#[tokio::test]
async fn a_shutdown_finishes_what_was_accepted() {
    for mut host in TestHost::on_both().await {
        let held = tokio::spawn(answer(host.command("MakeNote", json!({ "Name": "Note", "Mode": "wait" }))));
        host.gate.entered().await;
        let running = host.running.take().unwrap();
        let ended = tokio::spawn(running.shutdown());
        // The listener is closed, so no new call is accepted.
        while tokio::net::TcpStream::connect(host.url.trim_start_matches("http://")).await.is_ok() {
            tokio::task::yield_now().await;
        }
        host.gate.let_one_go();
        assert_eq!(held.await.unwrap().0, 200);
        ended.await.unwrap().unwrap();
        let store = soar_store::Store::open(&host.test.address).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        assert!(reader.records().site("Note").await.is_ok());
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_stops_nothing() {
    for mut host in TestHost::on_both().await {
        let held = tokio::spawn(answer(host.command("MakeNote", json!({ "Name": "Note", "Mode": "wait" }))));
        host.gate.entered().await;
        held.abort();
        let _ = held.await;
        host.gate.let_one_go();
        host.running.take().unwrap().shutdown().await.unwrap();
        let store = soar_store::Store::open(&host.test.address).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        assert!(reader.records().site("Note").await.is_ok());
        assert_eq!(reader.records().audit(&soar_store::AuditFilter::default(), 9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_a_command_whose_caller_has_gone_away() {
    for mut host in TestHost::on_both().await {
        // The call holds no connection of the store while it waits, and needs one afterwards.
        let held = tokio::spawn(answer(host.command("PatchDevice", json!({ "Name": "Device", "Mode": "wait" }))));
        host.gate.entered().await;
        held.abort();
        let _ = held.await;
        let running = host.running.take().unwrap();
        let ended = tokio::spawn(running.shutdown());
        while tokio::net::TcpStream::connect(host.url.trim_start_matches("http://")).await.is_ok() {
            tokio::task::yield_now().await;
        }
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert!(!ended.is_finished());
        host.gate.let_one_go();
        ended.await.unwrap().unwrap();
        let store = soar_store::Store::open(&host.test.address).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let logged = reader.records().audit(&soar_store::AuditFilter::default(), 9).await.unwrap();
        assert_eq!(logged.iter().map(|(_, entry)| entry.status).collect::<Vec<_>>(), [200]);
    }
}

#[tokio::test]
async fn health_and_metrics_are_there_and_metrics_ask_for_a_key() {
    for host in TestHost::on_both().await {
        let get = |path: &str| host.client.get(format!("{}{path}", host.url));
        assert_eq!(get("/healthz").send().await.unwrap().status(), 200);
        assert_eq!(get("/readyz").send().await.unwrap().status(), 200);
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        assert_eq!(answer(host.command("NoSuchCommandOfAnybodys", json!({}))).await.0, 404);
        assert_eq!(answer(get("/metrics")).await.0, 401);
        let plain = host.issue(&key_request("plain", "Admin")).await;
        assert_eq!(answer(get("/metrics").header("d3key", plain)).await.0, 401);
        let log = host.audit().await;
        let refused: Vec<_> = log.iter().filter(|entry| entry.command == "metrics" && entry.status == 401).collect();
        assert_eq!((refused.len(), refused[1].key.as_str(), refused[1].accepted), (2, "plain", false));
        let metrics = get("/metrics").bearer_auth(&host.key).send().await.unwrap().text().await.unwrap();
        for line in [
            r#"soar_host_calls_total{command="ShowNotes",status="200",surface="command"} 1"#,
            r#"soar_host_calls_total{command="unknown",status="404",surface="command"} 1"#,
            r#"soar_host_call_duration_seconds_count{command="ShowNotes",surface="command"} 1"#,
            "soar_host_audit_queue 0",
        ] {
            assert!(metrics.contains(line), "{line} is not in\n{metrics}");
        }
        for private in ["Admin", "Security", "playbooks", "NoSuch"] {
            assert!(!metrics.contains(private), "{metrics}");
        }
        host.test.store.close().await;
        assert_eq!(get("/readyz").send().await.unwrap().status(), 503);
        host.clock.advance(std::time::Duration::from_secs(1));
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 503, "no log, no answer");
    }
}

#[tokio::test]
async fn the_document_names_every_command_and_operation_and_their_references_resolve() {
    for host in TestHost::on_both().await {
        let response = host.client.get(format!("{}/openapi.json", host.url)).send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-security-policy"], "default-src 'none'");
        let document: Value = response.json().await.unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let schema = &document["paths"]["/VSOC/api/Command/MakeNote"]["post"]["requestBody"]["content"]["application/json"]
            ["schema"];
        assert_eq!(schema["required"], json!(["Username", "Site", "CommandParams"]));
        assert_eq!(schema["properties"]["CommandParams"]["required"], json!(["Name"]));
        for path in ["/VSOC/api/Command/ListDevices", "/api/manage/v1/keys", "/api/manage/v1/users/{name}/roles/{site}"]
        {
            assert!(document["paths"][path].is_object(), "{path}");
        }
        // As JSON spells it, not as Rust does.
        assert_eq!(document["components"]["schemas"]["KeyKind"]["enum"], json!(["api", "jwt"]));
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let page = host.client.get(format!("{}/docs/", host.url)).send().await.unwrap();
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("swagger-ui"));
        let script = host.client.get(format!("{}/docs/swagger-ui-bundle.js", host.url)).send().await.unwrap();
        assert!(script.bytes().await.unwrap().len() > 100_000);
        let start = host.client.get(format!("{}/docs/swagger-initializer.js", host.url)).send().await.unwrap();
        assert!(start.text().await.unwrap().contains("/openapi.json"));
        for file in ["", "index.html", "swagger-initializer.js", "swagger-ui.css", "swagger-ui-bundle.js"] {
            let address = format!("{}/docs/{file}", host.url);
            assert_eq!(host.client.head(&address).send().await.unwrap().status(), 200, "{file}");
            let (status, body) = answer(host.client.post(&address)).await;
            assert_eq!((status, &body["Error"]), (405, &json!("The method \"POST\" is not allowed at this address.")));
        }
        let (status, body) = answer(host.client.get(format!("{}/docs/unknown.js", host.url))).await;
        assert_eq!((status, body["Error"].is_string()), (404, true));
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let trusted = |settings: &mut HostSettings| settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    for (hosts, expected) in
        [(TestHost::on_both().await, "127.0.0.1"), (TestHost::on_both_with(trusted).await, "203.0.113.9")]
    {
        for host in hosts {
            let call = host.command("ShowNotes", json!({})).header("x-forwarded-for", "6.6.6.6, 203.0.113.9");
            assert_eq!(answer(call).await.0, 200);
            assert_eq!(host.audit().await.pop().unwrap().address, expected);
        }
    }
}

#[tokio::test]
async fn a_host_speaks_tls_by_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (files, certificate) = certificate(folder.path());
    for host in TestHost::on_both_with(|settings| settings.tls = Some(files.clone())).await {
        assert!(host.url.starts_with("https://"));
        let authority = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
        let response = client.get(format!("{}/healthz", host.url)).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "ok\n");
    }
}

#[test]
fn settings_are_read_whole_or_refused_and_never_show_a_password() {
    assert_eq!(HostSettings::from_toml("").unwrap(), HostSettings::default());
    let settings = HostSettings::from_toml(
        "store = \"postgres://host:p@ss@db/soar?password=p@ss\"\nEnableEnhanceWebhookAuthentication = true\n",
    )
    .unwrap();
    assert!(settings.enable_enhance_webhook_authentication);
    assert_eq!(settings.store.expose(), "postgres://host:p@ss@db/soar?password=p@ss");
    for shown in [format!("{settings:?}"), settings.store.to_string(), serde_json::to_string(&settings).unwrap()] {
        assert!(!shown.contains("ss@") && !shown.contains("password") && shown.contains("db/soar"), "{shown}");
    }
    for (text, expected) in [
        ("listen = \"0.0.0.0:80\"", "plain-http-behind-proxy"),
        ("namespace = \"a/b\"", "namespace"),
        ("base-path = \"MainApp\"", "base-path"),
        ("body-bytes = 0", "body-bytes"),
        ("colour = \"red\"", "unknown field `colour`"),
        ("\nstore = 5 # p@ss", "line 2"),
    ] {
        let error = HostSettings::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("p@ss"), "{text}: {error}");
    }
    assert_eq!(StoreAddress::new("host.db").to_string(), "host.db");
}
