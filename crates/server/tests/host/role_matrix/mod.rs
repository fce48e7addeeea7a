//! Every operation of the OpenAPI document with every kind of credential. The expectation follows from the operation's
//! declaration: a management operation needs a key that may manage, and a command needs the right in its manifest.

mod matrix;

use matrix::{CallVerdict, HERE, Matrix, THERE, parameters, verdict};
use std::collections::BTreeMap;

use serde_json::json;
use soar_store::model::User;
use soar_store::testing::TestStore;

use crate::support::answer;

/// The operations of the management API that also read for keys that may not manage.
const READING: &[&str] =
    &["listFindings", "getFinding", "listFindingTenants", "listFindingChanges", "listFindingDifferences"];

#[tokio::test]
async fn a_management_operation_is_only_for_unlimited_keys_of_administrators_that_may_manage() {
    for test in TestStore::on_both().await {
        let matrix = Matrix::over(test).await;
        matrix.make_incidents().await;
        let operations = matrix.operations().await;
        let managed: Vec<_> = operations.iter().filter(|(_, path, _)| path.starts_with("/api/manage/")).collect();
        assert!(managed.len() > 50, "{}", managed.len());
        let before = matrix.kept().await;
        // The key that may manage comes last: what it is let do is done.
        let (last, others): (Vec<_>, Vec<_>) =
            matrix.credentials.iter().partition(|credential| credential.opens_management);
        for (credentials, is_last) in [(others, false), (last, true)] {
            for credential in credentials {
                for (method, path, operation) in &managed {
                    assert_eq!(operation["security"], json!([{ "d3key": [] }]), "{method} {path}");
                    let address =
                        path.replace("{name}", "Admin").replace("{number}", "one").replace("{site}", "Client");
                    let address = address.replace("{id}", "1");
                    assert!(!address.contains('{'), "{address}");
                    let response = matrix.request(method, &address, credential).json(&json!({})).send().await.unwrap();
                    let (status, said) = (response.status().as_u16(), response.text().await.unwrap());
                    let refused = [401, 403].contains(&status);
                    let id = operation["operationId"].as_str().unwrap();
                    let opens = credential.opens_management || (READING.contains(&id) && credential.reads());
                    let expected = match (credential.is_good, opens) {
                        (false, _) => status == 401,
                        (true, false) => status == 403,
                        (true, true) => !refused,
                    };
                    assert!(expected, "{method} {path} with {}: {status} {said}", credential.what);
                }
            }
            if !is_last {
                assert_eq!(matrix.kept().await, before);
            }
        }
    }
}

