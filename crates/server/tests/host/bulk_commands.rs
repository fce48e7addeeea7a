//! The bulk commands: D3's documented samples field by field, and further cases.

use serde_json::{Value, json};
use soar_host::utility::link_incidents;
use soar_store::model::{Moment, Status, Version};
use soar_store::testing::TestStore;

use crate::world::{NOW, World, closing};

const SAMPLE: [&str; 2] = ["20210127-198", "20210127-197"];

#[tokio::test]
async fn close_incident_in_bulk_answers_as_documented() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &SAMPLE).await;
        world.keep_open("20210127-197").await;
        let request = json!({
            "Incident Numbers": SAMPLE,
            "Bypass Required Pending Tasks": "Yes",
            "Bypass All Required Fields": "Yes",
            "Username": "admin user",
            "Conclusion": "The incident was closed in bulk."
        });
        let row = |number: &str| {
            json!({
                "Incident Number": number,
                "Status": "Closed",
                "Close Date": "01/27/2021 06:08 AM PST",
                "Result": "Successful",
                "Closed By": "admin user"
            })
        };
        let expected = json!({
            "result": "<table class='cc-table'> <tr> <th>Incident Number</th> <th>Status</th> <th>Close Date</th> \
                <th>Closed By</th> <th>Result</th> </tr> <tr> <td>20210127-198</td> <td>Closed</td> \
                <td>Jan 27, 2021 06:08 AM PST</td> <td>admin user</td> <td>Successful</td> </tr> <tr> \
                <td>20210127-197</td> <td>Closed</td> <td>Jan 27, 2021 06:08 AM PST</td> <td>admin user</td> \
                <td>Successful</td> </tr> </table>",
            "error": "",
            "returnData": "Successful",
            "contextData": [row("20210127-198"), row("20210127-197")]
        });
        assert_eq!(world.json("Admin", "CloseIncidentInBulk", request).await, expected);
        let mut reader = test.store.reader().await.unwrap();
        let incident = reader.records().incident("20210127-198").await.unwrap();
        assert_eq!(incident.status, Status::Closed);
        assert_eq!(incident.conclusion, "The incident was closed in bulk.");
        assert_eq!(incident.closed_by.as_deref(), Some("admin user"));
        assert_eq!((incident.closed_at, incident.version), (Some(crate::world::NOW), Version(2)));
    }
}

#[tokio::test]
async fn update_incident_site_and_owner_answer_as_documented() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.client, &SAMPLE).await;
        let request = json!({ "Incident Numbers": SAMPLE, "Site": "Security Operations", "Username": "admin user" });
        let answer = world.json("Admin", "UpdateIncidentSiteInBulk", request.clone()).await;
        let row = |number: &str| {
            json!({
                "Incident Number": number, "Incident Owner": "Security Operations", "Result": "Successful",
                "Site": "Security Operations",
            })
        };
        let rows = json!([row(SAMPLE[0]), row(SAMPLE[1])]);
        assert_eq!(answer, json!({ "error": "", "returnData": "Successful", "contextData": rows }));
        let moved = test.store.reader().await.unwrap().records().incident(SAMPLE[1]).await.unwrap();
        assert_eq!(moved.site_id, world.operations.id);
        // A repeat is a success that changes nothing.
        world.json("Admin", "UpdateIncidentSiteInBulk", request).await;
        assert_eq!(world.version(SAMPLE[1]).await, moved.version.0);

        let request = json!({ "Incident Numbers": SAMPLE, "Owner": "ANALYST", "Username": "admin user" });
        let answer = world.json("Admin", "UpdateIncidentOwnerInBulk", request).await;
        let row =
            |number: &str| json!({ "Incident Number": number, "Incident Owner": "analyst", "Result": "Successful" });
        let rows = json!([row(SAMPLE[0]), row(SAMPLE[1])]);
        assert_eq!(answer, json!({ "error": "", "returnData": "Successful", "contextData": rows }));
        // A user who may not see an incident cannot own it.
        let request = json!({ "Incident Numbers": SAMPLE, "Owner": "admin user" });
        let answer = world.json("Admin", "UpdateIncidentOwnerInBulk", request).await;
        assert_eq!(answer["returnData"], "Failed");
        assert_eq!(answer["contextData"][0]["Incident Owner"], "analyst");
    }
}

