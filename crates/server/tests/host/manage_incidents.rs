//! Incidents and cases over the management API.

use serde_json::{Value, json};

use crate::served::{ServedHost, with};
use crate::support::answer;

fn numbers(page: &Value, of: &str) -> Vec<String> {
    page[of].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_incident_is_made_once_and_seen_whole() {
    for host in ServedHost::on_both().await {
        // The clock advances whenever a task of the host sleeps, so the due date is a year away.
        let due = host.host.now().0 / 1000 * 1000 + 365 * 24 * 3_600_000;
        let body = json!({
            "site": "security operations", "incidentType": "Phishing", "title": "Mail", "severity": "High",
            "description": "Somebody clicked.", "owner": "admin", "dueAt": due, "rawData": { "hosts": [1.50] },
        });
        let make = || host.call("POST", "/incidents").json(&body).header("Idempotency-Key", "one");
        let first = answer(make()).await;
        assert_eq!(first.0, 201, "{}", first.1);
        assert_eq!(answer(make()).await, first);
        let (status, made) = first;
        let number = made["number"].as_str().unwrap().to_owned();
        let expected = json!({
            "site": "Security Operations", "incidentType": "Phishing", "title": "Mail", "severity": "High",
            "description": "Somebody clicked.", "owner": "Admin", "dueAt": due, "status": "Open", "creator": "Admin",
            "rawData": { "hosts": [1.5] }, "version": 1, "tasks": [], "fields": [], "cases": [], "linkedIncidents": [],
        });
        assert_eq!((status, with(made.clone(), &expected)), (201, made.clone()), "{made}");
        assert_eq!(host.get(&format!("/incidents/{number}")).await, (200, made.clone()));
        let (_, page) = host.get("/incidents").await;
        assert_eq!((numbers(&page, "incidents"), page.get("next")), (vec![number.clone()], None));
        let entry = host.audit().await.into_iter().find(|entry| entry.status == 201).unwrap();
        assert_eq!((entry.site.as_str(), entry.reason), ("Security Operations", number));
        for (change, status) in [
            (json!({ "site": "Nowhere" }), 404),
            (json!({ "owner": "Nobody" }), 422),
            (json!({ "incidentType": " " }), 422),
            (json!({ "dueAt": 1 }), 422),
            (json!({ "dueAt": i64::MAX }), 422),
            (json!({ "rawData": "text" }), 422),
            (json!({ "severity": "Awful" }), 400),
            (json!({ "colour": "red" }), 400),
            (json!({ "site": null }), 400),
        ] {
            let (answered, refused) = host.send("POST", "/incidents", &with(body.clone(), &change)).await;
            assert_eq!(answered, status, "{change}: {refused}");
        }
        assert_eq!(host.get("/incidents").await.1["incidents"].as_array().unwrap().len(), 1);
        assert_eq!(host.get("/incidents/none").await.0, 404);
    }
}

#[tokio::test]
async fn incidents_are_found_by_what_they_hold_a_page_at_a_time() {
    for host in ServedHost::on_both().await {
        let world = host.world();
        world.incidents(&world.operations, &["A-1", "A-2", "A-3"]).await;
        world.incidents(&world.client, &["B-1"]).await;
        host.send("PATCH", "/incidents/A-2", &json!({ "title": "Odd_100% mail", "severity": "Critical" })).await;
        host.send("PATCH", "/incidents/A-3", &json!({ "owner": "Admin", "status": "Closed" })).await;
        let found = async |query: &str| {
            let (status, page) = host.get(&format!("/incidents{query}")).await;
            assert_eq!(status, 200, "{query}: {page}");
            (numbers(&page, "incidents").join(" "), page["next"].as_i64())
        };
        let just = |numbers: &str| (numbers.to_owned(), None);
        assert_eq!(found("").await, just("A-1 A-2 A-3 B-1"));
        assert_eq!(found("?limit=3").await, ("A-1 A-2 A-3".to_owned(), Some(3)));
        assert_eq!(found("?limit=3&offset=3").await, just("B-1"));
        assert_eq!(found("?limit=4").await, just("A-1 A-2 A-3 B-1"));
        assert_eq!(found("?site=client").await, just("B-1"));
        assert_eq!(found("?status=Closed").await, just("A-3"));
        assert_eq!(found("?severity=Critical&status=Open").await, just("A-2"));
        assert_eq!(found("?owner=Admin").await, just("A-3"));
        assert_eq!(found("?title=MAIL").await, just("A-2"));
        let made = crate::world::NOW.0 - 1000;
        assert_eq!(found(&format!("?since={made}&until={}", made + 1)).await, just("A-1 A-2 A-3 B-1"));
        assert_eq!(found(&format!("?until={made}")).await, just(""));
        assert_eq!(found(&format!("?offset={}", i64::MAX)).await, just(""));
        for (query, status) in [
            ("?limit=0".to_owned(), 400),
            ("?offset=-1".to_owned(), 400),
            ("?status=Late".to_owned(), 400),
            ("?severity=1".to_owned(), 400),
            (format!("?title={}", "x".repeat(101)), 400),
            ("?since=now".to_owned(), 400),
            ("?site=Nowhere".to_owned(), 404),
        ] {
            assert_eq!(host.get(&format!("/incidents{query}")).await.0, status, "{query}");
        }
    }
}

#[tokio::test]
async fn a_change_of_an_incident_is_done_whole_or_not_at_all() {
    for host in ServedHost::on_both().await {
        let world = host.world();
        world.incidents(&world.operations, &["A-1"]).await;
        world.keep_open("A-1").await;
        let (path, before) = ("/incidents/A-1", host.get("/incidents/A-1").await.1);
        let version = before["version"].as_i64().unwrap();
        for (change, status, said) in [
            (json!({ "title": "New", "status": "Closed" }), 422, "Status: "),
            (json!({ "title": "New", "owner": "Nobody" }), 422, "has no active user"),
            (json!({ "title": "New", "site": "Nowhere" }), 404, "There is no site"),
            (json!({ "title": "New", "fields": { "Customer.Mod": "x" } }), 422, "Customer.Mod"),
            (json!({ "title": "New", "version": version + 1 }), 409, "Read it again"),
            (json!({ "title": " " }), 422, "Title: "),
            (json!({ "status": "Late" }), 400, "status: expected Open or Closed"),
        ] {
            let (answered, refused) = host.send("PATCH", path, &change).await;
            let text = refused["Error"].as_str().unwrap();
            assert!(answered == status && text.contains(said), "{change}: {refused}");
            assert_eq!(host.get(path).await.1, before, "{change}");
        }
        assert_eq!(host.send("PATCH", path, &json!({ "version": version })).await, (200, before));

        let task = "/incidents/A-1/tasks/Call%20the%20customer";
        let (status, marked) = host.send("PUT", task, &json!({ "done": true })).await;
        assert_eq!(
            (status, &marked["tasks"][0]["done"], &marked["tasks"][1]["done"]),
            (200, &json!(true), &json!(false))
        );
        assert_eq!(host.noted().await.4, "A-1: Call the customer done");
        assert_eq!(host.send("PUT", "/incidents/A-1/tasks/Sing", &json!({ "done": true })).await.0, 404);
        assert_eq!(host.send("PUT", "/incidents/none/tasks/Sing", &json!({ "done": true })).await.0, 404);
        assert_eq!(host.send("PUT", task, &json!({})).await.0, 400);
        let change = json!({
            "version": marked["version"], "title": "New", "severity": "Low", "disposition": "False Positive",
            "conclusion": "Nothing", "assignee": "Admin", "dueAt": 4_000_000_000_000_i64, "site": "Client",
            "fields": { "Customer.Root cause": "Haste", "Mood": "Good" }, "status": "Closed",
        });
        let (status, changed) = host.send("PATCH", path, &change).await;
        let expected = json!({
            "title": "New", "severity": "Low", "disposition": "False Positive", "conclusion": "Nothing",
            "assignee": "Admin", "dueAt": 4_000_000_000_000_i64, "site": "Client", "status": "Closed",
            "closedBy": "Admin",
        });
        assert_eq!((status, with(changed.clone(), &expected)), (200, changed.clone()));
        assert_eq!((&changed["fields"][0]["value"], &changed["fields"][1]["value"]), (&json!("Haste"), &json!("Good")));
        let noted = host.noted().await;
        assert_eq!((noted.1, noted.2, noted.3.as_str()), (200, true, "Client"));
        assert!(noted.4.starts_with("A-1: Title, Severity") && noted.4.ends_with("Site, Status"), "{}", noted.4);
        let (_, opened) = host.send("PATCH", path, &json!({ "status": "Open" })).await;
        assert_eq!((&opened["status"], &opened["closedBy"]), (&json!("Open"), &Value::Null));
        assert_eq!(host.send("PATCH", "/incidents/none", &json!({})).await.0, 404);
    }
}

#[tokio::test]
async fn cases_are_listed_a_page_at_a_time_and_seen_with_their_incidents() {
    for host in ServedHost::on_both().await {
        let world = host.world();
        world.incidents(&world.operations, &["A-1", "A-2"]).await;
        world.cases(&world.operations, &["C-1", "C-2"]).await;
        world.cases(&world.client, &["C-3"]).await;
        let raw = json!({ "Case Numbers": ["C-1"], "Incident ID List": ["A-2", "A-1"], "Username": "Admin" });
        world.run("Admin", "LinkIncidentToExistingCases", raw).await.unwrap();
        let (_, page) = host.get("/cases?limit=2").await;
        assert_eq!(numbers(&page, "cases"), ["C-1", "C-2"]);
        let (_, last) = host.get(&format!("/cases?limit=2&after={}", page["next"])).await;
        assert_eq!((numbers(&last, "cases"), last.get("next")), (vec!["C-3".to_owned()], None));
        assert_eq!(numbers(&host.get("/cases?site=Client&status=Open").await.1, "cases"), ["C-3"]);
        assert!(numbers(&host.get("/cases?status=Closed").await.1, "cases").is_empty());
        for (query, status) in [("?status=x", 400), ("?after=x", 400), ("?site=Nowhere", 404)] {
            assert_eq!(host.get(&format!("/cases{query}")).await.0, status, "{query}");
        }
        host.send("PATCH", "/incidents/A-1", &json!({ "title": "Lost laptop", "status": "Closed" })).await;
        let (status, case) = host.get("/cases/C-1").await;
        assert_eq!(
            (status, &case["site"], numbers(&case, "incidents")),
            (200, &json!("Security Operations"), vec!["A-1".to_owned(), "A-2".to_owned()])
        );
        let linked = &case["incidents"][0];
        assert_eq!((&linked["title"], &linked["linkedBy"]), (&json!("Lost laptop"), &json!("Admin")));
        assert_eq!([&linked["status"], &case["incidents"][1]["status"]], [&json!("Closed"), &json!("Open")]);
        let (_, incident) = host.get("/incidents/A-1").await;
        assert_eq!((&incident["cases"][0]["number"], &incident["cases"][0]["status"]), (&json!("C-1"), &json!("Open")));
        assert_eq!(host.get("/cases/none").await.0, 404);
    }
}

#[tokio::test]
async fn the_document_describes_every_operation_with_all_that_it_can_answer() {
    for host in ServedHost::on_both().await {
        let document = host.open_api().await;
        let statuses = |path: &str, method: &str| -> Vec<String> {
            let operation = &document["paths"][format!("/api/manage/v1{path}")][method];
            operation["responses"].as_object().unwrap_or_else(|| panic!("{method} {path}")).keys().cloned().collect()
        };
        for (path, method, expected) in [
            ("/connections", "get", "200 400 401 403 404 405 429 500 503"),
            ("/connections", "post", "201 400 401 403 404 405 408 409 413 415 422 429 500 503"),
            ("/connections/{id}", "get", "200 400 401 403 404 405 429 500 503"),
            ("/connections/{id}", "patch", "200 400 401 403 404 405 408 409 413 415 422 429 500 503"),
            ("/connections/{id}", "delete", "200 400 401 403 404 405 409 422 429 500 503"),
            ("/connections/{id}/test", "post", "200 400 401 403 404 405 422 429 500 503"),
            ("/integrations", "get", "200 400 401 403 405 429 500 503"),
            ("/sealing-keys/rotate", "post", "200 400 401 403 405 422 429 500 503"),
            ("/runs", "get", "200 400 401 403 404 405 429 500 503"),
            ("/runs/{id}", "get", "200 400 401 403 404 405 429 500 503"),
            ("/runs/{id}/cancel", "post", "200 400 401 403 404 405 409 422 429 500 503"),
            ("/incidents", "get", "200 400 401 403 404 405 429 500 503"),
            ("/incidents", "post", "201 400 401 403 404 405 408 409 413 415 422 429 500 503"),
            ("/incidents/{number}", "patch", "200 400 401 403 404 405 408 409 413 415 422 429 500 503"),
            ("/incidents/{number}/tasks/{name}", "put", "200 400 401 403 404 405 408 409 413 415 422 429 500 503"),
            ("/cases", "get", "200 400 401 403 404 405 429 500 503"),
            ("/cases/{number}", "get", "200 400 401 403 404 405 429 500 503"),
        ] {
            assert_eq!(statuses(path, method).join(" "), expected, "{method} {path}");
        }
        let schemas = &document["components"]["schemas"];
        let given = &schemas["ConnectionDraft"]["properties"]["parameters"]["additionalProperties"];
        assert_eq!(given, &json!({ "$ref": "#/components/schemas/GivenValue" }));
        assert_eq!(schemas["ConnectionDraft"]["required"], json!(["integration", "name", "site"]));
        assert!(schemas["ConnectionChange"].get("required").is_none());
        assert_eq!(schemas["RunStatus"]["enum"][0], json!("Running"));
        let text = document.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.get(name).is_some(), "{name}");
        }
    }
}

