//! Incidents: a new one, a command on many with its plan, and a change by two people at once.

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, SITE};

async fn choose(browser: &Browser, number: &str) {
    let css = format!("input[value=\"{number}\"]");
    browser.client.find(Locator::Css(&css)).await.unwrap().click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_closes_incidents_after_reading_the_plan() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let (one, two) = (
        world.incident("Mail from a stranger").await,
        world.incident("<img src=x onerror=alert(1)> \u{202e}txt").await,
    );
    let kept = world.incident("Not touched").await;
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.follow("Incidents").await;
    browser.wait_for_text("3 incidents, the latest first").await;
    browser.check("incidents").await;
    browser.look(WIDE).await;
    assert!(browser.text().await.contains("Tick incidents in the list first."));
    browser.press("Close Incident in Bulk").await;
    browser.wait_for_text("No incident is ticked.").await;
    let example = browser.evaluate("document.querySelector('textarea').placeholder").await;
    assert_eq!(example.as_str().unwrap(), "20210127-198\n20210127-197", "one per line, as the help says");
    browser.follow("Cancel").await;
    browser.wait_for_text("3 incidents, the latest first").await;
    choose(&browser, &one).await;
    choose(&browser, &two).await;
    browser.press("Close Incident in Bulk").await;
    browser.wait_for_text("Show the plan").await;
    let numbers = browser.evaluate("document.querySelector('textarea').value").await;
    assert_eq!(numbers.as_str().unwrap(), format!("{two}\n{one}"));
    browser.check("incidents-bulk").await;
    browser.look(WIDE).await;
    browser.press("Show the plan").await;
    browser.wait_for_text("Nothing is changed yet. 2 will change").await;
    assert!(browser.text().await.contains("Status: Open → Closed"));
    browser.check("incidents-plan").await;
    browser.look(WIDE).await;
    browser.press("Apply to 2").await;
    browser.wait_for_text("Successful").await;
    browser.wait_for("#items").await;
    browser.check("incidents-result").await;
    browser.look(WIDE).await;
    browser.follow(&one).await;
    browser.wait_for_text("Closed").await;
    browser.check("incident").await;
    let cookie = world.cookie("Analyst").await;
    let (_, text) = world.get(&cookie, "/incidents.csv?status=Open").await;
    assert!(text.contains(&kept) && !text.contains(&one), "{text}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_users_who_change_an_incident_sees_both_versions() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let number = world.incident("First title").await;
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/incidents")).await;
    browser.fill("q", &number).await;
    browser.press("Filter").await;
    browser.wait_for_text("History, the latest first").await;
    browser.follow("Change").await;
    browser.wait_for("#title").await;
    browser.fill("title", "Title of this user").await;
    // Another user is faster.
    let cookie = world.cookie("Manager").await;
    let status =
        world.post(&cookie, &format!("/incidents/{number}/change"), "title=Title+of+the+other&version=1").await;
    assert_eq!(status, 303);
    // That is told before anything that is wrong with a field.
    let (status, text) = world.answer(&cookie, &format!("/incidents/{number}/change"), "title=&version=1").await;
    assert!(status == 422 && text.contains("This was changed") && !text.contains("cannot be emptied"), "{text}");
    browser.press("Save").await;
    browser.wait_for_text("This was changed after you opened the form, so nothing was saved.").await;
    let text = browser.text().await;
    assert!(text.contains("Title of the other") && text.contains("Title of this user"), "{text}");
    browser.only_refused_forms().await;
    browser.check("incident-conflict").await;
    browser.look(WIDE).await;
    browser.press("Save").await;
    browser.wait_for_text("The incident is changed.").await;
    assert!(browser.text().await.contains("Title of this user"));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_user_changes_is_saved_and_a_field_that_keeps_an_incident_open_is_marked() {
    const LIST: &str = "CVE-2026-1 on web1\nCVE-2026-2 on web2\n\nand others";
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let number = world.incident("With fields").await;
    world.fields(&number, LIST).await;
    let change = world.page(&format!("/incidents/{number}/change"));
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&change).await;
    browser.wait_for("textarea[name^='f.Findings']").await;
    browser.select("severity", "Low").await;
    browser.press("Save").await;
    browser.wait_for_text("The incident is changed.").await;
    assert_eq!(world.field(&number, "List").await.as_deref(), Some(LIST));
    let (_, log) = world.get(&world.cookie("Admin").await, "/audit.csv?user=Analyst").await;
    assert!(log.contains(&format!("{number}: Severity")) && !log.contains("Severity, "), "{log}");
    browser.goto(&change).await;
    browser.select("status", "Closed").await;
    browser.press("Save").await;
    browser.wait_for_text("Review.Root Cause is required to close the incident.").await;
    assert!(!browser.text().await.contains("Bypass"));
    browser.only_refused_forms().await;
    browser.check("incident-close-problem").await;
    browser.look(WIDE).await;
    let field = browser.focused().await;
    browser.fill(&field, "A stolen password").await;
    browser.press("Save").await;
    browser.wait_for_text("The incident is changed.").await;
    assert_eq!(world.field(&number, "Root Cause").await.as_deref(), Some("A stolen password"));
    assert_eq!(world.field(&number, "List").await.as_deref(), Some(LIST));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_and_its_findings_lead_to_each_other() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let without = world.findings().await.remove(0);
    world.rule(json!({ "name": "Reopened", "then": { "incident": {} } })).await;
    let cve = world.reopened().await;
    let viewer = world.cookie("Viewer").await;
    let (_, list) = world.get(&viewer, "/incidents.csv").await;
    let number = list.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page(&format!("/incidents/{number}"))).await;
    browser.wait_for_text("Findings 1 to 1 of 1").await;
    browser.check("incident-findings").await;
    browser.look(WIDE).await;
    browser.evaluate("document.querySelector('#findings tbody a').click()").await;
    browser.wait_for("#incidents tbody tr").await;
    let text = browser.text().await;
    assert!(text.contains("History, the latest change first") && text.contains(&cve), "{text}");
    browser.check("finding-incidents").await;
    browser.look(WIDE).await;
    browser.follow(&number).await;
    browser.wait_for_text("Findings 1 to 1 of 1").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
    // Another finding is in no incident.
    let analyst = world.cookie("Analyst").await;
    let (_, page) = world.get(&analyst, &format!("/findings/items/{without}")).await;
    assert!(page.contains("No incident that you may see holds the finding."), "{page}");
    // A user who may not see the connection reads what the incident says, without links to findings.
    let (status, page) = world.get(&viewer, &format!("/incidents/{number}")).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("Findings 1 to 1 of 1") && page.contains(&cve) && !page.contains("/findings/items/"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_has_the_latest_open_incidents_and_leads_to_all_of_them() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    browser.look(WIDE).await;
    browser.wait_for_text("No incident that you may see is open.").await;
    let mut numbers = Vec::new();
    for at in 1..=7 {
        numbers.push(world.incident(&format!("Mail {at}")).await);
    }
    // The open page shows them by itself.
    browser.wait_for_text("Mail 7").await;
    let closed = serde_json::from_value(json!({ "status": "Closed" })).unwrap();
    world.host.operations.change_incident(&world.context(), &numbers[5], closed).await.unwrap();
    browser.goto(&world.page("/")).await;
    browser.wait_for("#open-incidents tbody tr").await;
    let titles = "[...document.querySelectorAll('#open-incidents tbody tr')].map(row => row.cells[1].innerText)";
    assert_eq!(browser.evaluate(titles).await, json!(["Mail 7", "Mail 5", "Mail 4", "Mail 3", "Mail 2"]));
    browser.check("home-incidents").await;
    browser.look(WIDE).await;
    browser.follow("All open incidents").await;
    browser.wait_for_text("6 incidents, the latest first").await;
    assert!(!browser.text().await.contains("Mail 6"));
    browser.goto(&world.page("/")).await;
    browser.follow(&numbers[6]).await;
    browser.wait_for_text("History, the latest first").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_and_its_incident_show_each_other_with_title_and_status() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let number = world.incident("Mail from a stranger").await;
    world.case("C-1", "Stolen laptop", &number).await;
    browser.sign_in(&world, "Viewer").await;
    browser.look(WIDE).await;
    browser.goto(&world.page(&format!("/incidents/{number}"))).await;
    let pages = [("cases", "C-1", "Stolen laptop"), ("incidents", number.as_str(), "Mail from a stranger")];
    for (table, linked, title) in pages {
        browser.wait_for(&format!("#{table} tbody tr")).await;
        let row = browser.evaluate(&format!("document.querySelector('#{table} tbody tr').innerText")).await;
        let row = row.as_str().unwrap();
        assert!(row.contains(linked) && row.contains(title) && row.contains("Open"), "{row}");
        browser.check(&format!("linked-{table}")).await;
        browser.look(WIDE).await;
        browser.follow(linked).await;
    }
    browser.wait_for("#cases").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_findings_of_an_incident_are_shown_a_page_at_a_time() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Analyst").await;
    let number = world.incident("Without findings").await;
    let page = async |number: &str, query: &str| world.get(&cookie, &format!("/incidents/{number}{query}")).await.1;
    assert!(!page(&number, "").await.contains("id=\"findings\""));
    world.hold(&number, 1_100).await;
    let first = page(&number, "").await;
    assert!(first.contains("Findings 1 to 100 of 1,100. The page has the first 1,000."), "{first}");
    assert!(first.contains("device-0100") && !first.contains("device-0101") && first.contains("?from=100\""));
    // The tenant's connection is gone, so that no finding has a page.
    assert!(!first.contains("/findings/items/"), "{first}");
    let last = page(&number, "?from=900").await;
    assert!(last.contains("Findings 901 to 1,000 of 1,100.") && last.contains("device-1000"), "{last}");
    assert!(!last.contains("device-1001") && !last.contains("?from=1000\""), "{last}");
    // A position that no page has is no defect.
    assert!(page(&number, "?from=18446744073709551615").await.contains("There are no further findings."));
    // The page of a refused form has the first findings, and leads to the others.
    let (status, refused) = world.answer(&cookie, &format!("/incidents/{number}/links"), "incidents=").await;
    assert!(status == 422 && refused.contains("Findings 1 to 100 of 1,100"), "{refused}");
    assert!(refused.contains(&format!("/incidents/{}?from=100\"", number.replace('-', "%2D"))), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_of_an_incident_is_read_in_its_page() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let number = world.incident("With a long field").await;
    world.fields(&number, &format!("{}the end", "A device with a finding\n".repeat(300))).await;
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page(&format!("/incidents/{number}"))).await;
    assert!(!browser.text().await.contains("the end"));
    browser.evaluate("document.querySelector('.rest summary').click()").await;
    browser.wait_for_text("the end").await;
    assert_eq!(browser.text().await.matches("A device with a finding").count(), 300, "the beginning is there once");
    assert!(browser.text().await.contains("Show less"));
    browser.check("incident-long").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_created_and_linked_by_keyboard() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let other = world.incident("The other").await;
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/incidents/new")).await;
    let [tab, enter] = [Key::Tab, Key::Enter].map(char::from);
    assert_eq!(browser.focused().await, "site");
    browser.keys(&format!("{tab}{enter}")).await;
    // The browser itself asks for the type.
    browser.keys(&format!("Phishing{tab}=1+1{enter}")).await;
    browser.wait_for_text("is created.").await;
    browser.focus("#incidents").await;
    browser.keys(&format!("{other}{tab}{enter}")).await;
    browser.wait_for_text("New links: 1.").await;
    let linked = browser.evaluate("document.querySelector('#linked-incidents tbody tr').innerText").await;
    let linked = linked.as_str().unwrap();
    assert!(linked.contains(&other) && linked.contains("The other") && linked.contains("Open"), "{linked}");
    browser.end().await;
    // A title that a spreadsheet would run as a formula.
    let (_, text) = world.get(&world.cookie("Analyst").await, "/incidents.csv").await;
    assert!(text.contains(",'=1+1,"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_refuses_of_an_incident_is_told_at_its_field() {
    let world = ConsoleWorld::new().await;
    let number = world.incident("Open").await;
    world.fields(&number, "A device").await;
    let cookie = world.cookie("Analyst").await;
    let (type_too_long, value_too_long, text_too_long) = ("x".repeat(201), "x".repeat(10_001), "x".repeat(65_537));
    let new = [("site", SITE), ("type", "Phishing")];
    let change = format!("/incidents/{number}/change");
    for (path, field, value) in [
        ("/incidents/new", "severity", "Splendid"),
        ("/incidents/new", "owner", "Stranger"),
        ("/incidents/new", "due", "2001-01-01 00:00:00"),
        ("/incidents/new", "type", &*type_too_long),
        ("/incidents/new", "description", &*text_too_long),
        (&*change, "severity", "Splendid"),
        (&*change, "owner", "Stranger"),
        (&*change, "assignee", "Stranger"),
        (&*change, "type", &*type_too_long),
        (&*change, "disposition", &*type_too_long),
        (&*change, "description", &*text_too_long),
        (&*change, "f.Findings%2EList", &*value_too_long),
    ] {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair(field, value);
        if path == "/incidents/new" {
            // The first of two values counts.
            body.extend_pairs(new);
        }
        let (status, form) = world.answer(&cookie, path, &body.finish()).await;
        assert_eq!(status, 422, "{path} {field}");
        assert!(form.contains(&format!("id=\"{field}-error\"")), "{path} {field}");
    }
}