#[tokio::test]
async fn linking_to_existing_cases_answers_as_documented_and_twice_is_once() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["20200118-2650"]).await;
        world.cases(&world.operations, &SAMPLE).await;
        let request = json!({
            "Case Numbers": SAMPLE, "Username": "admin user", "Incident ID List": ["20200118-2650"]
        });
        for _ in 0..2 {
            let answer = world.json("Admin", "LinkIncidentToExistingCases", request.clone()).await;
            assert_eq!(answer, json!({ "error": "", "returnData": "Successful" }));
            assert_eq!(world.version("20200118-2650").await, 2);
        }
        let mut reader = test.store.reader().await.unwrap();
        let mut records = reader.records();
        let incident = records.incident("20200118-2650").await.unwrap();
        let links = records.cases_of(&[incident.id]).await.unwrap().remove(&incident.id).unwrap();
        let links: Vec<_> = links.iter().map(|link| (link.number.as_str(), link.linked_by.as_str())).collect();
        assert_eq!(links, [("20210127-197", "admin user"), ("20210127-198", "admin user")]);
        assert_eq!(records.case("20210127-198").await.unwrap().version, Version(2));
        drop(reader);

        let request = json!({ "Case Numbers": ["none", SAMPLE[0]], "Incident ID List": ["20200118-2650"] });
        let answer = world.json("Admin", "LinkIncidentToExistingCases", request).await;
        assert_eq!(answer["returnData"], "Partially Successful");
        assert_eq!(answer["contextData"][1]["Error Message"], "There is no case \"none\".");
        let request = json!({ "Case Numbers": ["none"], "Incident ID List": ["20200118-2650"] });
        let answer = world.json("Admin", "LinkIncidentToExistingCases", request).await;
        assert_eq!((&answer["returnData"], &answer["error"]), (&json!("Failed"), &json!("There is no case \"none\".")));
        for empty in [json!({ "Case Numbers": [], "Incident ID List": ["x"] }), json!({ "Case Numbers": ["x"] })] {
            let refusal = world.refusal("Admin", "LinkIncidentToExistingCases", empty).await;
            assert!(refusal.contains("is empty"), "{refusal}");
        }
    }
}

#[tokio::test]
async fn what_keeps_an_incident_open_is_named_and_can_be_bypassed_or_done() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1", "2"]).await;
        world.keep_open("1").await;
        let answer = world.json("Admin", "CloseIncidentInBulk", closing(&["1", "2"])).await;
        assert_eq!((&answer["returnData"], &answer["error"]), (&json!("Partially Successful"), &json!("")));
        let row = &answer["contextData"][0];
        assert_eq!((&row["Status"], &row["Result"], &row["Closed By"]), (&json!("Open"), &json!("Failed"), &json!("")));
        let why = row["Error Message"].as_str().unwrap();
        assert!(why.contains("\"Call the customer\"") && why.contains("\"Root cause\""), "{why}");
        assert!(!why.contains("tea") && !why.contains("Mood"), "{why}");

        let mut only_tasks = closing(&["1"]);
        only_tasks["Bypass Required Pending Tasks"] = json!(true);
        let answer = world.json("Admin", "CloseIncidentInBulk", only_tasks.clone()).await;
        assert_eq!(answer["returnData"], "Failed");
        assert!(!answer["error"].as_str().unwrap().contains("customer"), "{answer}");

        let request = json!({ "Incident Number": "1", "Field Name": "Customer.Root cause", "Field Value": "A mouse" });
        world.json("Admin", "SetIncidentField", request).await;
        let answer = world.json("Admin", "CloseIncidentInBulk", closing(&["1"])).await;
        assert!(answer["error"].as_str().unwrap().contains("customer"), "{answer}");
        let mut transaction = test.store.transaction().await.unwrap();
        let incident = transaction.records().incident_for_change("1").await.unwrap();
        transaction.records().set_task_done(incident.id, "Call the customer", true, Moment(5)).await.unwrap();
        transaction.commit().await.unwrap();
        let answer = world.json("Admin", "CloseIncidentInBulk", closing(&["1"])).await;
        assert_eq!(answer["returnData"], "Successful");
    }
}

#[tokio::test]
async fn unknown_closed_hidden_and_repeated_items_are_answered_once_each_in_order() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["open", "done"]).await;
        world.incidents(&world.client, &["hidden"]).await;
        world.run("Admin", "CloseIncidentInBulk", closing(&["done"])).await.unwrap();
        let request = json!({
            "Incident Numbers": "none, open, done, hidden, open", "Bypass Required Pending Tasks": "NO",
            "Username": "ANALYST", "Conclusion": "again"
        });
        let answer = world.json("analyst", "CloseIncidentInBulk", request).await;
        let rows: Vec<_> = answer["contextData"].as_array().unwrap().clone();
        let numbers: Vec<_> = rows.iter().map(|row| row["Incident Number"].as_str().unwrap()).collect();
        assert_eq!(numbers, ["none", "open", "done", "hidden"]);
        let results: Vec<_> = rows.iter().map(|row| row["Result"].as_str().unwrap()).collect();
        assert_eq!(results, ["Failed", "Successful", "Failed", "Failed"]);
        // The error for an incident that the caller may not see is the same as for a missing incident.
        assert_eq!(rows[0]["Error Message"], "There is no incident \"none\".");
        assert_eq!(rows[3]["Error Message"], "There is no incident \"hidden\".");
        assert_eq!(rows[3]["Status"], "");
        assert_eq!((&rows[2]["Status"], &rows[2]["Closed By"]), (&json!("Closed"), &json!("Admin")));
        let why = rows[2]["Error Message"].as_str().unwrap();
        assert!(why.contains("already closed by \"Admin\" at 01/27/2021 06:08 AM PST"), "{why}");
        assert_eq!(world.version("done").await, 2);
        let done = test.store.reader().await.unwrap().records().incident("done").await.unwrap();
        assert_eq!(done.conclusion, "");
    }
}

