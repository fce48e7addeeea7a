//! The limits of the data that one caller can make the host store, read and answer.

use std::time::Duration;

use serde_json::{Value, json};
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_store::model::{AuditEntry, Surface, limits};
use soar_store::testing::TestStore;
use soar_store::{NewIncident, StoreError};

use crate::served::{ServedHost, draft, with};
use crate::support::{TestHost, answer};
use crate::world::{NOW, World, closing};

fn all() -> Value {
    json!({ "Start Time": "2021-01-27 00:00:00", "End Time": "2021-01-28 00:00:00" })
}

#[tokio::test]
async fn every_text_has_a_bound_in_every_entrance() {
    let long = |limit: limits::TextLimit| "é".repeat(limit.characters + 1);
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        world.keep_open("o-1").await;
        let set = |field: &str, text: String| {
            ("SetIncidentField", json!({ "Incident Number": "o-1", "Field Name": field, "Field Value": text }))
        };
        let create = |field: &str, value: Value| {
            let mut parameters = json!({ "IncidentType": "Phishing" });
            parameters[field] = value;
            ("CreateAnIncident", parameters)
        };
        let case =
            |field: &str, text: String| ("LinkIncidentsToNewCase", json!({ "Incident Numbers": ["o-1"], field: text }));
        let mut close = closing(&["o-1"]);
        close["Conclusion"] = json!(long(limits::CONCLUSION));
        for (command, parameters) in [
            create("IncidentType", json!(long(limits::KIND))),
            create("Description", json!(long(limits::DESCRIPTION))),
            create("RawData", json!({ "a": "x".repeat(limits::RAW_DATA.characters) })),
            set("Description", long(limits::DESCRIPTION)),
            set("Incident Type", long(limits::KIND)),
            set("Disposition", long(limits::DISPOSITION)),
            set("Conclusion", long(limits::CONCLUSION)),
            set("Customer.Root cause", long(limits::FIELD_VALUE)),
            case("Case Type", long(limits::KIND)),
            case("Case Priority", long(limits::PRIORITY)),
            ("CloseIncidentInBulk", close),
        ] {
            let refused = world.refusal("Admin", command, parameters).await;
            assert!(refused.contains("is the most. Shorten it."), "{command}: {refused}");
        }
        // D3 cuts titles. The answer shows the title that is stored.
        let (command, parameters) = set("Title", "é".repeat(limits::TITLE.characters + 1));
        let answer = world.json("Admin", command, parameters).await;
        assert_eq!(answer["contextData"][0]["Field Value"], "é".repeat(limits::TITLE.characters));
        let mut search = all();
        search["Dynamic Fields"] = json!({ "Customer": ["x".repeat(limits::DETAIL_NAME_BYTES + 1)] });
        let refused = world.refusal("Admin", "GetIncidents", search).await;
        assert!(refused.contains("Dynamic Fields: expected names of at most 1000 bytes"), "{refused}");

        let (command, parameters) = set("Description", "é".repeat(limits::DESCRIPTION.characters));
        assert_eq!(world.json("Admin", command, parameters).await["error"], "");

        let row = json!({
            "number": long(limits::NUMBER), "site": "Security Operations", "title": long(limits::TITLE),
            "description": long(limits::DESCRIPTION), "incidentType": long(limits::KIND), "owner": long(limits::NAME),
            "assignee": long(limits::NAME), "creator": long(limits::NAME), "disposition": long(limits::DISPOSITION),
            "conclusion": long(limits::CONCLUSION), "rawData": { "a": "x".repeat(limits::RAW_DATA.characters) },
            "status": "Closed", "closedBy": long(limits::NAME),
            "tasks": (0..=limits::MOST_DETAILS).map(|n| json!({ "name": n.to_string() })).collect::<Vec<_>>(),
            "fields": [{ "name": "a", "value": long(limits::FIELD_VALUE) }],
            "linkedIncidents": [{ "number": "o-1", "linkedBy": long(limits::NAME) }],
        });
        let options =
            ImportOptions { subject: Subject::Incidents, format: Format::Json, on_conflict: OnConflict::Fail };
        let entry = AuditEntry::new(NOW, Surface::Terminal, "test");
        let (caller, text) = (world.caller("Admin").await, json!([row]).to_string());
        let report = import(&test.store, &caller, options, text.as_bytes(), &entry, &mut |_| {}).await.unwrap();
        let mut named: Vec<_> = report.bad_rows.iter().filter_map(|row| row.field.clone()).collect();
        named.sort();
        let expected = [
            "assignee",
            "closedBy",
            "conclusion",
            "creator",
            "description",
            "disposition",
            "fields",
            "incidentType",
            "linkedIncidents",
            "number",
            "owner",
            "rawData",
            "tasks",
            "title",
        ];
        assert_eq!(named, expected, "{:?}", report.bad_rows);
    }
}

