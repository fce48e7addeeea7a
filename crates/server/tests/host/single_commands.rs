//! Create An Incident, Get Incidents and Set Incident Field.

use serde_json::{Value, json};
use soar_store::model::{Moment, Status, Version};
use soar_store::testing::TestStore;

use crate::world::{NOW, World, closing};

#[tokio::test]
async fn a_created_incident_is_numbered_by_the_sites_day_and_found_again() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        // An imported number is not assigned again.
        world.incidents(&world.operations, &["20210127-2"]).await;
        let request = json!({
            "IncidentType": "Phishing", "Title": "é".repeat(120), "Severity": "critical", "Owner": "analyst",
            "TimeZone": "(GMT-08:00) Pacific Standard Time", "DueDate": "2021-01-28 00:00:00",
            "RawData": { "source": "sensor" }
        });
        let mut numbers = Vec::new();
        for _ in 0..2 {
            let answer = world.json("analyst", "CreateAnIncident", request.clone()).await;
            assert_eq!((&answer["error"], &answer["returnData"]), (&json!(""), &json!("Successful")));
            numbers.push(answer["contextData"][0]["Incident Number"].as_str().unwrap().to_owned());
        }
        assert_eq!(numbers, ["20210127-1", "20210127-3"]);
        let incident = test.store.reader().await.unwrap().records().incident("20210127-1").await.unwrap();
        assert_eq!(incident.title, "é".repeat(100));
        assert_eq!((incident.owner.as_deref(), incident.creator.as_str()), (Some("analyst"), "analyst"));
        assert_eq!(incident.due_at, Some(Moment(1_611_820_800_000)));
        assert_eq!(incident.raw_data.as_deref(), Some("{\"source\":\"sensor\"}"));
        for (field, value, expected) in [
            ("DueDate", json!("2020-01-01 00:00:00"), "in the past"),
            ("DueDate", json!("soon"), "yyyy-MM-dd"),
            ("Owner", json!("nobody"), "no active user"),
            ("TimeZone", json!("Mars"), "time zone"),
        ] {
            let mut bad = request.clone();
            bad[field] = value;
            let refusal = world.refusal("analyst", "CreateAnIncident", bad).await;
            assert!(refusal.contains(expected), "{refusal}");
        }
        assert!(world.refusal("viewer", "CreateAnIncident", request).await.contains("right to change incidents"));
    }
}

#[tokio::test]
async fn numbers_are_unique_among_those_who_create_at_once() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let create = || world.json("Admin", "CreateAnIncident", json!({ "IncidentType": "Phishing" }));
        let answers = futures_util::future::join_all((0..40).map(|_| create())).await;
        let mut numbers: Vec<_> =
            answers.iter().map(|answer| answer["contextData"][0]["Incident Number"].to_string()).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 40);
    }
}

async fn titles(world: &World, request: Value) -> Vec<String> {
    let answer = world.json("analyst", "GetIncidents", request).await;
    let rows = answer["contextData"].as_array().unwrap();
    assert_eq!(answer["rawData"]["incidents"], answer["contextData"]);
    rows.iter().map(|row| row["Incident Number"].as_str().unwrap().to_owned()).collect()
}

fn all() -> Value {
    json!({ "Start Time": "2021-01-27 00:00:00", "End Time": "2021-01-28 00:00:00" })
}

#[tokio::test]
async fn incidents_are_filtered_paged_and_shown_by_fields() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["a", "B", "c"]).await;
        world.incidents(&world.client, &["elsewhere"]).await;
        world.keep_open("c").await;
        let set = json!({ "Incident Number": "c", "Field Name": "Root cause", "Field Value": "VIP mouse" });
        world.json("Admin", "SetIncidentField", set).await;
        let set = json!({ "Incident Number": "a", "Field Name": "SeverityName", "Field Value": "high" });
        world.json("Admin", "SetIncidentField", set).await;
        world.json("Admin", "CloseIncidentInBulk", closing(&["B"])).await;

        assert_eq!(titles(&world, all()).await, ["a", "B", "c"]);
        let filtered = async |filter: Value| {
            let mut request = all();
            request["Filter"] = filter;
            titles(&world, request).await
        };
        let one =
            |field: &str, operator: &str, value: &str| json!({ "field": field, "operator": operator, "value": value });
        assert_eq!(filtered(json!([[one("Status", "=", "Open")]])).await, ["a", "c"]);
        assert_eq!(filtered(json!([[one("Status", "!=", "Open")], [one("Severity", "=", "High")]])).await, ["a", "B"]);
        assert_eq!(filtered(json!([[one("Status", "=", "Open"), one("Severity", "=", "High")]])).await, ["a"]);
        // Compared by their characters' numbers on both stores: capitals come first.
        assert_eq!(filtered(json!([[one("Incident Number", "<", "a")]])).await, ["B"]);
        assert_eq!(filtered(json!([[one("IR Number", "LIKE", "b%")]])).await, ["B"]);
        assert_eq!(filtered(json!([[one("Date Closed", "IS NOT EMPTY", "")]])).await, ["B"]);
        assert_eq!(filtered(json!([[one("Date Closed", "=", "2021-01-27 14:08:00")]])).await, ["B"]);
        assert_eq!(filtered(json!([[one("Owner", "IS EMPTY", "")]])).await, ["a", "B", "c"]);
        let dynamic = |operator: &str, value: &str| json!([[{ "section": "Customer", "field": "Root cause", "operator": operator, "value": value }]]);
        assert_eq!(filtered(dynamic("LIKE", "vip%")).await, ["c"]);
        assert_eq!(filtered(dynamic("IS EMPTY", "")).await, ["a", "B"]);
        assert_eq!(filtered(dynamic("LIKE", "vip%\\")).await, Vec::<String>::new());
        assert_eq!(filtered(json!([[one("Title", "=", "' OR 1=1 --")]])).await, Vec::<String>::new());

        let mut page = all();
        page["Page Size"] = json!(2);
        page["Page Index"] = json!("1");
        assert_eq!(titles(&world, page).await, ["c"]);
        let mut request = all();
        request["Static Fields"] = json!(["IR Number", "Closed by", "Stage", "Linked Incidents"]);
        request["Dynamic Fields"] = json!({ "Customer": ["Root cause", "Nothing"] });
        let answer = world.json("viewer", "GetIncidents", request).await;
        let row = json!({
            "IR Number": "c", "Closed by": "", "Stage": "", "Linked Incidents": [],
            "Dynamic Fields": { "Customer": { "Root cause": "VIP mouse", "Nothing": "" } }
        });
        assert_eq!(answer["contextData"][2], row);
        // In the order asked, and a field once, however it is spelled.
        let mut request = all();
        request["Static Fields"] = json!(["Title", "IR Number", "Title", "title", "T-it_le", "Incident Number"]);
        let answer = serde_json::to_string(&world.run("viewer", "GetIncidents", request).await.unwrap()).unwrap();
        assert!(answer.contains(r#"{"Title":"","IR Number":"c"}"#), "{answer}");
    }
}

