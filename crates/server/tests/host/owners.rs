//! The rule for owners: an active user who may see incidents on the site. The error does not reveal which users exist.

use serde_json::{Value, json};
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_store::model::{AuditEntry, Role, Surface};
use soar_store::testing::TestStore;
use soar_store::{NewUser, UserChange};

use crate::world::{NOW, World};

/// Names the owner in every possible way. Returns the errors, empty where the owner was accepted.
async fn everywhere(world: &World, caller: &str, owner: &str) -> Vec<(String, String)> {
    let commands = [
        ("CreateAnIncident", json!({ "IncidentType": "Phishing", "Owner": owner })),
        ("SetIncidentField", json!({ "Incident Number": "o-1", "Field Name": "Owner", "Field Value": owner })),
        ("SetIncidentField", json!({ "Incident Number": "o-1", "Field Name": "Assignee", "Field Value": owner })),
        ("UpdateIncidentOwnerInBulk", json!({ "Incident Numbers": ["o-1"], "Owner": owner })),
        ("LinkIncidentsToNewCase", json!({ "Incident Numbers": ["o-1"], "Case Lead Investigators": owner })),
    ];
    let mut said = Vec::new();
    for (command, parameters) in commands {
        let ended = match world.run(caller, command, parameters).await {
            Ok(answer) => answer.error,
            Err(refusal) => refusal.to_string(),
        };
        said.push((command.to_owned(), ended));
    }
    for (subject, field) in [(Subject::Incidents, "owner"), (Subject::Incidents, "assignee"), (Subject::Cases, "owner")]
    {
        let mut row = json!({ "number": format!("{field}-{owner}").replace(' ', "-"), "site": "Security Operations" });
        row[field] = Value::from(owner);
        let text = json!([row]).to_string();
        let options = ImportOptions { subject, format: Format::Json, on_conflict: OnConflict::Update };
        let entry = AuditEntry::new(NOW, Surface::Terminal, "test");
        let caller = world.caller(caller).await;
        let report = import(&world.store, &caller, options, text.as_bytes(), &entry, &mut |_| {}).await.unwrap();
        assert!(report.bad_rows.iter().all(|row| !row.to_string().ends_with("..")), "{:?}", report.bad_rows);
        let problem = report.bad_rows.first().map(|row| row.problem.clone()).unwrap_or_default();
        said.push((format!("import of {subject}, {field}"), problem));
    }
    said
}

#[tokio::test]
async fn an_owner_must_see_the_site_and_no_refusal_tells_whether_the_user_exists() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store).await;
        world.incidents(&world.operations, &["o-1"]).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        for (name, role, site) in
            [("elsewhere", Some(Role::Manager), &world.client), ("gone", Some(Role::Manager), &world.operations)]
        {
            let user = NewUser { name: name.to_owned(), email: None, is_administrator: false };
            let user = records.create_user(&user, NOW).await.unwrap();
            if let Some(role) = role {
                records.set_role(user.id, site.id, role).await.unwrap();
            }
        }
        let change = UserChange { active: Some(false), ..UserChange::default() };
        records.update_user("gone", &change, NOW).await.unwrap();
        transaction.commit().await.unwrap();
        for caller in ["analyst", "Admin"] {
            // A missing user, a user without a role, a user with a role on another site, and an inactive user.
            for owner in ["nobody", "admin user", "elsewhere", "gone"] {
                for (entrance, said) in everywhere(&world, caller, owner).await {
                    let expected = format!(
                        "The site \"Security Operations\" has no active user \"{owner}\" with a role on it. Name a user \
                         who may see its incidents."
                    );
                    assert_eq!(said, expected, "{entrance}");
                }
            }
            for owner in ["viewer", "ANALYST", "Admin", "System"] {
                for (entrance, said) in everywhere(&world, caller, owner).await {
                    let is_no_assignee = owner == "System" && entrance.contains("ssignee");
                    assert!(said.is_empty() || is_no_assignee, "{entrance}: {said}");
                }
            }
        }
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().incident("o-1").await.unwrap().owner.as_deref(), Some("System"));
        assert_eq!(reader.records().incident("owner-ANALYST").await.unwrap().owner.as_deref(), Some("analyst"));
    }
}