#[tokio::test]
async fn the_management_api_bounds_what_it_keeps() {
    let long = |limit: limits::TextLimit| "x".repeat(limit.characters + 1);
    for host in ServedHost::on_both().await {
        let schemas = host.open_api().await["components"]["schemas"].clone();
        for (schema, field, limit) in [
            ("IncidentToMake", "description", limits::DESCRIPTION),
            ("IncidentToMake", "incidentType", limits::KIND),
            ("IncidentToChange", "description", limits::DESCRIPTION),
            ("IncidentToChange", "incidentType", limits::KIND),
            ("IncidentToChange", "disposition", limits::DISPOSITION),
            ("IncidentToChange", "conclusion", limits::CONCLUSION),
            ("UserToMake", "name", limits::NAME),
        ] {
            let documented = &schemas[schema]["properties"][field]["maxLength"];
            assert_eq!(documented, &json!(limit.characters), "{schema}.{field}");
        }
        host.world().incidents(&host.stage.site, &["A-1"]).await;
        host.connection("Main").await;
        let incident = json!({ "site": "Security Operations", "incidentType": "Phishing" });
        let site = json!({ "name": "New", "kind": "Internal" });
        let schedule = json!({
            "name": "New", "site": "Security Operations", "integration": "gate", "command": "Wait", "everyMinutes": 60,
        });
        for (method, path, body) in [
            ("POST", "/incidents", with(incident, &json!({ "description": long(limits::DESCRIPTION) }))),
            ("PATCH", "/incidents/A-1", json!({ "conclusion": long(limits::CONCLUSION) })),
            ("POST", "/sites", with(site, &json!({ "description": long(limits::ABOUT) }))),
            ("POST", "/users", json!({ "name": long(limits::NAME) })),
            ("POST", "/keys", json!({ "name": long(limits::NAME), "kind": "api", "owner": "Admin" })),
            ("POST", "/connections", with(draft("New"), &json!({ "description": long(limits::ABOUT) }))),
            ("POST", "/schedules", with(schedule.clone(), &json!({ "name": long(limits::NAME) }))),
            (
                "POST",
                "/schedules",
                with(schedule, &json!({ "parameters": { "Note": long(limits::SCHEDULE_PARAMETERS) } })),
            ),
        ] {
            let (status, refused) = host.send(method, path, &body).await;
            assert_eq!(status, 422, "{method} {path}: {refused}");
        }
        let set = json!({ "Incident Number": "A-1", "Field Name": "Title", "Field Value": "é".repeat(100_001) });
        let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": set });
        let (_, refused) = answer(host.command("SetIncidentField", ("d3key", &host.key)).json(&body)).await;
        assert!(refused.to_string().contains("Field Value: The text has 100001 characters"), "{refused}");
    }
}

