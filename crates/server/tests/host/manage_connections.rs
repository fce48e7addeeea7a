//! Connections, integrations and the sealing key over the management API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use soar_host::access::{KeyRequest, issue_key};
use soar_host::sealing::Keyring;
use soar_store::AnswerClaim;
use soar_store::model::{ConnectionId, JWT_SECRET_CONTEXT, KeyKind, Moment, ParameterState};

use crate::served::{CANARY, ServedHost, draft, with};
use crate::support::{answer, key_request};

#[tokio::test]
async fn a_connection_is_made_seen_changed_and_deleted_and_its_secret_is_seen_by_nobody() {
    for host in ServedHost::on_both().await {
        let made = host.connection("Main").await;
        let path = format!("/connections/{}", made["id"]);
        let parameters = json!({ "Server URL": "http://gate.example", "Password": { "secret": true } });
        assert_eq!((&made["parameters"], &made["version"], &made["active"]), (&parameters, &json!(1), &json!(true)));
        let noted = |command: String, status, about: &str| {
            (command, status, true, "Security Operations".to_owned(), about.to_owned())
        };
        assert_eq!(host.noted().await, noted("POST /api/manage/v1/connections".to_owned(), 201, "Main"));
        assert_eq!(host.get(&path).await, (200, made.clone()));
        assert_eq!(host.get("/connections").await, (200, json!([made])));
        assert_eq!(host.get("/connections?site=security%20operations").await, (200, json!([made])));
        assert_eq!(host.get("/connections?site=Client").await, (200, json!([])));
        assert_eq!(host.get("/connections?site=Nowhere").await.0, 404);

        let agent = json!({ "name": "Agent", "address": "http://proxy.example:3128" });
        assert_eq!(host.send("POST", "/agents", &agent).await.0, 201);
        let change = json!({
            "version": 1, "name": "Other", "agentName": "Agent", "active": false, "users": ["Admin"],
            "healthCheckMinutes": 5, "parameters": { "Password": "" },
        });
        let (status, changed) = host.send("PATCH", &path, &change).await;
        let expected = with(
            made.clone(),
            &json!({
                "name": "Other", "agentName": "Agent", "active": false, "users": ["Admin"], "version": 2,
                "healthCheck": {
                    "everyMinutes": 5, "email": null, "webhooks": [], "alertAfter": 3, "recoverAfter": 2,
                    "slowMs": 5000,
                },
                "modifiedAt": changed["modifiedAt"],
            }),
        );
        assert_eq!((status, &changed), (200, &expected));
        assert_eq!(host.noted().await, noted(format!("PATCH /api/manage/v1{path}"), 200, "Other"));
        let (status, stale) = host.send("PATCH", &path, &change).await;
        assert!(status == 409 && stale["Error"].as_str().unwrap().contains("version 2"), "{stale}");
        let (_, cleared) = host.send("PATCH", &path, &json!({ "agentName": null, "healthCheckMinutes": null })).await;
        assert_eq!((&cleared["agentName"], &cleared["healthCheck"]), (&Value::Null, &Value::Null));
        let stored = host.stored(ConnectionId(made["id"].as_i64().unwrap())).await;
        assert!(stored.parameters.iter().any(|one| one.name == "Password" && one.value == ParameterState::Sealed));

        assert_eq!(answer(host.call("DELETE", &path)).await, (200, cleared));
        assert_eq!(host.noted().await, noted(format!("DELETE /api/manage/v1{path}"), 200, "Other"));
        for method in ["GET", "DELETE"] {
            assert_eq!(answer(host.call(method, &path)).await.0, 404);
        }
        assert_eq!(host.send("PATCH", &path, &json!({})).await.0, 404);
        let seen = [made, changed].map(|value| value.to_string()).concat();
        assert!(!seen.contains("canary"), "{seen}");
        host.assert_canary_is_hidden().await;
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_changes_nothing_and_no_word_repeats_a_secret() {
    for host in ServedHost::on_both().await {
        let made = host.connection("Main").await;
        let path = format!("/connections/{}", made["id"]);
        let secret = |value: Value| json!({ "parameters": { "Server URL": "http://x", "Password": value } });
        for (change, status, said) in [
            (json!({ "integration": "gaet" }), 422, "Did you mean"),
            (json!({ "site": "Nowhere" }), 422, "There is no site"),
            (json!({ "users": ["Nobody"] }), 404, "There is no user"),
            (json!({ "name": "MAIN" }), 409, "exists already"),
            (json!({ "name": " " }), 422, "is empty"),
            (json!({ "healthCheckMinutes": 0 }), 422, "1 to 43200"),
            (json!({ "healthCheckMinutes": 5, "healthCheckEmail": "soc" }), 422, "Expected a mail address"),
            (json!({ "healthCheckMinutes": 5, "healthCheckWebhooks": [""] }), 422, "webhook:NAME"),
            (json!({ "healthCheckMinutes": 5, "healthCheckAlertAfter": 0 }), 422, "1 to 100"),
            (json!({ "healthCheckMinutes": 5, "healthCheckRecoverAfter": 0 }), 422, "1 to 10 passed checks"),
            (json!({ "healthCheckMinutes": 5, "healthCheckRecoverAfter": 11 }), 422, "1 to 10 passed checks"),
            (json!({ "healthCheckMinutes": 5, "healthCheckSlowMs": 0 }), 422, "1 to 3600000"),
            (json!({ "parameters": { "Password": CANARY } }), 422, "Server URL: It is required"),
            (json!({ "parameters": { "Pasword": CANARY } }), 422, "Did you mean"),
            (json!({ "parameters": CANARY }), 400, "parameters: expected an object, found a text"),
            (json!({ "parameters": [CANARY] }), 400, "parameters: expected an object, found a list"),
            (json!({ "active": CANARY }), 400, "active: expected a boolean, found a text"),
            (json!({ "healthCheckMinutes": CANARY }), 400, "healthCheckMinutes: expected a whole number"),
            (json!({ "users": CANARY }), 400, "users: expected a list"),
            (json!({ "colour": CANARY }), 400, "unknown field `colour`"),
            (secret(json!([CANARY])), 400, "expected a text"),
            (secret(json!({ "secret": CANARY })), 400, "expected a text"),
            (secret(json!({ "reference": CANARY })), 400, "expected env:NAME"),
            (secret(json!({ "reference": "canary:5f1c0e" })), 400, "expected env:NAME"),
            (secret(json!({ "reference": "env:HOME" })), 422, "FOOTPRINT_SECRET_"),
            (secret(json!("y".repeat(65_537))), 422, "longer than"),
            (secret(json!(format!("{CANARY}\u{0}"))), 400, "NUL character in parameters.Password"),
            (json!({ "parameters": { "Server URL": "http://break-down", "Password": CANARY } }), 422, "panicked"),
        ] {
            let (answered, body) = host.send("POST", "/connections", &with(draft("New"), &change)).await;
            let text = body["Error"].as_str().unwrap();
            assert!(answered == status && text.contains(said) && !text.contains("canary"), "{change}: {body}");
            let (_, status_noted, accepted, _, reason) = host.noted().await;
            assert_eq!((status_noted, accepted, reason.is_empty()), (i64::from(status), false, false));
        }
        for (body, said) in [
            (format!("\"{CANARY}\""), "expected an object, found a text"),
            (format!("{{\"name\": {CANARY}}}"), "line 1"),
        ] {
            let request = host.call("POST", "/connections").header("content-type", "application/json").body(body);
            let (status, body) = answer(request).await;
            assert!(status == 400 && body.to_string().contains(said) && !body.to_string().contains("canary"), "{body}");
        }
        for (change, status) in [
            (json!({ "parameters": { "Server URL": "http://mine.example" } }), 422),
            (json!({ "site": null, "name": "" }), 422),
            (json!({ "version": 2 }), 409),
            (json!({ "version": "1" }), 400),
            (json!({ "integration": "gate" }), 400),
        ] {
            assert_eq!(host.send("PATCH", &path, &change).await.0, status, "{change}");
        }
        for id in ["0", "-1", "x", "9223372036854775808", "999"] {
            assert_eq!(host.get(&format!("/connections/{id}")).await.0, 404, "{id}");
        }
        for (path, status, said) in [
            ("/connections/x", 404, "id: expected a whole number."),
            ("/runs?before=x", 400, "before: expected a whole number."),
            ("/runs?colour=1", 400, "unknown parameter `colour`. Valid: "),
            ("/integrations?colour=1", 400, "unknown parameter `colour`. Valid: none."),
        ] {
            let (answered, body) = host.get(path).await;
            assert!(answered == status && body["Error"].as_str().unwrap().contains(said), "{path}: {body}");
        }
        assert_eq!(host.get("/connections").await.1, json!([made]));
        let plain = host.call("POST", "/connections").body(draft("New").to_string());
        assert_eq!(answer(plain).await.0, 415);
        host.assert_canary_is_hidden().await;
    }
}

#[tokio::test]
async fn a_repeated_call_makes_one_connection_and_what_is_kept_of_it_holds_no_trace_of_the_secret() {
    for host in ServedHost::on_both().await {
        let make = |name: &str| host.call("POST", "/connections").json(&draft(name)).header("Idempotency-Key", "one");
        let (one, two) = tokio::join!(answer(make("Main")), answer(make("Main")));
        assert_eq!((one.0, &one), (201, &two));
        assert_eq!(host.get("/connections").await.1, json!([one.1]));
        assert_eq!(answer(make("Other")).await.0, 422);
        // The fingerprint of a body is sealed, so passwords cannot be guessed by it.
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"POST /api/manage/v1/connections\0").update(draft("Main").to_string().as_bytes());
        let fingerprint = hasher.finalize().to_hex().to_string();
        let admin = host.stage.administrator().await;
        let claim = AnswerClaim {
            user: admin.user.id,
            access_key: soar_store::model::AccessKeyId(1),
            key: "one".to_owned(),
            fingerprint: String::new(),
            request_id: String::new(),
        };
        let mut transaction = host.stage.test.store.transaction().await.unwrap();
        let kept = transaction.records().claim_answer(&claim, Moment(0), Moment::MAX).await.unwrap().unwrap();
        drop(transaction);
        assert!(!kept.fingerprint.contains(&fingerprint) && !kept.answer.unwrap().1.contains("canary"));
        let sealed = STANDARD.decode(&kept.fingerprint).unwrap();
        assert_eq!(&*host.stage.keyring.open("answers/fingerprint", &sealed).unwrap(), fingerprint.as_bytes());
        host.assert_canary_is_hidden().await;
    }
}

#[tokio::test]
async fn a_connection_is_tested_without_holding_a_transaction_and_the_test_is_a_run_and_an_entry() {
    for host in ServedHost::on_both().await {
        let made = host.connection("Main").await;
        let path = format!("/connections/{}/test", made["id"]);
        let (status, tested) = answer(host.call("POST", &path)).await;
        assert_eq!((status, &tested["passed"], &tested["text"]), (200, &json!(true), &json!("Passed")));
        assert_eq!((&tested["returnData"], &tested["error"]), (&json!("Successful"), &Value::Null), "the outcome");
        assert!(tested["receipt"]["requestId"].is_string(), "{tested}");
        let noted = host.noted().await;
        assert_eq!(
            (noted.1, noted.2, noted.3.as_str(), noted.4.as_str()),
            (200, true, "Security Operations", "Main: Passed")
        );
        let elsewhere = answer(host.call("POST", &format!("{path}?site=Client"))).await;
        assert!(
            elsewhere.0 == 422 && elsewhere.1["Error"].as_str().unwrap().contains("test it there"),
            "{elsewhere:?}"
        );
        assert_eq!(answer(host.call("POST", &format!("{path}?site=Nowhere"))).await.0, 404);
        let (_, run) = host.get(&format!("/runs/{}", tested["run"])).await;
        assert_eq!(
            (&run["command"], &run["user"], &run["key"]),
            (&json!("Test Connection"), &json!("Admin"), &json!("manager"))
        );

        let moved = json!({ "site": "Shared to internal sites" });
        host.send("PATCH", &format!("/connections/{}", made["id"]), &moved).await;
        assert_eq!(answer(host.call("POST", &path)).await.0, 200);
        assert_eq!(host.noted().await.3, "Security Operations");
        let (status, refused) = answer(host.call("POST", &format!("{path}?site=Client"))).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("internal site"), "{refused}");
        assert_eq!(answer(host.call("POST", &format!("{path}?site=security%20operations"))).await.0, 200);
        let missing = json!({ "parameters": { "Password": { "reference": "env:FOOTPRINT_SECRET_MISSING" } } });
        host.send("PATCH", &format!("/connections/{}", made["id"]), &missing).await;
        let (status, tested) = answer(host.call("POST", &path)).await;
        assert!(status == 200 && tested["passed"] == json!(false), "{tested}");
        assert!(tested["text"].as_str().unwrap().contains("FOOTPRINT_SECRET_MISSING does not exist"), "{tested}");
        assert_eq!(host.noted().await.4, "Main: Failed");

        host.send("PATCH", &format!("/connections/{}", made["id"]), &json!({ "active": false })).await;
        let (status, refused) = answer(host.call("POST", &path)).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("inactive"), "{refused}");
        let noted = host.noted().await;
        assert!(!noted.2 && noted.4.contains("inactive"), "{noted:?}");
        assert_eq!(answer(host.call("POST", "/connections/999/test")).await.0, 404);
        host.assert_canary_is_hidden().await;
    }
}

