//! Each role sees and does what its rights allow.

use serde_json::json;

use crate::world::ConsoleWorld;

/// The pages, and the status that each user gets.
const PAGES: &[(&str, [u16; 5])] = &[
    // Admin, Manager, Analyst, Viewer, Nobody
    ("/health", [200, 200, 200, 200, 403]),
    ("/health/1", [200, 200, 200, 404, 403]),
    ("/health.csv", [200, 200, 200, 200, 403]),
    ("/findings", [200, 200, 200, 200, 403]),
    ("/findings.csv", [200, 200, 200, 200, 403]),
    ("/findings.ndjson", [200, 200, 200, 200, 403]),
    ("/findings/changes", [200, 200, 200, 200, 403]),
    ("/findings/changes.csv", [200, 200, 200, 200, 403]),
    ("/findings/changes.ndjson", [200, 200, 200, 200, 403]),
    ("/findings/devices", [200, 200, 200, 200, 403]),
    ("/findings/cves.csv", [200, 200, 200, 200, 403]),
    ("/findings/tenants", [200, 200, 200, 200, 403]),
    ("/findings/collect", [200, 200, 200, 403, 403]),
    // No findings were collected.
    ("/findings/tenants/remove?connection=1&tenant=1", [404, 404, 403, 404, 403]),
    ("/findings/rules", [200, 200, 200, 200, 403]),
    ("/findings/rules/new", [200, 200, 200, 403, 403]),
    ("/findings/rules/99/plan", [404, 404, 404, 404, 403]),
    ("/findings/rules/99", [404, 404, 404, 404, 403]),
    ("/findings/rules/99/change", [404, 404, 404, 404, 403]),
    // A rule of the administrator.
    ("/findings/rules/1", [200, 404, 404, 404, 403]),
    ("/findings/rules/1/change", [200, 404, 404, 404, 403]),
    ("/findings/items/1.1.x", [404, 404, 404, 404, 403]),
    ("/incidents", [200, 200, 200, 200, 403]),
    ("/incidents.csv", [200, 200, 200, 200, 403]),
    ("/incidents/new", [200, 200, 200, 403, 403]),
    ("/incidents/bulk/closeincidentinbulk", [200, 200, 200, 403, 403]),
    ("/incidents/bulk/createanincident", [404, 404, 404, 404, 404]),
    ("/cases", [200, 200, 200, 200, 403]),
    ("/integrations/coda-footprint/connections/new", [200, 200, 403, 403, 403]),
    ("/integrations/coda-footprint/connections/1", [200, 200, 200, 404, 403]),
    ("/integrations/coda-footprint/connections/1/active", [200, 200, 403, 404, 403]),
    ("/integrations/coda-footprint/connections/1/diagnose", [200, 200, 403, 404, 403]),
    ("/integrations/coda-footprint/connections/1/remove", [200, 200, 403, 404, 403]),
    ("/test-command", [200, 200, 200, 403, 403]),
    ("/profile", [200, 200, 200, 200, 200]),
    ("/runs", [200, 200, 200, 200, 200]),
    ("/schedules", [200, 200, 200, 200, 403]),
    ("/schedules/new", [200, 200, 200, 403, 403]),
    ("/sites", [200, 200, 200, 200, 200]),
    ("/sites/new", [200, 403, 403, 403, 403]),
    ("/tenants", [200, 403, 403, 403, 403]),
    ("/tenants.csv", [200, 403, 403, 403, 403]),
    ("/tenants/new", [200, 403, 403, 403, 403]),
    ("/tenants/masters", [200, 403, 403, 403, 403]),
    ("/tenants/syncs", [200, 403, 403, 403, 403]),
    ("/tenants/syncs/new", [200, 403, 403, 403, 403]),
    ("/tenants/99", [404, 403, 403, 403, 403]),
    ("/users", [200, 403, 403, 403, 403]),
    ("/users.csv", [200, 403, 403, 403, 403]),
    ("/users/new", [200, 403, 403, 403, 403]),
    ("/users/Viewer", [200, 403, 403, 403, 403]),
    ("/keys", [200, 403, 403, 403, 403]),
    ("/keys.csv", [200, 403, 403, 403, 403]),
    ("/keys/new", [200, 403, 403, 403, 403]),
    ("/audit", [200, 403, 403, 403, 403]),
    ("/audit.csv", [200, 403, 403, 403, 403]),
];

