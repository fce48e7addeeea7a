//! A key that is limited to sites gives no access to other sites, not even to an administrator.

use serde_json::{Value, json};
use soar_host::access::{KeyRequest, issue_key};
use soar_host::sealing::Keyring;
use soar_store::model::{Allowed, Caller, ConnectionId, Moment, Role, Status};
use soar_store::{NewCase, NewIncident, NewUser, Store};

use crate::direct::DirectConnections as _;
use crate::stage::{ExecutorStage, because};
use crate::support::{FullHost, answer, key_request, site};

/// `Security Operations` and `Elsewhere`, each with two incidents and a case; an administrator and a manager of both,
/// each with a key for `Security Operations` and one for all sites.
struct Reaches {
    host: FullHost,
    /// User, narrow key, wide key.
    callers: Vec<(&'static str, String, String)>,
}

impl Reaches {
    async fn on_both() -> Vec<Self> {
        let mut all = Vec::new();
        for host in FullHost::on_both().await {
            let here = host.caller.site.id;
            let mut transaction = host.test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let there = records.create_site(&site("Elsewhere"), Moment(1)).await.unwrap().id;
            let mut callers = Vec::new();
            for (name, is_administrator) in [("root", true), ("chief", false)] {
                let user = NewUser { name: name.to_owned(), email: None, is_administrator };
                let user = records.create_user(&user, Moment(1)).await.unwrap();
                if !is_administrator {
                    records.set_role(user.id, here, Role::Manager).await.unwrap();
                    records.set_role(user.id, there, Role::Manager).await.unwrap();
                }
                let mut keys = Vec::new();
                for (kind, sites) in
                    [("narrow", Allowed::Only(vec!["security operations".to_owned()])), ("wide", Allowed::All)]
                {
                    let request = KeyRequest { sites, ..key_request(&format!("{kind} key of {name}"), name) };
                    let issued =
                        issue_key(&mut records, &Keyring::generate().unwrap(), &request, Moment(1)).await.unwrap();
                    keys.push(issued.text.to_string());
                }
                let wide = keys.pop().unwrap();
                callers.push((name, keys.pop().unwrap(), wide));
            }
            let incident = |number: &str, site| NewIncident::open(number.to_owned(), site, "root", Moment(1));
            let incidents =
                [incident("H-1", here), incident("H-2", here), incident("E-1", there), incident("E-2", there)];
            let ids = records.insert_incidents(&incidents).await.unwrap();
            // A chain of links to the other site and back.
            records
                .link_incidents(&[(ids[0], ids[2], Moment(1), "root"), (ids[2], ids[1], Moment(1), "root")])
                .await
                .unwrap();
            let case = |number: &str, site| NewCase::open(number.to_owned(), site, "root", Moment(1));
            records.insert_cases(&[case("H-CASE", here), case("E-CASE", there)]).await.unwrap();
            transaction.commit().await.unwrap();
            all.push(Self { host, callers });
        }
        all
    }

