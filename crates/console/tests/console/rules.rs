//! Rules on findings: the plan, the form and its conflicts.

use serde_json::json;

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, SITE};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_planned_added_set_inactive_and_removed() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    world.findings().await;
    let reopened = world.reopened().await;
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/findings")).await;
    browser.follow("Rules").await;
    browser.wait_for_text("There is no rule.").await;
    browser.follow("+ New Rule").await;
    browser.fill("name", "Severe").await;
    browser.fill("cvss", "eleven").await;
    browser.press("Show what it would have done").await;
    browser.wait_for_text("Expected a number from 0 to 10, such as 7.5.").await;
    browser.only_refused_forms().await;
    browser.fill("cvss", "0").await;
    browser.fill("title", "About {cve}").await;
    browser.select("per", "device").await;
    browser.check("rule-new").await;
    browser.look(WIDE).await;
    browser.press("Show what it would have done").await;
    browser.wait_for_text("Nothing was changed yet").await;
    // The changes of the baseline make none.
    let planned = "New incidents\n1\nAppended";
    let text = browser.text().await;
    assert!(text.contains(planned) && text.contains(&format!("About {reopened}")), "{text}");
    browser.check("rule-plan").await;
    browser.look(WIDE).await;
    browser.press("Add the rule").await;
    browser.wait_for_text("The rule Severe is added.").await;
    let text = browser.text().await;
    assert!(text.contains("CVSS at least\n0\n") && text.contains("One incident per device"), "{text}");
    browser.check("rule").await;
    browser.look(WIDE).await;
    browser.press("Set it inactive").await;
    browser.wait_for_text("The rule Severe is inactive.").await;
    browser.follow("What it would have done").await;
    browser.wait_for_text(&format!("About {reopened}")).await;
    browser.check("rule-known-plan").await;
    browser.look(WIDE).await;
    browser.follow("Rules").await;
    browser.wait_for("#rules tbody tr").await;
    browser.check("rules").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
    // Without scripts, and as another user: a rule is its user's own.
    let browser = Browser::start().await;
    browser.without_scripts().await;
    browser.sign_in(&world, "Admin").await;
    browser.goto(&world.page("/findings/rules/1/remove")).await;
    browser.press("Remove").await;
    browser.wait_for_text("The rule Severe is removed.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_changed_and_the_second_of_two_users_sees_both_versions() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let cookie = world.cookie("Analyst").await;
    let fields = "cvss=7.5&exploit=no&kev=&devices=web-*%0A10.0.*&tenants=&per=device&title=About+%7Bcve%7D&close=yes\
                  &most=50&days=30&add=yes";
    for name in ["Severe", "Other"] {
        let status = world.post(&cookie, "/findings/rules/new", &format!("name={name}&{fields}")).await;
        assert_eq!(status, 303, "{name}");
    }
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/findings/rules")).await;
    browser.follow("Severe").await;
    browser.wait_for_text("CVSS at least\n7.5").await;
    browser.follow("Change").await;
    browser.wait_for("#cvss").await;
    for (field, stored) in [
        ("name", "Severe"),
        ("cvss", "7.5"),
        ("exploit", "no"),
        ("kev", ""),
        ("devices", "web-*\n10.0.*"),
        ("tenants", ""),
        ("per", "device"),
        ("title", "About {cve}"),
        ("most", "50"),
    ] {
        assert_eq!(browser.value(field).await, stored, "{field}");
    }
    assert_eq!(browser.evaluate("document.getElementById('close').checked").await, json!(true));
    browser.check("rule-change").await;
    browser.look(WIDE).await;
    // The form says at the field what is wrong, and keeps what was typed.
    browser.fill("cvss", "eleven").await;
    browser.press("Save").await;
    browser.wait_for("#cvss-error").await;
    assert_eq!(browser.value("cvss").await, "eleven");
    // So it does with what the host refuses.
    browser.fill("cvss", "9").await;
    browser.fill("devices", "web-[").await;
    browser.press("Save").await;
    browser.wait_for("#devices-error").await;
    assert_eq!(browser.value("devices").await, "web-[");
    browser.fill("devices", "web-1").await;
    browser.fill("name", "other").await;
    browser.press("Save").await;
    browser.wait_for("#name-error").await;
    let text = browser.text().await;
    assert!(text.contains("The rule \"other\" exists already."), "{text}");
    assert_eq!((browser.value("name").await, browser.value("devices").await), ("other".into(), "web-1".into()));
    browser.only_refused_forms().await;
    // Another user is faster.
    browser.fill("name", "Severe findings").await;
    let admin = world.cookie("Admin").await;
    let change = "name=Renamed&cvss=8&exploit=&kev=&devices=&tenants=&per=cve&title=&close=yes&most=50&version=1";
    assert_eq!(world.post(&admin, "/findings/rules/1/change", change).await, 303);
    // That is told before anything that is wrong with a field.
    let (status, text) = world.answer(&cookie, "/findings/rules/1/change", "name=&per=cve&most=50&version=1").await;
    assert!(status == 422 && text.contains("This was changed") && !text.contains("is required"), "{text}");
    browser.press("Save").await;
    browser.wait_for_text("This was changed after you opened the form, so nothing was saved.").await;
    let rows = "[...document.querySelectorAll('#differences tbody tr')].map(row => \
                [...row.cells].map(cell => cell.textContent.trim()))";
    assert_eq!(
        browser.evaluate(rows).await,
        json!([
            ["Name", "Renamed", "Severe findings"],
            ["CVSS at least", "8", "9"],
            ["An exploit is public", "Makes no difference", "No"],
            ["Devices", "—", "web-1"],
            ["One incident per", "CVE", "Device"],
            ["Title", "—", "About {cve}"],
        ])
    );
    assert_eq!(browser.value("name").await, "Severe findings");
    browser.only_refused_forms().await;
    browser.check("rule-conflict").await;
    browser.look(WIDE).await;
    browser.press("Save").await;
    browser.wait_for_text("The rule Severe findings is changed.").await;
    let text = browser.text().await;
    assert!(text.contains("CVSS at least\n9\n") && text.contains("One incident per device"), "{text}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_form_of_a_rule_does_not_have_stays_as_it_is() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    let id = world
        .rule(json!({
            "name": "A", "active": false, "on": ["opened"], "baseline": true,
            "when": {
                "exploit": false, "epssAtLeast": 0.5, "severities": ["High"], "riskLevels": ["3"],
                "tags": ["Production"], "connections": ["Footprint"],
            },
            "then": { "incident": {
                "type": "Patch", "severity": "Low", "owner": "Admin", "site": SITE, "closeWhenFixed": false,
                "alertTo": ["soc@example.com"],
            } },
            "mostPerCollection": 5,
        }))
        .await;
    let path = format!("/findings/rules/{id}/change");
    let (_, form) = world.get(&cookie, &path).await;
    assert!(form.contains("<option value=\"no\" selected>No</option>"), "{form}");
    let mut expected = world.stored_rule(id).await;
    let change = "name=B&cvss=9&exploit=no&kev=yes&devices=&tenants=&per=finding&title=&most=5&version=1";
    assert_eq!(world.post(&cookie, &path, change).await, 303);
    expected["name"] = json!("B");
    expected["when"]["cvssAtLeast"] = json!(9.0);
    expected["when"]["kev"] = json!(true);
    assert_eq!(world.stored_rule(id).await, expected);
    // A rule that sends alerts has no fields about incidents.
    let id = world.rule(json!({ "name": "Alerts", "then": { "alert": { "to": ["soc@example.com"] } } })).await;
    let path = format!("/findings/rules/{id}/change");
    let (_, form) = world.get(&cookie, &path).await;
    assert!(form.contains("Most findings in alerts per collection") && !form.contains("name=\"per\""), "{form}");
    let mut expected = world.stored_rule(id).await;
    let change = "name=Alerts&cvss=&exploit=&kev=&devices=web-*&tenants=&most=7&version=1";
    assert_eq!(world.post(&cookie, &path, change).await, 303);
    expected["when"]["devices"] = json!(["web-*"]);
    expected["mostPerCollection"] = json!(7);
    assert_eq!(world.stored_rule(id).await, expected);
}
