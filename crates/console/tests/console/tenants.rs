//! Tenants: from the one-time key to a synced connection, on both ends.

use serde_json::json;
use soar_host::operations::SyncToRun;

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, SITE};

/// Waits until the open page of a sync shows its end.
async fn wait_for_end(browser: &Browser) {
    for _ in 0..60 {
        if !browser.text().await.contains("Running") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("the page does not show the end of the sync:\n{}", browser.text().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_onboarded_synced_after_a_preview_and_revoked() {
    let (master, tenant, browser) = (ConsoleWorld::new().await, ConsoleWorld::new().await, Browser::start().await);
    master.share().await;
    browser.sign_in(&tenant, "Admin").await;
    browser.look(WIDE).await;
    browser.goto(&tenant.page("/tenants/masters")).await;
    browser.press("Make a one-time key").await;
    browser.wait_for_text("I have copied the key").await;
    let key = browser.evaluate("document.getElementById('secret').textContent").await;
    // Both hosts have the same name, so the browser has one session at a time.
    browser.sign_in(&master, "Admin").await;
    browser.follow("Tenants").await;
    browser.wait_for_text("+ New Tenant").await;
    browser.follow("+ New Tenant").await;
    browser.wait_for("#name").await;
    browser.fill("name", "Acme").await;
    browser.fill("region", "EMEA").await;
    browser.fill("url", &tenant.url).await;
    browser.fill("secret.key", key.as_str().unwrap()).await;
    browser.check("tenant-new").await;
    browser.look(WIDE).await;
    browser.press("Add and register").await;
    browser.wait_for_text("The tenant Acme is registered.").await;
    browser.check("tenant").await;
    browser.look(WIDE).await;
    // A site that the tenant does not have.
    let wanted =
        json!({ "syncAllShared": true, "tenantRegion": "EMEA", "tenantName": "Acme", "tenantSite": "Nowhere" });
    let wanted: SyncToRun = serde_json::from_value(json!({ "request": wanted })).unwrap();
    let failed = master.host.operations.run_sync(&master.context(), &wanted, &|_| {}).await.unwrap().value;
    browser.goto(&master.page(&format!("/tenants/syncs/{}", failed.id))).await;
    browser.check("sync-failed").await;
    browser.look(WIDE).await;
    browser.press("Retry what failed").await;
    browser.wait_for_text("The sync has begun.").await;
    wait_for_end(&browser).await;
    for (site, result) in [("Nowhere", "Failed"), (SITE, "Added")] {
        browser.goto(&master.page("/tenants/syncs/new")).await;
        browser.fill("region", "EMEA").await;
        browser.fill("name", "Acme").await;
        browser.fill("site", site).await;
        browser.press("Preview").await;
        browser.wait_for("#results").await;
        wait_for_end(&browser).await;
        let text = browser.text().await;
        assert!(text.contains(result), "{text}");
        let [carries_out, retries] = ["Sync now", "Retry what failed"].map(|button| text.contains(button));
        assert_eq!((carries_out, retries), (result == "Added", result == "Failed"), "{text}");
        if carries_out {
            assert!(text.contains("Nothing was changed yet."), "{text}");
            browser.press("Sync now").await;
            browser.wait_for_text("The sync has begun.").await;
        } else {
            // The tenant is named once, with all that failed on it.
            let rows = browser.evaluate("document.querySelectorAll('#results tbody tr').length").await;
            assert!(rows == json!(1) && text.contains("Withdrawal of others, Shared Footprint"), "{rows}: {text}");
            // A page that was opened earlier may still have the button.
            let cookie = master.cookie("Admin").await;
            let own = browser.evaluate("location.pathname.replace('/console', '')").await;
            assert_eq!(master.post(&cookie, &format!("{}/run", own.as_str().unwrap()), "").await, 422, "{own}");
            browser.press("Retry what failed").await;
            browser.wait_for_text("The preview has begun.").await;
        }
        wait_for_end(&browser).await;
    }
    browser.wait_for_text("Successful").await;
    browser.check("sync").await;
    browser.look(WIDE).await;
    browser.goto(&master.page("/tenants/syncs")).await;
    browser.check("syncs").await;
    browser.goto(&master.page("/tenants")).await;
    browser.check("tenants").await;
    browser.look(WIDE).await;
    browser.follow("Acme").await;
    browser.wait_for("#tenant").await;
    browser.follow("Revoke").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Revoke").await;
    browser.wait_for_text("The tenant Acme is revoked.").await;
    browser.sign_in(&tenant, "Admin").await;
    browser.goto(&tenant.page("/tenants/masters")).await;
    browser.check("masters").await;
    browser.look(WIDE).await;
    browser.follow("Revoke Master").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Revoke").await;
    browser.wait_for_text("The master Master is revoked.").await;
    browser.end().await;
}