#[tokio::test]
async fn ten_thousand_items_are_taken_and_one_more_is_refused_with_both_numbers() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let numbers: Vec<String> = (0..10_001).map(|n| format!("n-{n}")).collect();
        let names: Vec<&str> = numbers.iter().map(String::as_str).collect();
        world.incidents(&world.operations, &names[..10_000]).await;
        let refusal = world.refusal("Admin", "CloseIncidentInBulk", closing(&names)).await;
        assert!(refusal.contains("10001") && refusal.contains("10000"), "{refusal}");
        let answer = world.json("Admin", "CloseIncidentInBulk", closing(&names[..10_000])).await;
        assert_eq!(answer["returnData"], "Successful");
        assert_eq!(answer["contextData"].as_array().map(Vec::len), Some(10_000));
    }
}

#[tokio::test]
async fn a_conclusion_is_added_on_a_line_of_its_own_and_html_stays_text() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["<b>1</b>"]).await;
        let set = json!({ "Incident Number": "<b>1</b>", "Field Name": "Conclusion", "Field Value": "First." });
        world.json("Admin", "SetIncidentField", set).await;
        let mut request = closing(&["<b>1</b>"]);
        request["Conclusion"] = json!("Second.");
        let answer = world.json("Admin", "CloseIncidentInBulk", request).await;
        assert!(answer["result"].as_str().unwrap().contains("<td>&lt;b&gt;1&lt;/b&gt;</td>"), "{answer}");
        let incident = test.store.reader().await.unwrap().records().incident("<b>1</b>").await.unwrap();
        assert_eq!(incident.conclusion, "First.\nSecond.");
    }
}

#[tokio::test]
async fn a_new_case_gathers_incidents_and_is_not_made_for_none() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["20210330-180", "20210330-181"]).await;
        let request = json!({
            "Incident Numbers": ["20210330-180", "20210330-181"], "Case Owner's Site": "Security Operations",
            "Case Reported Date": "2021-01-26 00:00:00", "Case Type": "Criminal Investigation",
            "Case Lead Investigators": "analyst", "Case Priority": "3",
            "Case Timezone": "(GMT-08:00) Pacific Standard Time", "Copy Form Data": "Yes", "Username": "admin user"
        });
        let answer = world.json("Admin", "LinkIncidentsToNewCase", request).await;
        assert_eq!((&answer["error"], &answer["returnData"]), (&json!(""), &json!("20210127-1")));
        assert_eq!(answer["contextData"][1]["LinkedCaseNumber"], "20210127-1");
        let mut reader = test.store.reader().await.unwrap();
        let case = reader.records().case("20210127-1").await.unwrap();
        assert_eq!((case.reported_at, case.creator.as_str()), (Some(Moment(1_611_648_000_000)), "admin user"));
        drop(reader);
        let answer = world.json("Admin", "LinkIncidentsToNewCase", json!({ "Incident Numbers": ["x", "y"] })).await;
        assert_eq!(answer["returnData"], "Failed");
        assert!(answer["error"].as_str().unwrap().contains("There is no incident \"x\""), "{answer}");
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().count_cases(&[world.operations.id]).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn incidents_are_linked_with_each_other_once_and_all_or_none() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["a", "b", "c"]).await;
        world.incidents(&world.client, &["behind"]).await;
        let link = async |name: &str, number: &str, others: &[&str]| {
            let caller = world.caller(name).await;
            let others: Vec<String> = others.iter().map(|other| (*other).to_owned()).collect();
            let mut transaction = test.store.transaction().await.unwrap();
            let linked = link_incidents(&mut transaction.records(), &caller, number, &others, NOW).await;
            transaction.commit().await.unwrap();
            linked.map_err(|error| error.to_string())
        };
        assert_eq!(link("analyst", "b", &["a", "c", "a"]).await, Ok(2));
        assert_eq!(link("analyst", "a", &["b"]).await, Ok(0));
        assert_eq!((world.version("a").await, world.version("b").await), (2, 2));
        let linked = world.json("analyst", "GetLinkedIncidentsOfAnIncident", json!({ "Incident Number": "a" })).await;
        assert_eq!(linked["returnData"]["Data"], json!(["a", "b", "c"]));
        for (name, number, others, reason) in [
            ("analyst", "a", &["c", "behind"][..], "There is no incident \"behind\""),
            ("analyst", "a", &["nowhere"], "There is no incident \"nowhere\""),
            ("analyst", "a", &["a"], "with itself"),
            ("analyst", "a", &[], "at least one"),
            ("viewer", "a", &["c"], "lacks the right to change incidents"),
        ] {
            let refusal = link(name, number, others).await.unwrap_err();
            assert!(refusal.contains(reason), "{refusal}");
        }
        assert_eq!(world.version("c").await, 2);
        assert_eq!(link("Admin", "a", &["behind", "c"]).await, Ok(2));
    }
}

