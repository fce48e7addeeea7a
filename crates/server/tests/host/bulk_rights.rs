//! The rights for bulk commands, and for acting in another user's name.

use serde_json::json;
use soar_store::UserChange;
use soar_store::model::Role;
use soar_store::testing::TestStore;

use crate::world::{NOW, World, closing};

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["1"]).await;
        let mut request = closing(&["1"]);
        request["Username"] = json!("viewer");
        let answer = world.json("viewer", "CloseIncidentInBulk", request.clone()).await;
        assert!(answer["error"].as_str().unwrap().contains("right to change incidents on the site"), "{answer}");
        // An analyst may not act for others, and does not learn which users exist.
        for name in ["viewer", "nobody"] {
            request["Username"] = json!(name);
            let refusal = world.refusal("analyst", "CloseIncidentInBulk", request.clone()).await;
            assert!(refusal.contains("right to act for others"), "{refusal}");
        }
        request["Username"] = json!("nobody");
        assert_eq!(
            world.refusal("manager", "CloseIncidentInBulk", request.clone()).await,
            "There is no user \"nobody\"."
        );
        let refusal = world
            .refusal("analyst", "UpdateIncidentSiteInBulk", json!({ "Incident Numbers": ["1"], "Site": "Client" }))
            .await;
        assert_eq!(refusal, "There is no site \"Client\".");
        assert_eq!(world.version("1").await, 1);
        request["Username"] = json!("viewer");
        let answer = world.json("manager", "CloseIncidentInBulk", request).await;
        assert_eq!(answer["contextData"][0]["Closed By"], "viewer");
    }
}

#[tokio::test]
async fn who_may_change_nothing_learns_no_users_from_a_new_owner() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        let owning = |owner: &str| json!({ "Incident Numbers": ["o-1"], "Owner": owner, "Username": "viewer" });
        let known = world.json("viewer", "UpdateIncidentOwnerInBulk", owning("Admin")).await;
        assert_eq!(known, world.json("viewer", "UpdateIncidentOwnerInBulk", owning("nobody")).await);
        assert!(known["error"].as_str().unwrap().contains("the right to change incidents"), "{known}");
    }
}

#[tokio::test]
async fn nothing_is_given_to_a_site_where_the_caller_only_looks_on() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let manager = records.user("manager").await.unwrap();
        records.set_role(manager.id, world.client.id, Role::Viewer).await.unwrap();
        transaction.commit().await.unwrap();
        for (command, parameters) in [
            ("UpdateIncidentSiteInBulk", json!({ "Incident Numbers": ["o-1"], "Site": "Client" })),
            ("SetIncidentField", json!({ "Incident Number": "o-1", "Field Name": "Site", "Field Value": "Client" })),
            ("LinkIncidentsToNewCase", json!({ "Incident Numbers": ["o-1"], "Case Owner's Site": "Client" })),
        ] {
            let refused = world.refusal("manager", command, parameters).await;
            assert!(
                refused.contains("lacks the right to change incidents on the site \"Client\""),
                "{command}: {refused}"
            );
        }
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().incident("o-1").await.unwrap().site_id, world.operations.id);
    }
}

#[tokio::test]
async fn acting_for_others_takes_the_right_on_the_site_of_each_incident_and_where_it_goes() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        world.incidents(&world.client, &["c-1"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let manager = records.user("manager").await.unwrap();
        records.set_role(manager.id, world.client.id, Role::Analyst).await.unwrap();
        transaction.commit().await.unwrap();
        let lacking = "lacks the right to act for others on the site \"Client\"";
        let mut request = closing(&["o-1", "c-1"]);
        request["Username"] = json!("admin user");
        let answer = world.json("manager", "CloseIncidentInBulk", request).await;
        assert_eq!(answer["contextData"][0]["Closed By"], "admin user", "{answer}");
        let message = answer["contextData"][1]["Error Message"].as_str().unwrap();
        assert!(answer["contextData"][1]["Status"] == "Open" && message.contains(lacking), "{answer}");
        for (command, parameters) in [
            ("UpdateIncidentSiteInBulk", json!({ "Incident Numbers": ["o-1"], "Site": "Client" })),
            ("LinkIncidentsToNewCase", json!({ "Incident Numbers": ["o-1"], "Case Owner's Site": "Client" })),
        ] {
            let mut parameters = parameters;
            parameters["Username"] = json!("admin user");
            let refused = world.refusal("manager", command, parameters.clone()).await;
            assert!(refused.contains(lacking), "{command}: {refused}");
            parameters["Username"] = json!("manager");
            assert_eq!(world.json("manager", command, parameters).await["error"], "", "{command}");
        }
    }
}

#[tokio::test]
async fn nobody_acts_in_the_name_of_a_user_who_is_not_active() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let change = UserChange { active: Some(false), ..UserChange::default() };
        transaction.records().update_user("analyst", &change, NOW).await.unwrap();
        transaction.commit().await.unwrap();
        let mut request = closing(&["o-1"]);
        request["Username"] = json!("analyst");
        let refused = world.refusal("Admin", "CloseIncidentInBulk", request).await;
        assert_eq!(refused, "The user \"analyst\" is not active. Name an active user.");
    }
}