#[tokio::test]
async fn a_command_is_for_callers_with_the_right_that_its_manifest_declares() {
    for test in TestStore::on_both().await {
        let matrix = Matrix::over(test).await;
        matrix.make_incidents().await;
        let operations = matrix.operations().await;
        let commands: Vec<_> = operations.iter().filter(|(_, path, _)| path.contains("/api/Command/")).collect();
        let plain = commands.iter().filter(|(_, path, _)| !path.ends_with("/plan") && !path.ends_with("/apply"));
        assert_eq!(plain.count(), matrix.host.commands.all().count());
        let mut seen = BTreeMap::new();
        for (_, path, operation) in &commands {
            let command = path.trim_end_matches("/plan").trim_end_matches("/apply");
            let registered = matrix.host.commands.find(command.rsplit('/').next().unwrap()).unwrap();
            for credential in &matrix.credentials {
                for site in [HERE, THERE, "Nowhere"] {
                    let before = matrix.kept().await;
                    let mut body = json!({
                        "Username": credential.user, "Site": site, "CommandParams": parameters(operation, credential.user),
                    });
                    if path.ends_with("/apply") {
                        body["Fingerprint"] = json!("of no plan");
                    }
                    let (status, said) = answer(matrix.request("post", path, credential).json(&body)).await;
                    let expected = credential.expected(registered, site);
                    let found = verdict(status, &said);
                    // The fingerprint is looked at before the right: what is applied without a plan does nothing.
                    let is_no_plan = path.ends_with("/apply") && said["error"].to_string().contains("not from a plan");
                    let fits = found == expected || (is_no_plan && expected == CallVerdict::NoRight);
                    assert!(fits, "{path} with {} on {site}: {expected:?}: {status} {said}", credential.what);
                    if found != CallVerdict::LetIn || is_no_plan {
                        assert_eq!(matrix.kept().await, before, "{path} with {} on {site}", credential.what);
                    }
                    *seen.entry(format!("{found:?}")).or_insert(0) += 1;
                }
            }
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
    }
}

#[tokio::test]
async fn a_key_calls_in_nobodys_name_but_its_users() {
    for test in TestStore::on_both().await {
        let matrix = Matrix::over(test).await;
        let users: Vec<User> = matrix.stage.test.store.reader().await.unwrap().records().users().await.unwrap();
        for credential in matrix.credentials.iter().filter(|credential| credential.is_good) {
            for user in users.iter().filter(|user| user.name != credential.user) {
                for name in [user.name.clone(), user.name.to_uppercase(), format!(" {} ", user.name)] {
                    let body = json!({ "Username": name, "Site": HERE, "CommandParams": {} });
                    let request = matrix.request("post", "/VSOC/api/Command/GetIncidents", credential).json(&body);
                    let (status, said) = answer(request).await;
                    assert_eq!(status, 401, "{} as {name}: {said}", credential.what);
                }
            }
        }
    }
}

#[tokio::test]
async fn no_spelling_of_an_address_or_a_header_lets_a_limited_key_do_more() {
    let matrix = Matrix::over(TestStore::on(soar_store::Engine::Sqlite).await).await;
    matrix.make_incidents().await;
    let before = matrix.kept().await;
    let narrow = matrix.credentials.iter().find(|credential| credential.what == "for no command").unwrap();
    let body = json!({ "Username": "Admin", "Site": HERE, "CommandParams": { "IncidentType": "x" } });
    for command in [
        "CreateAnIncident",
        "createanincident",
        "CREATEANINCIDENT",
        "Create%41nIncident",
        "%43reateAnIncident",
        "CreateAnIncident/",
        "CreateAnIncident%2f",
        "CreateAnIncident%00",
        "CreateAnIncident;x",
        "CreateAnIncident?x=GetIncidents",
        "GetIncidents%2f..%2fCreateAnIncident",
        "CreateAnIncident%20",
        "Create%20An%20Incident",
        "CreateAn%2549ncident",
    ] {
        for prefix in ["/VSOC/api/Command/", "/vsoc/api/command/", "//VSOC/api/Command/", "/VSOC//api/Command/"] {
            let response =
                matrix.request("post", &format!("{prefix}{command}"), narrow).json(&body).send().await.unwrap();
            let text = response.text().await.unwrap();
            assert!(!text.contains("\"Successful\""), "{prefix}{command}: {text}");
        }
    }
    let viewer = matrix.credentials.iter().find(|credential| credential.what == "viewer").unwrap();
    for header in ["X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Forwarded"] {
        let request = matrix.request("get", "/healthz", viewer).header(header, "/api/manage/v1/users");
        assert!(!request.send().await.unwrap().text().await.unwrap().contains("viewer"), "{header}");
    }
    for path in
        ["/api/manage/v1//users", "/API/manage/v1/users", "/docs/../api/manage/v1/users", "/api/manage/v1/%75sers"]
    {
        let response = matrix.request("get", path, viewer).send().await.unwrap();
        assert!(!response.text().await.unwrap().contains("stranger"), "{path}");
    }
    // Two keys, or a key and a token, are none.
    let two = matrix.request("post", "/VSOC/api/Command/GetIncidents", viewer).header("d3key", "another").json(&body);
    assert_eq!(answer(two).await.0, 401);
    assert_eq!(matrix.kept().await, before);
}