#[tokio::test]
async fn links_among_incidents_are_followed_as_far_as_they_may_be_seen_and_removed() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["a", "b", "c", "behind"]).await;
        world.incidents(&world.client, &["hidden"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let mut ids = std::collections::HashMap::new();
        for number in ["a", "b", "c", "behind", "hidden"] {
            ids.insert(number, records.incident(number).await.unwrap().id);
        }
        let links = [("b", "a"), ("b", "c"), ("a", "hidden"), ("hidden", "behind")];
        let links: Vec<_> = links.map(|(one, other)| (ids[one], ids[other], Moment(1), "Admin")).into();
        records.link_incidents(&links).await.unwrap();
        transaction.commit().await.unwrap();

        let linked = |name| world.json(name, "GetLinkedIncidentsOfAnIncident", json!({ "Incident Number": "a" }));
        let seen = json!({ "Status": "Successful", "Data": ["a", "b", "c"] });
        assert_eq!(linked("analyst").await, json!({ "error": "", "returnData": seen }));
        let all = json!(["a", "b", "hidden", "behind", "c"]);
        assert_eq!(linked("Admin").await["returnData"]["Data"], all);

        let request = json!({
            "Linked Incident Numbers to be Removed": ["b", "c", "hidden"], "Source Incident Number": "a"
        });
        let answer = world.json("analyst", "RemoveLinkedIncidents", request.clone()).await;
        let expected = json!({
            "Status": "Partially Successful",
            "Data": { "Current linked Incident(s) of Incident a ": [] },
            "ErrorData": [
                { "Incident Number": "c", "Error message": "The source incident is not linked to this incident." },
                { "Incident Number": "hidden", "Error message": "There is no incident \"hidden\"." }
            ]
        });
        assert_eq!(answer, json!({ "error": "", "returnData": expected }));
        let answer = world.run("analyst", "RemoveLinkedIncidents", request).await.unwrap();
        assert_eq!(answer.return_data, soar_host::utility::CommandResult::Failed);
        assert_eq!(linked("Admin").await["returnData"]["Data"], json!(["a", "hidden", "behind"]));
    }
}

#[tokio::test]
async fn two_bulk_calls_on_the_same_incidents_close_each_once_and_wait_for_each_other() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        let numbers: Vec<String> = (0..400).map(|n| format!("n-{n}")).collect();
        let names: Vec<&str> = numbers.iter().map(String::as_str).collect();
        world.incidents(&world.operations, &names).await;
        // The calls overlap in opposite orders, so locking one by one would deadlock.
        let mut backwards = names[50..].to_vec();
        backwards.reverse();
        let calls = [names[..350].to_vec(), backwards.clone(), names.clone(), backwards];
        let runs = calls.iter().map(|numbers| world.json("Admin", "CloseIncidentInBulk", closing(numbers)));
        let answers = futures_util::future::join_all(runs).await;
        let successes = answers.iter().flat_map(|answer| answer["contextData"].as_array().unwrap());
        let mut closed: Vec<&Value> =
            successes.filter(|row| row["Result"] == "Successful").map(|row| &row["Incident Number"]).collect();
        closed.sort_by_key(|number| number.as_str());
        let once = closed.len();
        closed.dedup();
        assert_eq!((once, closed.len()), (400, 400));
        assert_eq!(world.version("n-100").await, 2);
    }
}

#[tokio::test]
async fn a_task_that_appears_while_a_close_waits_keeps_the_incident_open() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let incident = records.incident_for_change("1").await.unwrap();
        let task = soar_store::model::Task { name: "Late".to_owned(), required: true, done: false };
        records.replace_details(&[(incident.id, &[task], &[])]).await.unwrap();
        records.touch_incidents(&[incident.id], Moment(5)).await.unwrap();
        let close = world.json("Admin", "CloseIncidentInBulk", closing(&["1"]));
        let commit = async {
            // The other call waits for the lock, or for the file.
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
            transaction.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(close, commit);
        assert!(answer["error"].as_str().unwrap().contains("\"Late\""), "{answer}");
    }
}
