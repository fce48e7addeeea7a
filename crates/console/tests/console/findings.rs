//! Findings: from what changed to the history of one finding, by mouse, by keyboard and without scripts.

use std::collections::BTreeMap;

use fantoccini::key::Key;
use serde_json::json;
use soar_host::findings::EnrichmentFiles;

use crate::browser::{Browser, WIDE};
use crate::world::ConsoleWorld;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sees_what_changed_finds_a_finding_and_reads_its_history() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let decided = world.findings().await;
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    // The first page leads to the changes of the day. The baseline is no news.
    browser.wait_for("#finding-changes tbody tr").await;
    let rows = "document.querySelectorAll('#finding-changes tbody tr').length";
    assert_eq!(browser.evaluate(rows).await, json!(3));
    browser.check("home-findings").await;
    browser.look(WIDE).await;
    browser.follow("Findings").await;
    browser.wait_for("#findings tbody tr").await;
    browser.check("findings").await;
    browser.look(WIDE).await;
    browser.follow("Changes").await;
    browser.wait_for("#changes tbody tr").await;
    browser.check("finding-changes").await;
    browser.look(WIDE).await;
    browser.select("baseline", "no").await;
    browser.press("Filter").await;
    browser.wait_for_text("3 changes, the latest first").await;
    let text = browser.text().await;
    assert!(text.contains("status: open → suppressed"), "{text}");
    browser.follow("← Day before").await;
    browser.wait_for_text("Nothing changed on this day").await;
    for (tab, name, caption) in [
        ("By device", "finding-devices", "Findings by device"),
        ("By CVE", "finding-cves", "Findings by CVE"),
        ("By tenant", "finding-tenants", "Findings by tenant"),
    ] {
        browser.follow(tab).await;
        browser.wait_for_text(caption).await;
        browser.check(name).await;
        browser.look(WIDE).await;
    }
    browser.goto(&world.page(&format!("/findings/items/{}", decided[0]))).await;
    let text = browser.text().await;
    assert!(
        text.contains("Suppressed") && text.contains("Baseline") && text.contains("status: open → suppressed"),
        "{text}"
    );
    assert!(text.contains("Not known: the host has no catalog"), "{text}");
    browser.check("finding").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_searched_sorted_and_paged_by_keyboard() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    world.findings().await;
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/findings")).await;
    let [tab, enter] = [Key::Tab, Key::Enter].map(char::from);
    let scores =
        "[...document.querySelectorAll('#findings tbody tr td:nth-child(4)')].map(one => one.textContent.trim())";
    browser.focus("#findings-by-cvss").await;
    browser.keys(&enter.to_string()).await;
    browser.wait_for("#findings [aria-sort=descending] #findings-by-cvss").await;
    let first: Vec<f64> = numbers(&browser.evaluate(scores).await);
    assert!(first.len() == 100 && first.windows(2).all(|two| two[0] >= two[1]), "{first:?}");
    browser.focus("#findings-next").await;
    browser.keys(&enter.to_string()).await;
    browser.wait_for("#findings-first").await;
    // The first of the other rows is in sight, below the bar.
    let top = "document.querySelector('#findings').getBoundingClientRect().top";
    let top = browser.evaluate(top).await.as_f64().unwrap();
    assert!((0.0..400.0).contains(&top), "{top}");
    let second = numbers(&browser.evaluate(scores).await);
    assert!(second[0] <= first[99] && second.windows(2).all(|two| two[0] >= two[1]), "{second:?}");
    browser.focus("#q").await;
    browser.keys(&format!("cve-2019-{enter}")).await;
    browser.wait_for("#findings:not([aria-busy]) tbody tr").await;
    browser.wait_for_text("Clear").await;
    let others = "[...document.querySelectorAll('#findings tbody tr')].filter(row => \
                  !/CVE-2019-/.test(row.textContent)).length";
    assert_eq!(browser.evaluate(others).await, json!(0));
    assert!(browser.text().await.contains("CVE-2019-"), "{}", browser.text().await);
    browser.focus("#findings .scroll").await;
    browser.keys(&format!("{tab}{tab}{tab}{tab}{tab}{enter}")).await;
    browser.wait_for("#history").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_how_many_findings_match_and_counts_no_further_than_it_may() {
    let world = ConsoleWorld::new().await;
    world.findings().await;
    let cookie = world.cookie("Analyst").await;
    let listed = async |filter: &str| -> Vec<serde_json::Value> {
        let (_, lines) = world.get(&cookie, &format!("/findings.ndjson?{filter}")).await;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let page = async |filter: &str| world.get(&cookie, &format!("/findings?{filter}")).await.1;
    let thousands = |count: usize| match count {
        0..1_000 => count.to_string(),
        _ => format!("{},{:03}", count / 1_000, count % 1_000),
    };
    let all = listed("").await;
    assert!((1_001..10_000).contains(&all.len()), "{}", all.len());
    let whole = format!("<span>100 of {} findings</span>", thousands(all.len()));
    assert!(page("").await.contains(&whole), "{whole}");
    // A later page has the same total.
    let later = format!("from={}", all[99]["findingId"].as_str().unwrap());
    assert!(page(&later).await.contains(&whole), "{whole}");
    // The total is that of the filter.
    for filter in ["status=fixed", "status=suppressed", "gone=yes"] {
        let count = listed(filter).await.len();
        let expected = match count {
            1 => "<span>1 finding</span>".to_owned(),
            0..100 => format!("<span>{count} findings</span>"),
            _ => format!("<span>100 of {} findings</span>", thousands(count)),
        };
        assert!(page(filter).await.contains(&expected), "{filter}: {expected}");
    }
    assert!(page("q=nothing+like+this").await.contains("No finding matches the filter."));
    // Of many findings the host says only what it knows.
    world.multiply_findings(i64::try_from(40_000 / all.len() + 1).unwrap()).await;
    assert!(page("").await.contains("<span>100 of more than 10,000 findings</span>"));
    let searched = page("q=cve-").await;
    let least = searched.split("<span>100 of at least ").nth(1).unwrap().split(' ').next().unwrap().replace(',', "");
    let least: usize = least.parse().unwrap();
    assert!((100..=listed("q=cve-").await.len()).contains(&least), "{least}");
    // The findings of a device are looked up, so that their total is exact.
    let mut devices = BTreeMap::<&str, usize>::new();
    for one in &all {
        *devices.entry(one["finding"]["deviceId"].as_str().unwrap()).or_default() += 1;
    }
    let (device, _) = devices.into_iter().max_by_key(|(_, count)| *count).unwrap();
    let device = format!("device={device}");
    let count = listed(&device).await.len();
    assert!(count > 100, "{count}");
    let expected = format!("<span>100 of {} findings</span>", thousands(count));
    assert!(page(&device).await.contains(&expected), "{expected}");
}

fn numbers(values: &serde_json::Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap().parse().unwrap_or(-1.0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_filtered_without_scripts_and_a_hostile_vendor_breaks_no_page() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let decided = world.findings().await;
    world.spoil(&decided[0]).await;
    browser.without_scripts().await;
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page("/findings")).await;
    browser.select("status", "suppressed").await;
    browser.press("Filter").await;
    browser.wait_for("#findings tbody tr").await;
    let (_, list) = world.get(&world.cookie("Manager").await, "/findings?status=suppressed").await;
    assert!(list.contains("&#60;img src=x onerror=alert(1)&#62;") && !list.contains("<img"), "{list}");
    assert!(!list.contains('\u{202e}') && !list.contains('\u{2066}'));
    browser.end().await;
    let browser = Browser::start().await;
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page("/findings?status=suppressed")).await;
    browser.check("findings-hostile").await;
    browser.goto(&world.page(&format!("/findings/items/{}", decided[0]))).await;
    browser.check("finding-hostile").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_and_changes_are_exported_and_bad_addresses_are_refused() {
    let world = ConsoleWorld::new().await;
    world.findings().await;
    let cookie = world.cookie("Analyst").await;
    let lines = async |path: &str| {
        let (status, text) = world.get(&cookie, path).await;
        assert_eq!(status, 200, "{path}: {text}");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = lines("/findings.ndjson").await;
    // More than one part of the export, and each finding once.
    assert!(all.len() > 1_000, "{}", all.len());
    let ids: std::collections::BTreeSet<String> = all
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["findingId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), all.len());
    let sorted = lines("/findings.ndjson?sort=-changed").await;
    assert_eq!(sorted.len(), all.len());
    let table = lines("/findings.csv?status=suppressed&sort=cve").await;
    assert!(table[0].starts_with("CVE,Title or software,Severity,CVSS,Device,Tenant,Status,"), "{}", table[0]);
    let changes = lines("/findings/changes.ndjson?baseline=no").await;
    assert_eq!(changes.len(), 3);
    assert!(lines("/findings/changes.csv?kind=changed&baseline=no").await.len() >= 4);
    assert!(lines("/findings/devices.csv").await.len() > 100);
    for path in [
        "/findings?status=odd",
        "/findings?sort=odd",
        "/findings?gone=odd",
        "/findings/changes?day=odd",
        "/findings/changes?kind=odd",
    ] {
        assert_eq!(world.get(&cookie, path).await.0, 400, "{path}");
    }
    // A day outside the calendar's range is no day either.
    assert_eq!(world.get(&cookie, "/findings/changes?day=9999-12-31").await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_collects_the_findings_and_sees_how_far_it_has_come() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/findings/tenants")).await;
    browser.follow("Collect now").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Collect").await;
    browser.wait_for("#under-way tbody tr").await;
    // The connection with a wrong password is left out, and the page says why.
    browser.wait_for_text("Footprint of Acme: ").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_manages_a_connection_removes_a_tenant_from_the_findings() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    world.findings().await;
    let tenants = world.host.operations.finding_tenants(&world.context()).await.unwrap();
    let [tenant] = tenants.as_slice() else { panic!("{tenants:?}") };
    // A user who may not remove it sees no link, and is refused.
    let cookie = world.cookie("Analyst").await;
    let (_, page) = world.get(&cookie, "/findings/tenants").await;
    assert!(page.contains(&tenant.tenant_name) && !page.contains("/findings/tenants/remove"), "{page}");
    // Findings that are not counted yet are not 0.
    world.test.execute("DELETE FROM finding_groups").await;
    let (_, uncounted) = world.get(&cookie, "/findings/tenants").await;
    let dashes = |page: &str| page.matches('\u{2014}').count();
    assert!(dashes(&uncounted) >= dashes(&page) + 3, "{uncounted}");
    let path = "/findings/tenants/remove?connection=1&tenant=1";
    assert_eq!(world.post(&cookie, path, "").await, 403);
    browser.sign_in(&world, "Manager").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/findings/tenants")).await;
    browser.follow(&format!("Remove {}", tenant.tenant_name)).await;
    browser.wait_for("dialog[open]").await;
    let text = browser.text().await;
    assert!(text.contains("Incidents about them stay."), "{text}");
    browser.press("Remove").await;
    browser.wait_for_text("is removed. A later collection").await;
    let text = browser.text().await;
    assert!(text.contains("No findings were collected yet."), "{text}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    world.accepted(&[&format!("Footprint: tenant 1 \"{}\"", tenant.tenant_name).replace('"', "\"\"")]).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_shows_values_of_the_operators_files_with_their_dates_and_sources() {
    let folder = tempfile::tempdir().unwrap();
    let (kev, epss) = (folder.path().join("kev.json"), folder.path().join("epss.csv"));
    let write = |vulnerabilities: serde_json::Value, scores: &str| {
        let catalog = json!({ "dateReleased": "2026-11-01T15:00:00Z", "vulnerabilities": vulnerabilities });
        std::fs::write(&kev, catalog.to_string()).unwrap();
        let head = "#model_version:v2025.03.14,score_date:2026-11-02T00:00:00+0000\ncve,epss,percentile\n";
        std::fs::write(&epss, format!("{head}{scores}")).unwrap();
    };
    write(json!([]), "");
    let files = EnrichmentFiles { kev: Some(kev.clone()), epss: Some(epss.clone()) };
    let world = ConsoleWorld::with(|settings| settings.findings.enrichment = files).await;
    let id = world.findings().await.remove(0);
    let cookie = world.cookie("Analyst").await;
    let path = format!("/findings/items/{id}");
    let (_, page) = world.get(&cookie, &path).await;
    assert!(page.contains("Not listed") && page.contains("Not known: the host has no scores"), "{page}");
    let rest = page.split("CVE-").find(|rest| rest.starts_with(|first: char| first.is_ascii_digit())).unwrap();
    let cve = format!("CVE-{}", rest.split(|one: char| !one.is_ascii_digit() && one != '-').next().unwrap());
    write(json!([{ "cveID": cve, "dateAdded": "2024-02-01" }]), &format!("{cve},0.43210,0.98760\n"));
    let (status, page) = world.get(&cookie, &path).await;
    assert_eq!(status, 200);
    for text in [
        "Listed",
        "2024-02-01",
        "CISA KEV, catalog of 2026-11-01",
        "43.2 % in the next 30 days",
        "As high as or higher than 98.8 % of all CVEs",
        "FIRST EPSS, scores of 2026-11-02",
    ] {
        assert!(page.contains(text), "{cve}: {text} is missing: {page}");
    }
    let (_, list) = world.get(&cookie, &format!("/findings?q={cve}&column=cve&column=kev&column=epss")).await;
    assert!(list.contains("43.2 %"), "{list}");
}
