//! The addresses of callers, and the addresses of the host below a base path.

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use soar_host::settings::HostSettings;

use crate::support::{TestHost, answer};

fn behind_a_proxy(settings: &mut HostSettings) {
    settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
}

#[tokio::test]
async fn a_forwarded_address_counts_without_its_port_and_brackets() {
    for host in TestHost::on_both_with(behind_a_proxy).await {
        for (forwarded, expected) in
            [("203.0.113.9:5678", "203.0.113.9"), ("6.6.6.6, [2001:db8::1]:443", "2001:db8::1"), ("[::1]", "::1")]
        {
            let call = host.command("ShowNotes", json!({})).header("x-forwarded-for", forwarded);
            assert_eq!(answer(call).await.0, 200);
            assert_eq!(host.audit().await.pop().unwrap().address, expected, "{forwarded}");
        }
    }
}

#[tokio::test]
async fn a_call_whose_address_the_trusted_proxy_does_not_say_is_refused_with_the_reason() {
    for host in TestHost::on_both_with(behind_a_proxy).await {
        let manage = host.manage("GET", "/sites");
        let metrics = host.client.get(format!("{}/metrics", host.url)).bearer_auth(&host.key);
        for call in [host.command("ShowNotes", json!({})), manage, metrics] {
            let (status, body) = answer(call.header("x-forwarded-for", "203.0.113.9, unknown")).await;
            let error = "The proxy 127.0.0.1 sent \"unknown\" in X-Forwarded-For. Expected IP addresses with commas \
                         between them.";
            assert_eq!((status, body), (400, json!({ "Error": error })));
            assert_eq!(host.audit().await.pop().unwrap().reason, error);
        }
    }
}

#[tokio::test]
async fn everything_is_below_the_base_path_and_without_it() {
    for host in TestHost::on_both_with(|settings| settings.base_path = "/soar/one".to_owned()).await {
        let get = |path: &str| host.client.get(format!("{}{path}", host.url));
        for base in ["", "/soar/one"] {
            for path in ["/healthz", "/readyz", "/docs/", "/docs/swagger-ui.css", "/openapi.json", "/docs", "/", ""] {
                if base.is_empty() && path.is_empty() {
                    continue;
                }
                let response = get(&format!("{base}{path}")).send().await.unwrap();
                assert_eq!(response.status(), 200, "{base}{path}");
                // Redirects lead to the page.
                let ends = if ["/docs", "/", ""].contains(&path) { "/docs/" } else { path };
                assert_eq!(response.url().path(), format!("{base}{ends}"));
            }
            let metrics = get(&format!("{base}/metrics")).bearer_auth(&host.key).send().await.unwrap();
            assert_eq!(metrics.status(), 200);
            let sites = get(&format!("{base}/api/manage/v1/sites")).header("d3key", &host.key);
            assert_eq!(answer(sites).await.0, 200);
            for namespace in ["", "/VSOC"] {
                let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} });
                let address = format!("{}{base}{namespace}/api/Command/ShowNotes", host.url);
                let call = host.client.post(address).header("d3key", &host.key).json(&body);
                assert_eq!(answer(call).await.0, 200);
            }
            assert_eq!(answer(get(&format!("{base}/nothing"))).await.0, 404);
        }
        let metrics = get("/metrics").bearer_auth(&host.key).send().await.unwrap().text().await.unwrap();
        let line = r#"soar_host_calls_total{command="GET /api/manage/v1/sites",status="200",surface="management"} 2"#;
        assert!(metrics.contains(line), "{metrics}");
        let document: Value = get("/soar/one/openapi.json").send().await.unwrap().json().await.unwrap();
        for path in ["/soar/one/VSOC/api/Command/MakeNote", "/soar/one/api/manage/v1/sites"] {
            assert!(document["paths"][path].is_object(), "{path}");
        }
        assert!(document["paths"]["/api/manage/v1/sites"].is_null());
    }
}

#[tokio::test]
async fn the_page_finds_its_document_below_any_path_of_a_proxy() {
    for host in TestHost::on_both().await {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        for path in ["/", "/docs"] {
            let response = client.get(format!("{}{path}", host.url)).send().await.unwrap();
            assert!(response.status().is_redirection());
            assert_eq!(response.headers()["location"], "docs/", "{path}");
        }
        let start = client.get(format!("{}/docs/swagger-initializer.js", host.url)).send().await.unwrap();
        assert!(start.text().await.unwrap().contains("\"../openapi.json\""));
    }
}