#[tokio::test]
async fn what_get_incidents_cannot_use_is_refused_with_what_it_could() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let condition = |field: &str, operator: &str| json!([[{ "field": field, "operator": operator, "value": "x" }]]);
        let many_sections: Value = (0..201).map(|n| (format!("Section {n}"), json!([]))).collect();
        for (name, value, expected) in [
            ("Filter", json!({ "field": "Status" }), "array of arrays"),
            ("Filter", json!([["Status"]]), "array of arrays"),
            ("Filter", condition("Statsu", "="), "Did you mean Status?"),
            ("Filter", condition("Status", "~"), "IS NOT EMPTY"),
            ("Filter", condition("Date Created", "LIKE"), "is a date"),
            ("Filter", condition("Date Created", "<"), "yyyy-MM-dd"),
            ("Filter", json!([[{ "field": "Title", "operator": "=" }]]), "needs a value"),
            ("Filter", json!([[{ "feild": "Title" }]]), "unknown key"),
            ("Static Fields", json!(["Colour"]), "no field \"Colour\""),
            ("Dynamic Fields", json!(["Colour"]), "JSON object"),
            ("Static Fields", json!(vec!["Title"; 201]), "found 201, expected at most 200"),
            ("Dynamic Fields", json!({ "Customer": vec!["Name"; 201] }), "found 201, expected at most 200"),
            ("Dynamic Fields", many_sections, "found 201, expected at most 200"),
            ("Start Time", json!("2022-01-01 00:00:00"), "after End Time"),
            ("End Time", json!("never"), "yyyy-MM-dd"),
        ] {
            let mut request = all();
            request[name] = value;
            let refusal = world.refusal("analyst", "GetIncidents", request).await;
            assert!(refusal.contains(expected), "{refusal}");
        }
        assert!(world.refusal("admin user", "GetIncidents", all()).await.contains("right to see incidents"));
    }
}

#[tokio::test]
async fn a_field_is_set_closed_by_the_rules_and_opened_again() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1"]).await;
        world.incidents(&world.client, &["hidden"]).await;
        let set = |number: &str, field: &str, value: &str| json!({ "Incident Number": number, "Field Name": field, "Field Value": value });
        let answer = world.json("analyst", "SetIncidentField", set("1", "Title", &"t".repeat(101))).await;
        assert_eq!(answer["contextData"][0]["Modified Date"], "01/27/2021 06:08 AM PST");
        world.keep_open("1").await;
        let refusal = world.refusal("analyst", "SetIncidentField", set("1", "Status", "Closed")).await;
        assert!(refusal.contains("Call the customer"), "{refusal}");
        let mut bypass = closing(&["1"]);
        bypass["Bypass Required Pending Tasks"] = json!("yes");
        bypass["Bypass All Required Fields"] = json!("TRUE");
        world.json("Admin", "CloseIncidentInBulk", bypass).await;
        world.json("analyst", "SetIncidentField", set("1", "status", "open")).await;
        let incident = test.store.reader().await.unwrap().records().incident("1").await.unwrap();
        assert_eq!((incident.status, incident.closed_at, incident.closed_by), (Status::Open, None, None));
        assert_eq!((incident.title.len(), incident.modified_at, incident.version), (100, NOW, Version(5)));
        for (number, field, value, expected) in [
            ("hidden", "Title", "x", "There is no incident \"hidden\"."),
            ("1", "Colour", "x", "Customer.Root cause"),
            ("1", "Severity", "x", "Informational"),
            ("1", "Status", "Half", "Open, Closed"),
            ("1", "Owner", "nobody", "no active user"),
            ("1", "Site", "Client", "no site"),
            ("1", "Due Date", "soon", "yyyy-MM-dd"),
        ] {
            let refusal = world.refusal("analyst", "SetIncidentField", set(number, field, value)).await;
            assert!(refusal.contains(expected), "{refusal}");
        }
        let refusal = world.refusal("viewer", "SetIncidentField", set("1", "Title", "x")).await;
        assert!(refusal.contains("right to change incidents"), "{refusal}");
    }
}