#[tokio::test]
async fn conclusions_that_are_added_in_bulk_and_over_time_have_bounds() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        let mut request = closing(&["o-1"]);
        let half = limits::CONCLUSION.characters / 2;
        request["Conclusion"] = json!("é".repeat(half));
        assert_eq!(world.json("Admin", "CloseIncidentInBulk", request.clone()).await["returnData"], "Successful");
        let open = json!({ "Incident Number": "o-1", "Field Name": "Status", "Field Value": "Open" });
        world.json("Admin", "SetIncidentField", open).await;
        let answer = world.json("Admin", "CloseIncidentInBulk", request.clone()).await;
        assert!(answer["error"].as_str().unwrap().contains("close the incident without a conclusion"), "{answer}");
        request["Conclusion"] = json!("Short.");
        assert_eq!(world.json("Admin", "CloseIncidentInBulk", request.clone()).await["returnData"], "Successful");

        request["Incident Numbers"] = (0..10_000).map(|number| number.to_string()).collect();
        request["Conclusion"] = json!("x".repeat(limits::CONCLUSIONS_AT_ONCE / 10_000 + 1));
        let refused = world.refusal("Admin", "CloseIncidentInBulk", request).await;
        assert!(refused.contains("in several calls"), "{refused}");
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_is_refused_before_it_is_read() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        // Forty texts of 1 MiB, each twice in the answer.
        for batch in 0..8 {
            let incidents: Vec<_> = (0..5)
                .map(|number| NewIncident {
                    raw_data: Some(format!("\"{}\"", "x".repeat(limits::RAW_DATA.characters - 2))),
                    ..NewIncident::open(format!("{batch}-{number}"), world.operations.id, "Admin", NOW)
                })
                .collect();
            let mut transaction = test.store.transaction().await.unwrap();
            transaction.records().insert_incidents(&incidents).await.unwrap();
            transaction.commit().await.unwrap();
        }
        let mut request = all();
        // All spellings mean one field.
        request["Static Fields"] =
            json!(["Incident Raw Data", "incident raw data", "Incident-Raw_Data", "INCIDENTRAWDATA"]);
        request["Page Size"] = json!(10);
        let page = serde_json::to_string(&world.run("viewer", "GetIncidents", request.clone()).await.unwrap()).unwrap();
        assert!((20 << 20..21 << 20).contains(&page.len()), "{}", page.len());
        // A page without the long texts does not read them.
        let mut titles = all();
        titles["Static Fields"] = json!(["Title", "Description"]);
        world.run("viewer", "GetIncidents", titles).await.unwrap();
        let room = test.store.answer_room();
        let others = room.take(240 << 20).unwrap();
        let busy = world.run("viewer", "GetIncidents", request.clone()).await.unwrap_err();
        assert!(busy.to_string().contains("Try again later"), "{busy}");
        drop(others);
        assert!(room.take(256 << 20).is_ok(), "an answer that is dropped takes no memory");
        let more: Vec<_> = (0..30)
            .map(|number| NewIncident {
                raw_data: Some(format!("\"{}\"", "x".repeat(limits::RAW_DATA.characters - 2))),
                ..NewIncident::open(format!("more-{number}"), world.operations.id, "Admin", NOW)
            })
            .collect();
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().insert_incidents(&more).await.unwrap();
        transaction.commit().await.unwrap();
        request["Page Size"] = json!(100);
        let refused = world.refusal("viewer", "GetIncidents", request).await;
        assert_eq!(refused, StoreError::TooLarge.to_string());
        assert!(refused.contains("64 MiB. Ask for smaller pages"), "{refused}");
    }
}

#[tokio::test]
async fn a_command_that_only_reads_ends_with_its_caller() {
    for host in TestHost::on_both().await {
        let call = tokio::spawn(answer(host.command("ShowNotesLate", json!({}))));
        host.gate.entered().await;
        call.abort();
        assert!(call.await.is_err());
        let ended = async {
            loop {
                match host.audit().await.pop() {
                    Some(entry) => break entry,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let entry = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
        assert_eq!((entry.status, entry.accepted), (499, false), "{entry:?}");
    }
}