/// The forms that only administrators may send.
const ADMINISTRATION: &[(&str, &str)] = &[
    ("/sites/new", "name=New&kind=Client"),
    ("/sites/new", ""),
    ("/sites/Security%20Operations", ""),
    ("/users/new", ""),
    ("/keys/new", ""),
    ("/tenants/new", ""),
    ("/tenants/syncs/new", ""),
    ("/sites/Security%20Operations", "name=Other&kind=Client&active=yes"),
    ("/sites/Security%20Operations/remove", ""),
    ("/users/new", "name=New"),
    ("/users/Viewer", "name=Viewer&active=yes&administrator=yes"),
    ("/users/Viewer/roles", "site=Security+Operations&role=Manager"),
    ("/users/Viewer/password-link", ""),
    ("/users/Viewer/end-sessions", ""),
    ("/users/Viewer/reset-app", ""),
    ("/keys/new", "name=New&owner=Admin&kind=api"),
    ("/keys/None/revoke", ""),
    ("/tenants/new", "name=x&region=x&url=http%3A%2F%2F127.0.0.1&secret.key=x"),
    ("/tenants/1/revoke", ""),
    ("/tenants/1/remove", ""),
    ("/tenants/1/register", ""),
    ("/tenants/keys", "hours=24"),
    ("/tenants/masters/Master/revoke", ""),
    ("/tenants/masters/Master/remove", ""),
    ("/tenants/syncs/new", "what=all&site=x&all-tenants=yes"),
    ("/tenants/syncs/1/run", ""),
    ("/tenants/syncs/1/retry", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_and_does_only_what_it_may() {
    let world = ConsoleWorld::new().await;
    let number = world.incident("Open").await;
    let rule = world.rule(json!({ "name": "Of the administrator", "then": { "incident": {} } })).await;
    let stored = world.stored_rule(rule).await;
    let users = ["Admin", "Manager", "Analyst", "Viewer", "Nobody"];
    let mut wrong = Vec::new();
    for (position, user) in users.into_iter().enumerate() {
        let cookie = world.cookie(user).await;
        for (path, expected) in PAGES {
            let (status, _) = world.get(&cookie, path).await;
            if status != expected[position] {
                wrong.push(format!("{user} {path}: {status}, expected {}", expected[position]));
            }
        }
        if user == "Admin" {
            continue;
        }
        for (path, body) in ADMINISTRATION {
            let status = world.post(&cookie, path, body).await;
            if !matches!(status, 403 | 404) {
                wrong.push(format!("{user} POST {path}: {status}"));
            }
        }
    }
    // Only those who manage a connection check it.
    for user in ["Analyst", "Viewer", "Nobody"] {
        let status = world.post(&world.cookie(user).await, "/health/1/check", "").await;
        if !matches!(status, 403 | 404) {
            wrong.push(format!("{user} POST /health/1/check: {status}"));
        }
    }
    // A user changes only its own rules.
    for user in ["Manager", "Analyst", "Viewer", "Nobody"] {
        let path = format!("/findings/rules/{rule}/change");
        let status = world.post(&world.cookie(user).await, &path, "name=Other&per=finding&most=1&version=1").await;
        if !matches!(status, 403 | 404) {
            wrong.push(format!("{user} POST {path}: {status}"));
        }
    }
    assert_eq!(world.stored_rule(rule).await, stored);
    for user in ["Viewer", "Nobody"] {
        let cookie = world.cookie(user).await;
        for (path, body) in [
            ("/findings/collect".to_owned(), String::new()),
            ("/incidents/new".to_owned(), "site=Security+Operations&type=x".to_owned()),
            ("/incidents/bulk/closeincidentinbulk".to_owned(), format!("p.incidentnumbers={number}")),
            (format!("/incidents/{number}/change"), "title=Other&version=1".to_owned()),
            (format!("/incidents/{number}/links"), format!("incidents={number}")),
        ] {
            let status = world.post(&cookie, &path, &body).await;
            if !matches!(status, 403 | 404 | 422) {
                wrong.push(format!("{user} POST {path}: {status}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let cookie = world.cookie("Viewer").await;
    let (_, list) = world.get(&cookie, "/incidents").await;
    assert!(list.contains(&number) && !list.contains("id=\"bulk\"") && !list.contains("New Incident"));
    let (_, one) = world.get(&cookie, &format!("/incidents/{number}")).await;
    assert!(one.contains("Open") && !one.contains("/change") && !one.contains("id=\"link\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_nothing_about_what_its_user_may_not_see() {
    let world = ConsoleWorld::new().await;
    world.run("List Tenants").await;
    for (user, shown) in
        [("Viewer", "No incident that you may see is open."), ("Nobody", "Your roles show nothing here.")]
    {
        let (status, home) = world.get(&world.cookie(user).await, "/").await;
        assert!(status == 200 && home.contains(shown), "{user}: {status} {home}");
        assert_eq!(home.contains("Open incidents"), user == "Viewer", "{user}: {home}");
        for text in ["Connections by state", "/console/health", "There is no connection", "No command has run"] {
            assert!(!home.contains(text), "{user} reads {text}: {home}");
        }
    }
    let cookie = world.cookie("Viewer").await;
    for (path, text) in [
        ("/health", "There is no connection that you may see."),
        ("/schedules", "There is no schedule that you may see."),
        ("/runs", "There is no run that you may see."),
    ] {
        let (_, page) = world.get(&cookie, path).await;
        assert!(page.contains(text) && !page.contains("Create one"), "{path}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_of_an_instance_without_connections_leads_to_a_new_one() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    for id in [1, 2] {
        let path = format!("/integrations/coda-footprint/connections/{id}/remove");
        assert_eq!(world.post(&cookie, &path, "").await, 303);
    }
    let (_, home) = world.get(&cookie, "/").await;
    let link = "<a href=\"/console/integrations/coda-footprint/connections/new\">+ New Connection</a>";
    assert!(home.contains("There is no connection yet.") && home.contains(link), "{home}");
}