#[tokio::test]
async fn incidents_are_linked_all_or_none_and_a_repeat_adds_nothing() {
    for host in ServedHost::on_both().await {
        let world = host.world();
        world.incidents(&world.operations, &["A-1", "A-2", "A-3"]).await;
        let link =
            async |others: Value| host.send("POST", "/incidents/A-1/links", &json!({ "incidents": others })).await;
        let (status, refused) = link(json!(["A-2", "none"])).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("none"), "{refused}");
        assert_eq!(host.get("/incidents/A-1").await.1["linkedIncidents"], json!([]), "nothing was linked");
        assert_eq!(link(json!(["A-2", "A-3"])).await, (200, json!({ "added": 2 })));
        let noted = ("POST /api/manage/v1/incidents/A-1/links", 200, true, "Security Operations");
        let (command, status, accepted, site, about) = host.noted().await;
        assert_eq!((command.as_str(), status, accepted, site.as_str()), noted);
        assert_eq!(about, "A-1: linked with A-2, A-3");
        assert_eq!(link(json!(["A-2"])).await, (200, json!({ "added": 0 })));
        let (_, whole) = host.get("/incidents/A-1").await;
        assert_eq!(whole["linkedIncidents"].as_array().unwrap().len(), 2);
        for (body, expected) in [(json!([]), 422), (json!(["A-1"]), 422), (json!("A-2"), 400)] {
            assert_eq!(link(body.clone()).await.0, expected, "{body}");
        }
        let unknown = host.send("POST", "/incidents/none/links", &json!({ "incidents": ["A-1"] })).await;
        assert!(unknown.0 == 422 || unknown.0 == 404, "{}", unknown.1);
    }
}