#[tokio::test]
async fn integrations_are_listed_with_the_parameters_of_their_connections() {
    for host in ServedHost::on_both().await {
        let (status, all) = host.get("/integrations").await;
        let ids: Vec<_> = all.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!((status, ids), (200, vec!["coda-footprint", "gate"]));
        let password = &all[1]["parameters"][1];
        assert_eq!(
            (&password["name"], &password["kind"], &password["secret"], &password["required"]),
            (&json!("Password"), &json!("text"), &json!(true), &json!(false))
        );
        assert!(all[1]["commands"].as_array().unwrap().contains(&json!("Wait")));
    }
}

#[tokio::test]
async fn a_rotation_seals_every_secret_again_those_of_jwt_keys_too() {
    for host in ServedHost::on_both().await {
        let made = host.connection("Main").await;
        let mut transaction = host.stage.test.store.transaction().await.unwrap();
        let request = KeyRequest { kind: KeyKind::Jwt, ..key_request("tokens", "Admin") };
        let issued = issue_key(&mut transaction.records(), &host.stage.keyring, &request, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let before = host.stage.keyring.current_id();
        let rotate = || host.call("POST", "/sealing-keys/rotate");
        let (status, refused) = answer(rotate().header("Idempotency-Key", "once")).await;
        assert!(status == 400 && refused["Error"].as_str().unwrap().contains("takes no header"), "{refused}");
        assert_eq!(host.stage.keyring.current_id(), before, "nothing was rotated");
        let (status, rotation) = answer(rotate()).await;
        assert_eq!(
            (status, &rotation["resealed"], &rotation["retired"]),
            (200, &json!(2), &json!([before.to_string()]))
        );
        assert!(host.noted().await.4.contains("2 secrets were sealed again"));

        // Only the new key is in the file.
        let keyring = Keyring::from_file(&host.stage.folder.path().join("keys")).unwrap();
        assert_eq!(keyring.ids().len(), 1);
        let mut reader = host.stage.test.store.reader().await.unwrap();
        let keys = reader.records().stored_keys().await.unwrap();
        drop(reader);
        let stored = keys.iter().find(|stored| stored.key.name == "tokens").unwrap();
        let opened = keyring.open(JWT_SECRET_CONTEXT, &STANDARD.decode(&stored.secret).unwrap()).unwrap();
        assert_eq!(std::str::from_utf8(&opened).unwrap(), &*issued.text);
        let (_, tested) = answer(host.call("POST", &format!("/connections/{}/test", made["id"]))).await;
        assert_eq!(tested["passed"], json!(true));

        let seconds = host.host.now().0 / 1000;
        let claims = json!({ "Username": "Admin", "exp": seconds + 60 });
        let token = jsonwebtoken::encode(
            &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
            &claims,
            &jsonwebtoken::EncodingKey::from_secret(issued.text.as_bytes()),
        )
        .unwrap();
        let (status, body) = answer(host.command("TestConnection", ("d3jwt", &token))).await;
        assert_eq!((status, &body["returnData"]), (200, &json!("Successful")), "{body}");
    }
}

#[tokio::test]
async fn a_draft_and_a_change_are_tested_and_nothing_is_stored() {
    for host in ServedHost::on_both().await {
        let (status, tested) = host.send("POST", "/connections/test", &draft("Draft")).await;
        assert_eq!((status, &tested["passed"], &tested["text"]), (200, &json!(true), &json!("Passed")), "{tested}");
        let noted = host.noted().await;
        assert_eq!(
            (noted.0.as_str(), noted.2, noted.4.as_str()),
            ("POST /api/manage/v1/connections/test", true, "Draft, not saved: Passed")
        );
        assert_eq!(host.get("/connections").await, (200, json!([])));
        let missing = with(draft("Draft"), &json!({ "parameters": {} }));
        let (status, refused) = host.send("POST", "/connections/test", &missing).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("required"), "{refused}");

        let made = host.connection("Main").await;
        let taken = host.send("POST", "/connections/test", &draft("Main")).await;
        assert_eq!(taken.0, 409, "the test finds what saving would find: {}", taken.1);
        let path = format!("/connections/{}/test-change", made["id"]);
        let (status, tested) = host.send("POST", &path, &json!({ "name": "Other" })).await;
        assert_eq!((status, &tested["passed"]), (200, &json!(true)), "{tested}");
        // Otherwise a test would send the stored secret to any server.
        let elsewhere = json!({ "parameters": { "Server URL": "http://elsewhere.example" } });
        let (status, refused) = host.send("POST", &path, &elsewhere).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("give these secrets again"), "{refused}");
        let (status, _) = host.send("POST", &path, &json!({ "version": 7 })).await;
        assert_eq!(status, 409);
        assert_eq!(host.send("POST", "/connections/999/test-change", &json!({})).await.0, 404);
        assert_eq!(host.get(&format!("/connections/{}", made["id"])).await, (200, made));
        assert_eq!(host.get("/runs").await.1["runs"], json!([]));
        host.assert_canary_is_hidden().await;
    }
}
