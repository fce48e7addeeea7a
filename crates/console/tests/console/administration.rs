//! Keys, users, sites, schedules, runs and the audit log.

use fantoccini::key::Key;
use serde_json::json;

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, SITE};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_revoked() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    browser.look(WIDE).await;
    browser.follow("Keys").await;
    browser.wait_for_text("+ New Key").await;
    browser.follow("+ New Key").await;
    browser.wait_for("#name").await;
    browser.check("key-new").await;
    browser.look(WIDE).await;
    browser.fill("owner", "Stranger").await;
    browser.fill("name", "Night shift").await;
    let command = "document.querySelector('#commands input[value=GetIncidents]')";
    browser.evaluate(&format!("{command}.click()")).await;
    browser.press("Create").await;
    browser.wait_for_text("Stranger").await;
    browser.wait_for("#owner-error").await;
    assert_eq!(browser.evaluate("document.getElementById('name').value").await, "Night shift");
    assert_eq!(browser.evaluate(&format!("{command}.checked")).await, true);
    browser.fill("owner", "Admin").await;
    browser.press("Create").await;
    browser.wait_for_text("The key Night shift is created").await;
    let secret = browser.evaluate("document.getElementById('secret').textContent").await;
    let secret = secret.as_str().unwrap().to_owned();
    assert!(secret.len() > 20, "{secret}");
    browser.only_refused_forms().await;
    browser.check("key-created").await;
    browser.look(WIDE).await;
    browser.follow("I have copied the key").await;
    browser.wait_for("#keys").await;
    let source = browser.client.source().await.unwrap();
    assert!(!source.contains(&secret) && source.contains("getincidents"), "{source}");
    browser.check("keys").await;
    browser.look(WIDE).await;
    browser.follow("Revoke Night shift").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Revoke").await;
    browser.wait_for_text("The key Night shift is revoked.").await;
    browser.follow("Audit log").await;
    browser.wait_for("#audit tbody tr").await;
    let text = browser.text().await;
    assert!(text.contains("Night shift") && text.contains("Refused"), "{text}");
    assert!(!browser.client.source().await.unwrap().contains(&secret));
    browser.check("audit").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_s_history_does_not_show_a_new_key_again() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    browser.look(WIDE).await;
    let create = async |name: &str| {
        browser.goto(&world.page("/keys")).await;
        browser.follow("+ New Key").await;
        browser.wait_for("#name").await;
        browser.fill("name", name).await;
        browser.press("Create").await;
        browser.wait_for("#secret").await;
        let secret = browser.evaluate("document.getElementById('secret').textContent").await;
        secret.as_str().unwrap().to_owned()
    };
    let shows = async |secret: &str| browser.client.source().await.unwrap().contains(secret);
    // Back leads to the list, and Forward to an empty form.
    let secret = create("Early shift").await;
    assert!(shows(&secret).await);
    browser.client.back().await.unwrap();
    browser.wait_for("#keys").await;
    assert!(!shows(&secret).await);
    browser.client.forward().await.unwrap();
    browser.wait_for("main:not(:has(#keys))").await;
    assert!(!shows(&secret).await);
    // Back from the next page leads to no key.
    let secret = create("Late shift").await;
    browser.follow("I have copied the key").await;
    browser.wait_for("#keys").await;
    browser.client.back().await.unwrap();
    browser.wait_for("main:not(:has(#keys))").await;
    assert!(!shows(&secret).await);
    // A page that a browser keeps for its Back button keeps no key.
    let secret = create("Night shift").await;
    browser.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))").await;
    assert!(!shows(&secret).await);
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_limited_to_commands_that_the_form_offers() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    let (_, form) = world.get(&cookie, "/keys/new").await;
    for endpoint in ["GetIncidents", "SyncConnection", "UpdateTenantSiteStatus", "ListDevices"] {
        assert!(form.contains(&format!("name=\"commands\" value=\"{endpoint}\">")), "{endpoint}: {form}");
    }
    let typed = "name=Typo&owner=Admin&kind=api&commands=ListDevices&commands=GetIncidnets";
    let (status, form) = world.answer(&cookie, "/keys/new", typed).await;
    assert_eq!(status, 422, "{form}");
    let error = form.split("id=\"commands-error\">").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(error.contains("GetIncidnets") && error.contains("GetIncidents"), "{error}");
    assert!(form.contains("value=\"ListDevices\" checked") && form.contains("value=\"Typo\""), "{form}");
    let typed = "name=Typo&owner=Admin&kind=api&commands=ListDevices&commands=GetIncidents";
    let (status, page) = world.answer(&cookie, "/keys/new", typed).await;
    assert_eq!(status, 200, "{page}");
    let (_, keys) = world.get(&cookie, "/keys.csv").await;
    assert!(keys.contains("\"listdevices, getincidents\""), "{keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_limited_to_users_and_sites_that_the_form_offers_with_commas_in_their_names() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    assert_eq!(world.post(&cookie, "/users/new", "name=Hopper,+Grace").await, 303);
    let (_, form) = world.get(&cookie, "/keys/new").await;
    for (field, name) in [("users", "Hopper, Grace"), ("sites", SITE)] {
        assert!(form.contains(&format!("name=\"{field}\" value=\"{name}\">")), "{name}: {form}");
    }
    let body =
        format!("name=Shift&owner=Admin&kind=api&users=Hopper,+Grace&users=Viewer&sites={}", SITE.replace(' ', "+"));
    let (status, page) = world.answer(&cookie, "/keys/new", &body).await;
    assert_eq!(status, 200, "{page}");
    let (_, keys) = world.get(&cookie, "/keys.csv").await;
    assert!(keys.contains("Hopper, Grace") && keys.contains(SITE), "{keys}");
    // Where there are too many choices, the names are typed, one per line.
    let body = "name=Night&owner=Admin&kind=api&users=Hopper,+Grace%0D%0A+Viewer+%0D%0A";
    let (status, page) = world.answer(&cookie, "/keys/new", body).await;
    assert_eq!(status, 200, "{page}");
    let (status, page) = world.answer(&cookie, "/keys/new", "name=Late&owner=Admin&kind=api&sites=Atlantis").await;
    assert!(status == 422 && page.contains("id=\"sites-error\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_created_gets_a_role_and_sets_a_password_by_a_link() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    browser.goto(&world.page("/users/new")).await;
    browser.fill("name", "Grace").await;
    browser.fill("site", SITE).await;
    browser.press("Create").await;
    browser.wait_for_text("Choose a role on the site too.").await;
    browser.select("role", "Viewer").await;
    browser.press("Create").await;
    browser.wait_for_text("The user Grace is created.").await;
    browser.fill("site", SITE).await;
    browser.select("role", "Analyst").await;
    browser.press("Set the role").await;
    browser.wait_for_text("Analyst on Security Operations: Grace.").await;
    browser.only_refused_forms().await;
    browser.check("user").await;
    browser.look(WIDE).await;
    browser.press("Make a password link").await;
    browser.wait_for_text("Send the link to the user now.").await;
    let link = browser.evaluate("document.getElementById('secret').textContent").await;
    // The settings leave the port open. The link has the port at which the host listens.
    let path = link.as_str().unwrap().strip_prefix(&world.page("")).unwrap().to_owned();
    assert!(path.starts_with("/password/"), "{path}");
    browser.goto(&world.page("/users")).await;
    browser.check("users").await;
    browser.look(WIDE).await;
    browser.press("Sign out").await;
    browser.wait_for_text("You are signed out.").await;
    browser.goto(&world.page(&path)).await;
    for field in ["secret.password", "secret.again"] {
        browser.fill(field, crate::world::PASSWORD).await;
    }
    let button = browser.evaluate("document.querySelector('main button').textContent").await;
    browser.press(button.as_str().unwrap().trim()).await;
    browser.wait_for_text("The password is set.").await;
    browser.sign_in(&world, "Grace").await;
    let text = browser.text().await;
    assert!(text.contains("Incidents") && !text.contains("Audit log"), "{text}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_schedules_and_runs() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    world.run("List Tenants").await;
    browser.sign_in(&world, "Admin").await;
    browser.goto(&world.page("/sites/new")).await;
    browser.fill("name", "Acme").await;
    browser.press("Create").await;
    browser.wait_for_text("The site Acme is created.").await;
    browser.check("site").await;
    browser.look(WIDE).await;
    browser.follow("Remove").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Remove").await;
    browser.wait_for_text("The site Acme is removed.").await;
    browser.check("sites").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/schedules/new")).await;
    browser.fill("name", "Nightly tenants").await;
    browser.select("connection", "Footprint").await;
    browser.select("command", "List Tenants").await;
    browser.select("site", SITE).await;
    browser.press("Create").await;
    browser.wait_for("#every-minutes-error").await;
    let chosen = "['connection', 'command'].map(id => document.getElementById(id).value)";
    assert_eq!(browser.evaluate(chosen).await, json!(["Footprint", "List Tenants"]));
    browser.only_refused_forms().await;
    browser.check("schedule-new").await;
    browser.look(WIDE).await;
    browser.fill("cron", "30 2 * * *").await;
    browser.press("Create").await;
    browser.wait_for_text("The schedule Nightly tenants is created.").await;
    browser.follow("Run now").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Run now").await;
    browser.wait_for_text("The schedule Nightly tenants runs now.").await;
    browser.check("schedule").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/schedules")).await;
    browser.check("schedules").await;
    browser.look(WIDE).await;
    browser.follow("Runs").await;
    browser.wait_for("#runs tbody tr").await;
    browser.check("runs").await;
    browser.look(WIDE).await;
    browser.evaluate("document.querySelector('#runs tbody a').click()").await;
    browser.wait_for_text("Stored outcome").await;
    browser.check("run").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_s_form_offers_what_is_known_and_says_what_is_wrong_at_the_field() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Analyst").await;
    let (_, form) = world.get(&cookie, "/schedules/new").await;
    for (field, choice) in [
        ("site", SITE),
        ("integration", "coda-footprint"),
        ("connection", "Footprint of Acme"),
        ("command", "List Device Vulnerabilities"),
        ("command", "Collect Findings"),
    ] {
        let choices = form.split(&format!("<select id=\"{field}\"")).nth(1).unwrap();
        let choices = choices.split("</select>").next().unwrap();
        assert!(choices.contains(&format!("<option value=\"{choice}\"")), "{field}: {choices}");
    }
    let right = [
        ("name", "Nightly"),
        ("site", SITE),
        ("integration", "coda-footprint"),
        ("connection", "Footprint"),
        ("command", "List Tenants"),
        ("cron", "30 2 * * *"),
        ("alert-after", "1"),
    ];
    let body = |field: &str, value: &str| {
        let values = right.iter().map(|(name, right)| (*name, if *name == field { value } else { *right }));
        let other = (!right.iter().any(|(name, _)| *name == field)).then_some((field, value));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(values.chain(other)).finish()
    };
    for (field, value) in [
        ("site", "Nowhere"),
        ("integration", "gate"),
        ("connection", "Footprnt"),
        ("connection", ""),
        ("command", "List Tenantz"),
        ("cron", "nightly"),
        ("alert-after", "101"),
        ("alert-to", "canary"),
        ("alert-to", "webhook:nope"),
        ("parameters", "{\"Nope\": 1}"),
        ("name", "\u{200b}"),
    ] {
        let (status, form) = world.answer(&cookie, "/schedules/new", &body(field, value)).await;
        assert_eq!(status, 422, "{field}={value}: {form}");
        assert!(form.contains(&format!("id=\"{field}-error\"")), "{field}={value}: {form}");
        if field != "connection" {
            assert!(form.contains("<option value=\"Footprint\" selected>"), "{field}={value}: {form}");
        }
    }
    assert_eq!(world.post(&cookie, "/schedules/new", &body("cron", "30 2 * * *")).await, 303);
    let (_, form) = world.answer(&cookie, "/schedules/new", &body("name", "NIGHTLY")).await;
    assert!(form.contains("id=\"name-error\"") && form.contains("exists already"), "{form}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_and_the_audit_log_filtered_by_keyboard() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let [tab, enter] = [Key::Tab, Key::Enter].map(char::from);
    browser.sign_in(&world, "Admin").await;
    browser.goto(&world.page("/keys/new")).await;
    assert_eq!(browser.focused().await, "name");
    browser.keys(&format!("Day shift{enter}")).await;
    browser.wait_for_text("The key Day shift is created").await;
    browser.focus("#shown-once button").await;
    browser.goto(&world.page("/audit")).await;
    browser.focus("#user").await;
    browser.keys(&format!("nobody{tab}set password{enter}")).await;
    browser.wait_for_text("1 entry, the latest first").await;
    browser.end().await;
    let cookie = world.cookie("Admin").await;
    let (status, text) = world.get(&cookie, "/audit.csv?command=set+password").await;
    assert!(status == 200 && text.lines().count() == 6, "{text}");
    // The export itself is in the log.
    let (_, text) = world.get(&cookie, "/audit?user=Admin").await;
    assert!(text.contains("audit as CSV"), "{text}");
    let (status, text) = world.get(&cookie, "/audit?user=Admin&since=yesterday").await;
    assert_eq!(status, 422, "{text}");
    for part in ["id=\"since-error\"", "value=\"yesterday\"", "value=\"Admin\""] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(!text.contains("id=\"audit\"") && !text.contains("id=\"until-error\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_or_a_site_has_a_page_whatever_its_name_is() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    for (name, segment) in [("new", "new%20"), (".", "%2E%20"), ("..", "%2E%2E%20")] {
        for (list, more) in [("users", "&active=yes"), ("sites", "&kind=Client&active=yes")] {
            let body = format!("name={name}{more}");
            assert_eq!(world.post(&cookie, &format!("/{list}/new"), &body).await, 303, "{list} {body}");
            let (_, all) = world.get(&cookie, &format!("/{list}")).await;
            assert!(all.contains(&format!("href=\"/console/{list}/{segment}\"")), "{name}: {all}");
            let (status, page) = world.get(&cookie, &format!("/{list}/{segment}")).await;
            assert!(status == 200 && page.contains(&format!("<h1>{name}</h1>")), "{list} {name}: {status} {page}");
            assert!(!page.contains("id=\"reset-app\""), "the user has no authenticator app: {page}");
            assert_eq!(world.post(&cookie, &format!("/{list}/{segment}"), &body).await, 303, "{list} {body}");
        }
    }
}

/// The value of the hidden field that says what a form was opened with.
fn opened_with(page: &str) -> String {
    let value = page.split("name=\"opened-with\" value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_user_changed_meanwhile_is_shown_and_not_overwritten() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    let schedule = "name=Nightly&integration=coda-footprint&connection=Footprint&command=List+Tenants&\
                    cron=30+2+*+*+*&alert-after=1&active=yes";
    let site = SITE.replace(' ', "%20");
    let (status, page) = world.answer(&cookie, "/schedules/new", &format!("{schedule}&site={site}")).await;
    assert_eq!(status, 303, "{page}");
    let (_, schedules) = world.get(&cookie, "/schedules").await;
    let before_name = schedules.split(">Nightly<").next().unwrap();
    let id = before_name.rsplit("/schedules/").next().unwrap().split('"').next().unwrap();
    let (site, schedule) = (format!("/sites/{site}"), format!("/schedules/{id}"));
    let site_form = "kind=Client&time-zone=UTC&language=en&active=yes";
    let schedule_form = "cron=30+2+*+*+*&alert-after=1&active=yes";
    for (path, first, second, stored) in [
        (
            &"/users/Viewer".to_owned(),
            "name=Viewer&email=v@example.org&active=yes",
            "name=Viewer&email=&active=yes",
            "v@example.org",
        ),
        (
            &site,
            &*format!("name={SITE}&description=Ours&{site_form}"),
            &format!("name={SITE}&description=&{site_form}"),
            "Ours",
        ),
        (&schedule, &format!("name=Hourly&{schedule_form}"), &format!("name=Nightly&{schedule_form}"), "Hourly"),
    ] {
        let (status, page) = world.get(&cookie, path).await;
        assert_eq!(status, 200, "{path}: {page}");
        let opened = opened_with(&page);
        assert_eq!(world.post(&cookie, path, &format!("{first}&opened-with={opened}")).await, 303, "{path}");
        let (status, page) = world.answer(&cookie, path, &format!("{second}&opened-with={opened}")).await;
        assert_eq!(status, 422, "{path}");
        assert!(
            page.contains("nothing was saved") && page.contains(&format!("Stored now: \u{201c}{stored}\u{201d}.")),
            "{page}"
        );
        let (_, after) = world.get(&cookie, path).await;
        assert!(after.contains(stored), "{path}: {after}");
        // Sent again, the form replaces what is stored.
        assert_eq!(
            world.post(&cookie, path, &format!("{second}&opened-with={}", opened_with(&page))).await,
            303,
            "{path}"
        );
        let (_, after) = world.get(&cookie, path).await;
        assert!(!after.contains(stored), "{path}: {after}");
    }
}
