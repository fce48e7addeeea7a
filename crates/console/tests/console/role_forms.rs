//! The forms of connections, schedules, Test Command and the profile: a user who may not send one does not see it either.

use reqwest::redirect::Policy;
use serde_json::json;
use soar_host::operations::ConnectionQuery;
use soar_store::model::ScheduleId;

use crate::world::{ConsoleWorld, SITE};

const MANAGERS: &[&str] = &["Manager"];
const ANALYSTS: &[&str] = &["Manager", "Analyst"];

const SCHEDULE: &str =
    "site=Security+Operations&integration=coda-footprint&connection=Footprint&command=List+Tenants&every-minutes=60";

/// A form, and the users that may send it.
struct RoleForm {
    /// The address of its page, below the console.
    page: String,
    /// The address that it is sent to.
    target: String,
    body: String,
    may: &'static [&'static str],
}

/// The forms. `schedule` is a schedule of the administrator.
fn forms(schedule: ScheduleId) -> Vec<RoleForm> {
    let form = |page: &str, target: &str, body: &str, may: &'static [&'static str]| RoleForm {
        page: page.to_owned(),
        target: target.to_owned(),
        body: body.to_owned(),
        may,
    };
    let mut forms = Vec::new();
    let mut of_own_page = |path: &str, bodies: &[&str], may: &'static [&'static str]| {
        forms.extend(bodies.iter().map(|body| form(path, path, body, may)));
    };
    let (connections, own) = ("/integrations/coda-footprint/connections", format!("/schedules/{schedule}"));
    let new_schedule = format!("name=New&{SCHEDULE}");
    of_own_page(&format!("{connections}/new"), &["name=New&site=Security+Operations", "do=test", ""], MANAGERS);
    let change = "name=Other&site=Security+Operations&active=yes";
    of_own_page(&format!("{connections}/2"), &[change, "do=test", "version=99", ""], MANAGERS);
    of_own_page(&format!("{connections}/2/active"), &["active=no"], MANAGERS);
    of_own_page(&format!("{connections}/2/diagnose"), &[""], MANAGERS);
    of_own_page(&format!("{connections}/2/remove"), &[""], MANAGERS);
    of_own_page("/schedules/new", &[new_schedule.as_str(), ""], ANALYSTS);
    of_own_page(&own, &["name=Other&every-minutes=60", ""], MANAGERS);
    of_own_page(&format!("{own}/run"), &[""], MANAGERS);
    of_own_page(&format!("{own}/remove"), &[""], MANAGERS);
    for command in ["List+Tenants&do=run", "Patch+Rescan&do=confirmed", "Patch+Rescan&do=edit"] {
        let body = format!("connection=1&site=Security+Operations&command={command}");
        forms.push(form("/test-command?connection=1&command=List+Tenants", "/test-command", &body, ANALYSTS));
    }
    forms
}

/// The connections, the schedules and the runs in the store.
async fn stored(world: &ConsoleWorld) -> String {
    let operations = &world.host.operations;
    let connections = operations.list_connections(&world.context(), &ConnectionQuery::default()).await.unwrap();
    let schedules = operations.list_schedules(&world.context(), None).await.unwrap();
    let schedules: Vec<_> = schedules.iter().map(|one| (one.id, &one.name, one.active)).collect();
    format!("{connections:?} {schedules:?} {:?}", world.runs().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_send_a_form_neither_sees_it_nor_changes_anything_by_it() {
    let world = ConsoleWorld::new().await;
    let draft = json!({
        "name": "Of the administrator", "site": SITE, "integration": "coda-footprint", "connection": "Footprint",
        "command": "List Tenants", "everyMinutes": 60,
    });
    let draft = serde_json::from_value(draft).unwrap();
    let schedule = world.host.operations.create_schedule(&world.context(), draft).await.unwrap().id;
    let (before, mut wrong) = (stored(&world).await, Vec::new());
    for user in ["Manager", "Analyst", "Viewer", "Nobody"] {
        let cookie = world.cookie(user).await;
        for RoleForm { page, target, body, may } in forms(schedule) {
            let (status, text) = world.get(&cookie, &page).await;
            let sees = status == 200 && text.contains(&format!("method=\"post\" action=\"/console{target}\""));
            if sees != may.contains(&user) {
                wrong.push(format!("{user} {page}: {status}, sees the form: {sees}"));
            }
            if may.contains(&user) {
                continue;
            }
            let (status, answer) = world.answer(&cookie, &target, &body).await;
            if !matches!(status, 403 | 404) {
                wrong.push(format!("{user} POST {target} {body}: {status} {answer}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(stored(&world).await, before);
    // An analyst changes its own schedules.
    let analyst = world.cookie("Analyst").await;
    assert_eq!(world.post(&analyst, "/schedules/new", &format!("name=Of+the+analyst&{SCHEDULE}")).await, 303);
    let schedules = world.host.operations.list_schedules(&world.context(), None).await.unwrap();
    let own = format!("/schedules/{}", schedules.iter().find(|one| one.name == "Of the analyst").unwrap().id);
    let (_, page) = world.get(&analyst, &own).await;
    assert!(page.contains(&format!("method=\"post\" action=\"/console{own}\"")), "{page}");
    assert_eq!(world.post(&analyst, &format!("{own}/remove"), "").await, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_changes_only_its_own_profile_and_nobody_does_without_a_session() {
    let world = ConsoleWorld::new().await;
    let mut users = Vec::new();
    for user in ["Admin", "Manager", "Analyst", "Viewer", "Nobody"] {
        users.push((user, world.cookie(user).await));
    }
    let themes = async || {
        let mut themes = Vec::new();
        for (_, cookie) in &users {
            let (_, page) = world.get(cookie, "/profile").await;
            themes.push(page.split("data-theme=\"").nth(1).unwrap().split('"').next().unwrap().to_owned());
        }
        themes
    };
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    for target in ["display", "password", "authenticator", "authenticator/confirm", "authenticator/remove", "sessions"]
    {
        let request = || {
            let request = client.post(world.page(&format!("/profile/{target}"))).body("theme=dark");
            request.header("content-type", "application/x-www-form-urlencoded")
        };
        assert_eq!(request().send().await.unwrap().status(), 401, "{target}");
        // Another site does not know the session's key against forged forms.
        assert_eq!(request().header("cookie", &users[0].1).send().await.unwrap().status(), 403, "{target}");
    }
    let mut expected = vec!["system".to_owned(); users.len()];
    assert_eq!(themes().await, expected);
    for (position, (user, cookie)) in users.iter().enumerate() {
        assert_eq!(world.post(cookie, "/profile/display", "theme=dark").await, 303, "{user}");
        "dark".clone_into(&mut expected[position]);
        assert_eq!(themes().await, expected, "{user}");
    }
}