    async fn call(&self, user: &str, key: &str, site: &str, command: &str, parameters: Value) -> Value {
        let body = json!({ "Username": user, "Site": site, "CommandParams": parameters });
        let (status, answer) = answer(self.host.post(command).header("d3key", key).json(&body)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn store(&self) -> &Store {
        &self.host.test.store
    }
}

const HERE: &str = "Security Operations";

fn closing(numbers: &[&str]) -> Value {
    json!({ "Incident Numbers": numbers, "Bypass Required Pending Tasks": "Yes", "Username": "root" })
}

fn missing(number: &str) -> String {
    format!("There is no incident \"{number}\".")
}

#[tokio::test]
async fn a_bulk_command_finds_nothing_on_other_sites() {
    for world in Reaches::on_both().await {
        for (index, (user, narrow, wide)) in world.callers.iter().enumerate() {
            let (own, other) = (format!("H-{}", index + 1), format!("E-{}", index + 1));
            let numbers = [own.as_str(), other.as_str()];
            let answer = world.call(user, narrow, HERE, "CloseIncidentInBulk", closing(&numbers)).await;
            assert_eq!(answer["returnData"], "Partially Successful", "{answer}");
            assert_eq!(answer["contextData"][1]["Error Message"], missing(&other));
            assert_eq!(answer["contextData"][1]["Status"], "");
            let mut reader = world.store().reader().await.unwrap();
            assert_eq!(reader.records().incident(&own).await.unwrap().status, Status::Closed);
            assert_eq!(reader.records().incident(&other).await.unwrap().status, Status::Open);

            let owning = json!({ "Incident Numbers": numbers, "Owner": "chief", "Username": user });
            let answer = world.call(user, narrow, HERE, "UpdateIncidentOwnerInBulk", owning).await;
            assert_eq!(answer["returnData"], "Partially Successful", "{answer}");
            assert_eq!(answer["contextData"][1]["Error Message"], missing(&other));

            let answer = world.call(user, wide, HERE, "CloseIncidentInBulk", closing(&[&other])).await;
            assert_eq!(answer["returnData"], "Successful", "{answer}");
        }
    }
}

#[tokio::test]
async fn nothing_moves_to_another_site_or_from_there() {
    for world in Reaches::on_both().await {
        for (user, narrow, wide) in &world.callers {
            let moving = |number: &str, to: &str| json!({ "Incident Numbers": [number], "Site": to });
            let answer = world.call(user, narrow, HERE, "UpdateIncidentSiteInBulk", moving("H-1", "Elsewhere")).await;
            assert_eq!(answer["error"], "There is no site \"Elsewhere\".", "{answer}");
            let answer = world.call(user, narrow, HERE, "UpdateIncidentSiteInBulk", moving("E-1", HERE)).await;
            assert_eq!((&answer["returnData"], &answer["error"]), (&json!("Failed"), &json!(missing("E-1"))));
            let making = json!({ "Incident Numbers": ["H-1"], "Case Owner's Site": "Elsewhere" });
            let answer = world.call(user, narrow, HERE, "LinkIncidentsToNewCase", making).await;
            assert_eq!(answer["error"], "There is no site \"Elsewhere\".", "{answer}");
            for to in ["Elsewhere", HERE] {
                let answer = world.call(user, wide, HERE, "UpdateIncidentSiteInBulk", moving("H-1", to)).await;
                assert_eq!(answer["returnData"], "Successful", "{answer}");
            }
        }
    }
}

#[tokio::test]
async fn links_reach_no_further_than_the_key() {
    for world in Reaches::on_both().await {
        for (user, narrow, wide) in &world.callers {
            let linked = json!({ "Incident Number": "H-1" });
            let answer = world.call(user, narrow, HERE, "GetLinkedIncidentsOfAnIncident", linked.clone()).await;
            assert_eq!(answer["returnData"]["Data"], json!(["H-1"]), "{answer}");
            let answer = world.call(user, wide, HERE, "GetLinkedIncidentsOfAnIncident", linked).await;
            assert_eq!(answer["returnData"]["Data"], json!(["H-1", "E-1", "H-2"]), "{answer}");
            for (key, expected) in [(narrow, json!([])), (wide, json!(["E-1"]))] {
                let finding = json!({
                    "Start Time": "1970-01-01 00:00:00", "End Time": "2099-01-01 00:00:00", "Static Fields": ["Linked Incidents"],
                    "Filter": [[{ "field": "Incident Number", "operator": "=", "value": "H-1" }]],
                });
                let answer = world.call(user, key, HERE, "GetIncidents", finding).await;
                assert_eq!(answer["contextData"][0]["Linked Incidents"], expected, "{answer}");
            }
            let other = json!({ "Incident Number": "E-1" });
            let answer = world.call(user, narrow, HERE, "GetLinkedIncidentsOfAnIncident", other).await;
            assert_eq!(answer["error"], missing("E-1"));

            let linking = |incident: &str, case: &str| json!({ "Case Numbers": [case], "Incident ID List": [incident], "Username": user });
            for (incident, case) in [("H-1", "E-CASE"), ("E-1", "H-CASE")] {
                let answer =
                    world.call(user, narrow, HERE, "LinkIncidentToExistingCases", linking(incident, case)).await;
                let error = answer["error"].as_str().unwrap();
                assert!(error.contains("There is no"), "{answer}");
            }
            let removing = json!({ "Source Incident Number": "H-1", "Linked Incident Numbers to be Removed": ["E-1"] });
            let answer = world.call(user, narrow, HERE, "RemoveLinkedIncidents", removing).await;
            assert_eq!(answer["error"], missing("E-1"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_kept_answer_is_not_repeated_to_a_key_of_another_reach() {
    for world in Reaches::on_both().await {
        let (user, narrow, wide) = &world.callers[0];
        let body = json!({ "Username": user, "Site": HERE, "CommandParams": closing(&["H-1", "E-1"]) });
        let call = |key: &str| {
            let request = world.host.post("CloseIncidentInBulk").header("d3key", key);
            request.header("Idempotency-Key", "the-same").json(&body)
        };
        let (status, first) = answer(call(wide)).await;
        assert_eq!((status, &first["returnData"]), (200, &json!("Successful")));
        assert_eq!(answer(call(wide)).await, (200, first));
        let (status, refused) = answer(call(narrow)).await;
        assert_eq!(status, 422, "{refused}");
        assert!(refused["Error"].as_str().unwrap().contains("belongs to another call"), "{refused}");
    }
}

#[tokio::test]
async fn an_answer_is_not_given_to_a_key_of_another_reach() {
    for world in Reaches::on_both().await {
        let (user, narrow, wide) = &world.callers[0];
        let asking = json!({ "Incident Number": "H-1" });
        let ask = |key| world.call(user, key, HERE, "GetLinkedIncidentsOfAnIncident", asking.clone());
        for _ in 0..3 {
            assert_eq!(ask(wide).await["returnData"]["Data"], json!(["H-1", "E-1", "H-2"]));
            assert_eq!(ask(narrow).await["returnData"]["Data"], json!(["H-1"]));
        }
        let both = (0..20).map(|number| ask(if number % 2 == 0 { wide } else { narrow }));
        for (number, answer) in futures_util::future::join_all(both).await.into_iter().enumerate() {
            let expected = if number % 2 == 0 { 3 } else { 1 };
            assert_eq!(answer["returnData"]["Data"].as_array().unwrap().len(), expected, "{answer}");
        }
    }
}

#[tokio::test]
async fn acting_for_others_takes_the_right_within_the_reach() {
    for world in Reaches::on_both().await {
        // A viewer on this site and a manager on the other, with a key for this site.
        let mut transaction = world.store().transaction().await.unwrap();
        let mut records = transaction.records();
        let user = NewUser { name: "split".to_owned(), email: None, is_administrator: false };
        let user = records.create_user(&user, Moment(1)).await.unwrap();
        let elsewhere = records.site("Elsewhere").await.unwrap();
        records.set_role(user.id, world.host.caller.site.id, Role::Analyst).await.unwrap();
        records.set_role(user.id, elsewhere.id, Role::Manager).await.unwrap();
        let request = KeyRequest { sites: Allowed::Only(vec![HERE.to_owned()]), ..key_request("split", "split") };
        let key = issue_key(&mut records, &Keyring::generate().unwrap(), &request, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let mut asking = closing(&["H-1"]);
        asking["Username"] = json!("nobody that there is");
        let answer = world.call("split", &key.text, HERE, "CloseIncidentInBulk", asking).await;
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains("lacks the right to act for others"), "{answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_reach_are_neither_seen_nor_managed() {
    for stage in ExecutorStage::on_both().await {
        let everywhere = stage.administrator().await;
        let connections = stage.executor.connections();
        let draft = |name: &str, site: &str| {
            json!({ "integration": "gate", "name": name, "site": site,
                "parameters": { "Server URL": "http://gate.example", "Password": "open sesame" } })
        };
        let here = stage.create(&everywhere, draft("Here", "Security Operations")).await.unwrap();
        let there = stage.create(&everywhere, draft("There", "Client")).await.unwrap();
        let shared = stage.create(&everywhere, draft("Shared", "Shared to internal sites")).await.unwrap();
        let internal = Caller { reach: Allowed::Only(vec![stage.site.id]), ..everywhere.clone() };
        let client = Caller { reach: Allowed::Only(vec![stage.client.id]), ..everywhere.clone() };

        let seen = async |caller: &Caller| -> Vec<ConnectionId> {
            connections.list(caller).await.unwrap().iter().map(|one| one.id).collect()
        };
        // The key covers the only internal site, and so the connections shared with it.
        assert_eq!(seen(&internal).await, [here.id, shared.id]);
        assert_eq!(seen(&client).await, [there.id]);
        assert!(connections.see(&client, shared.id).await.is_err());
        assert!(connections.delete(&internal, there.id).await.is_err());
        stage.update(&internal, shared.id, json!({ "description": "Known" })).await.unwrap();

        let mut transaction = stage.test.store.transaction().await.unwrap();
        transaction.records().create_site(&site("Second internal"), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(seen(&internal).await, [here.id, shared.id]);
        let refused = because(stage.update(&internal, shared.id, json!({ "description": "Changed" })).await);
        assert!(refused.contains("on every internal site"), "{refused}");
        let refused = because(stage.create(&internal, draft("Third", "Shared to internal sites")).await);
        assert!(refused.contains("on every internal site"), "{refused}");
        let refused = because(stage.create(&internal, draft("Third", "Client")).await);
        assert!(refused.contains("manage connections"), "{refused}");
        // References to secrets do not belong to a site.
        let mut referring = draft("Third", "Security Operations");
        referring["parameters"]["Password"] = json!({ "reference": "env:FOOTPRINT_SECRET_GOOD" });
        assert!(stage.create(&internal, referring.clone()).await.is_err());
        stage.create(&everywhere, referring).await.unwrap();
    }
}
