//! Plans of bulk commands change nothing, list the changes, and are valid only while their basis stays the same.

use serde_json::{Value, json};
use soar_host::utility::{self, FieldChange};
use soar_store::model::{Moment, Role};
use soar_store::testing::TestStore;

use crate::world::{World, closing};

fn change(field: &str, from: &str, to: &str) -> FieldChange {
    FieldChange { field: field.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

#[tokio::test]
async fn a_plan_changes_nothing_and_applies_once_while_its_ground_holds() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1", "2", "3"]).await;
        world.keep_open("2").await;
        let request = closing(&["1", "2", "none", "3"]);
        let plan = world.plan("Admin", "CloseIncidentInBulk", request.clone()).await;
        assert_eq!(plan.items[0].changes, [change("Status", "Open", "Closed"), change("Closed By", "", "Admin")]);
        assert!(plan.items[1].error.as_deref().unwrap().contains("Call the customer"));
        assert_eq!(plan.items[2].error.as_deref(), Some("There is no incident \"none\"."));
        assert_eq!((world.version("1").await, world.version("2").await), (1, 2));
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<utility::Plan>(&text).unwrap(), plan);

        let answer = world.apply("Admin", "CloseIncidentInBulk", request.clone(), &plan).await.unwrap();
        assert_eq!(answer.context_data.unwrap().values()[0]["Result"], "Successful");
        let refusal = world.apply("Admin", "CloseIncidentInBulk", request, &plan).await.unwrap_err().to_string();
        assert!(refusal.starts_with("The basis of the plan has changed: \"1\", \"3\"."), "{refusal}");
    }
}

#[tokio::test]
async fn whatever_a_plan_rests_on_is_named_when_it_moves() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1", "2"]).await;
        let request = || json!({ "Incident Numbers": ["1", "2"], "Owner": "analyst" });
        let moved = async |request: Value, plan: &utility::Plan| {
            let refusal = world.apply("manager", "UpdateIncidentOwnerInBulk", request, plan).await.unwrap_err();
            let refusal = refusal.to_string();
            let (_, rest) = refusal.split_once("The basis of the plan has changed: ").unwrap();
            rest.split_once(". Nothing was done").unwrap().0.to_owned()
        };
        let plan = world.plan("manager", "UpdateIncidentOwnerInBulk", request()).await;
        let set = json!({ "Incident Number": "2", "Field Name": "Title", "Field Value": "New" });
        world.json("Admin", "SetIncidentField", set).await;
        assert_eq!(moved(request(), &plan).await, "\"2\"");

        let plan = world.plan("manager", "UpdateIncidentOwnerInBulk", request()).await;
        let other = json!({ "Incident Numbers": ["1", "2"], "Owner": "viewer" });
        assert!(moved(other, &plan).await.contains("the command or its parameters"));

        let grant = async |name: &str, role| {
            let user = world.caller(name).await.user.id;
            let mut transaction = test.store.transaction().await.unwrap();
            transaction.records().set_role(user, world.operations.id, role).await.unwrap();
            transaction.commit().await.unwrap();
        };
        grant("analyst", Role::Manager).await;
        assert_eq!(moved(request(), &plan).await, "a site or user in the parameters");
        grant("analyst", Role::Analyst).await;
        grant("manager", Role::Analyst).await;
        assert_eq!(moved(request(), &plan).await, "the caller or its rights");
        grant("manager", Role::Manager).await;
        assert!(world.apply("manager", "UpdateIncidentOwnerInBulk", request(), &plan).await.is_ok());

        let plan = utility::Plan { fingerprint: "nonsense".to_owned(), ..plan };
        let refusal = world.apply("manager", "UpdateIncidentOwnerInBulk", request(), &plan).await.unwrap_err();
        assert!(refusal.to_string().contains("fingerprint is not from a plan"), "{refusal}");
    }
}

#[tokio::test]
async fn every_bulk_command_plans_what_it_then_does() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1", "2", "3"]).await;
        world.cases(&world.operations, &["c"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let (one, two) = (records.incident("1").await.unwrap().id, records.incident("2").await.unwrap().id);
        records.link_incidents(&[(one, two, Moment(1), "Admin")]).await.unwrap();
        transaction.commit().await.unwrap();
        let requests = [
            (
                "RemoveLinkedIncidents",
                json!({
                    "Linked Incident Numbers to be Removed": ["2"], "Source Incident Number": "1"
                }),
                change("Linked Incident", "1", ""),
            ),
            (
                "LinkIncidentToExistingCases",
                json!({ "Case Numbers": ["c"], "Incident ID List": ["1", "2"] }),
                change("Links to these cases", "0", "1"),
            ),
            ("LinkIncidentsToNewCase", json!({ "Incident Numbers": ["1"] }), change("Linked Case", "", "a new case")),
            (
                "UpdateIncidentOwnerInBulk",
                json!({ "Incident Numbers": ["1"], "Owner": "viewer" }),
                change("Incident Owner", "", "viewer"),
            ),
            (
                "UpdateIncidentSiteInBulk",
                json!({ "Incident Numbers": ["1"], "Site": "Client" }),
                change("Site", "Security Operations", "Client"),
            ),
            ("CloseIncidentInBulk", closing(&["1"]), change("Status", "Open", "Closed")),
        ];
        for (command, request, expected) in requests {
            let before = world.version("1").await;
            let plan = world.plan("Admin", command, request.clone()).await;
            assert_eq!(plan.items[0].changes[0], expected, "{command}");
            assert_eq!(world.version("1").await, before, "{command}");
            world.apply("Admin", command, request.clone(), &plan).await.unwrap();
            assert!(world.apply("Admin", command, request, &plan).await.is_err(), "{command}");
        }
        let (command, _) = utility::command("GetIncidents").unwrap();
        assert!(!command.can_plan());
    }
}
