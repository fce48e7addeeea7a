//! Filters and orders: each generation's own names and words, and what happens to others.

use footprint_simulator::Generation;
use serde_json::{Value, json};

use crate::client::{DEVICES, ServedSimulator, SimulatorReply};

const CONTEXTS: &str = "/console/elements/contexts/technical/";
const PORTS: &str = "/console/scanSurface/currentTargets/ports/";

async fn devices(instance: &ServedSimulator, query: &str) -> SimulatorReply {
    let answer = instance.get(&format!("{DEVICES}?pageSize=1000&{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer
}

/// Asserts that the query leaves some but not all devices, and that all left pass.
async fn filters(instance: &ServedSimulator, query: &str, passes: impl Fn(&Value) -> bool) {
    let found = devices(instance, query).await;
    assert!((1..250).contains(&found.total()), "{query}: {}", found.total());
    assert!(found.rows().iter().all(&passes), "{query}");
    let all = devices(instance, "").await;
    let expected = all.rows().iter().filter(|row| passes(row)).count();
    assert_eq!(found.rows().len(), expected, "{query}");
}

#[tokio::test]
async fn devices_of_legacy_and_middle_are_filtered_by_one_risk_word() {
    for generation in [Generation::Legacy, Generation::Middle] {
        let instance = ServedSimulator::plain(generation).await;
        for (word, level) in [("secure", 0), ("nonvisible", 1), ("vulnerable", 2), ("critical", 3)] {
            let query = format!("riskLevel={word}");
            filters(&instance, &query, |row| row["riskLevel"] == level).await;
        }
        assert_eq!(devices(&instance, "riskLevel=all").await.total(), 250);
    }
}

#[tokio::test]
async fn current_devices_are_filtered_by_a_list_of_risk_words() {
    let instance = ServedSimulator::plain(Generation::Current).await;
    for (words, levels) in [("unknown", [1, 1]), ("critical", [3, 3]), ("secure,critical", [0, 3])] {
        let query = format!("riskLevel={words}");
        filters(&instance, &query, |row| levels.contains(&row["riskLevel"].as_u64().unwrap())).await;
    }
}

#[tokio::test]
async fn current_devices_are_filtered_by_what_their_rows_show() {
    let instance = ServedSimulator::plain(Generation::Current).await;
    filters(&instance, "scanType=scanned", |row| row["isScanned"] == true).await;
    filters(&instance, "scanType=discovered", |row| row["isScanned"] == false).await;
    filters(&instance, "source=agentbased", |row| row["type"] == "AgentDevice").await;
    filters(&instance, "source=agentless", |row| row["scannerName"].is_string()).await;
    filters(&instance, "source=nessusimport", |row| row["type"] == "Server" && row["scannerName"].is_null()).await;
    filters(&instance, "scope=external", |row| row["scannerName"] == "Cloud Scanner").await;
    filters(&instance, "scope=internal", |row| row["scannerName"] != "Cloud Scanner").await;
    filters(&instance, "status=decommissioned", |row| row["deviceState"] == "DECOMMISSIONED").await;
    filters(&instance, "respondsToICMPPing=no", |row| row["isOnline"] == "no").await;
    filters(&instance, "tags=finance,dmz", |row| {
        let tags = row["tags"].as_array().unwrap();
        tags.iter().any(|tag| tag["tag"] == "finance" || tag["tag"] == "dmz")
    })
    .await;
    filters(&instance, "filter=10.", |row| row["ip"].as_str().unwrap().contains("10.")).await;
    let cloud = instance.known().cloud_scanner;
    let query = format!("scannerId={cloud}");
    filters(&instance, &query, |row| row["scannerName"] == "Cloud Scanner").await;
    filters(&instance, "riskLevel=critical&source=agentbased", |row| {
        row["riskLevel"] == 3 && row["type"] == "AgentDevice"
    })
    .await;
    let found = devices(&instance, "status=online&source=agentbased").await;
    assert!(found.rows().iter().all(|row| row["agentStatus"]["status"] == "online"));
    let rest = devices(&instance, "status=offline,notSeenOnLastScan,decommissioned&source=agentbased").await;
    let agents = devices(&instance, "source=agentbased").await;
    assert_eq!(found.total() + rest.total(), agents.total());
}

#[tokio::test]
async fn an_unusable_scanner_falls_back_on_all() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let missing = instance.known().missing_scanner;
        for scanner in
            [missing.to_string(), "-1".to_owned(), format!("-{}", "9".repeat(40)), "abc".to_owned(), String::new()]
        {
            assert_eq!(devices(&instance, &format!("scannerId={scanner}")).await.total(), 250);
            let surface = instance.get(&format!("/console/scanSurface/?scannerId={scanner}")).await;
            assert_eq!(surface.total(), 30);
        }
    }
}

#[tokio::test]
async fn names_of_other_generations_are_ignored() {
    for generation in [Generation::Legacy, Generation::Middle] {
        let instance = ServedSimulator::of(generation).await;
        for query in ["status=online", "tags=dmz", "respondsToICMPPing=no", "risk_level=critical"] {
            assert_eq!(devices(&instance, query).await.total(), 250, "{query}");
        }
        assert_eq!(instance.get(&format!("{CONTEXTS}?riskLevel=critical")).await.total(), 30);
        assert_eq!(instance.get(&format!("{CONTEXTS}?riskLevel=secure,unknown")).await.total(), 30);
        assert_eq!(instance.get(&format!("{CONTEXTS}?filter=payroll")).await.total(), 30);
        let scanner = instance.known().active_scanner;
        for list in ["/console/scanSurface/?textFilter=nothing", &format!("{PORTS}?scannerId={scanner}")] {
            let (path, _) = list.split_once('?').unwrap();
            assert_eq!(instance.get(list).await.total(), instance.get(path).await.total(), "{list}");
        }
    }
    let legacy = ServedSimulator::of(Generation::Legacy).await;
    assert_eq!(devices(&legacy, "deviceApps=all&reachabilityStatus=reachable").await.total(), 250);
    let middle = ServedSimulator::of(Generation::Middle).await;
    assert_eq!(devices(&middle, "showDevicesWithNoApps=true").await.total(), 250);
    let current = ServedSimulator::of(Generation::Current).await;
    assert_eq!(devices(&current, "showDevicesWithNoApps=true&nonsense=1").await.total(), 250);
    assert_eq!(current.get(&format!("{CONTEXTS}?risk_level=critical")).await.total(), 30);
}

#[tokio::test]
async fn words_that_are_no_choice_are_refused_by_name() {
    let cases = [
        (Generation::Legacy, "riskLevel", "unknown"),
        (Generation::Legacy, "riskLevel", "secure,critical"),
        (Generation::Legacy, "sortColumn", "ip"),
        (Generation::Middle, "riskLevel", "unknown"),
        (Generation::Middle, "riskLevel", "secure,critical"),
        (Generation::Middle, "sortColumn", "ip"),
        (Generation::Middle, "deviceApps", "some"),
        (Generation::Current, "riskLevel", "nonvisible"),
        (Generation::Current, "riskLevel", "all"),
        (Generation::Current, "status", "gone"),
        (Generation::Current, "scope", "both"),
        (Generation::Current, "source", "x"),
        (Generation::Current, "sortDirection", "up"),
    ];
    for (generation, name, value) in cases {
        let instance = ServedSimulator::of(generation).await;
        let answer = instance.get(&format!("{DEVICES}?{name}={value}")).await;
        assert_eq!(answer.status, 400, "{name}={value}");
        let word = value.split(',').next().unwrap();
        let problem = answer.json[name][0].as_str().unwrap();
        assert!(problem.ends_with("is not a valid choice.") && problem.contains(word));
    }
}

#[tokio::test]
async fn legacy_shows_devices_without_applications_on_request() {
    let instance = ServedSimulator::plain(Generation::Legacy).await;
    assert_eq!(devices(&instance, "showDevicesWithNoApps=false").await.total(), 250);
    let all = devices(&instance, "showDevicesWithNoApps=true").await;
    assert_eq!(all.total(), 262);
    assert_eq!(all.rows()[261]["applicationsCount"], 0);
    let answer = instance.get(&format!("{DEVICES}?showDevicesWithNoApps=maybe")).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn middle_filters_devices_by_applications_and_reachability() {
    let instance = ServedSimulator::plain(Generation::Middle).await;
    for (query, total) in [("deviceApps=withApps", 250), ("deviceApps=all", 262), ("deviceApps=withoutApps", 12)] {
        assert_eq!(devices(&instance, query).await.total(), total, "{query}");
    }
    let without = devices(&instance, "deviceApps=withoutApps").await;
    assert!(without.rows().iter().all(|row| row["applicationsCount"] == 0));
    filters(&instance, "reachabilityStatus=reachable", |row| row["isOnline"] == "yes").await;
    filters(&instance, "reachabilityStatus=unreachable", |row| row["isOnline"] != "yes").await;
}

#[tokio::test]
async fn devices_are_sorted_both_ways_by_every_column() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::plain(generation).await;
        for (column, field) in [("name", "name"), ("discoveredOn", "discoveredOn")] {
            for direction in ["ascending", "descending"] {
                let query = format!("sortColumn={column}&sortDirection={direction}");
                let answer = devices(&instance, &query).await;
                let keys: Vec<_> = answer.rows().iter().map(|row| row[field].as_str().unwrap()).collect();
                assert_eq!(keys.len(), 250);
                if direction == "ascending" {
                    assert!(keys.is_sorted(), "{query}");
                } else {
                    assert!(keys.is_sorted_by(|a, b| a >= b), "{query}");
                }
            }
        }
        let ascending = devices(&instance, "sortDirection=ascending").await.ids();
        assert!(ascending.is_sorted());
    }
    let instance = ServedSimulator::plain(Generation::Current).await;
    let answer = devices(&instance, "sortColumn=ip&sortDirection=ascending").await;
    let keys = answer.rows().iter();
    let keys: Vec<std::net::Ipv4Addr> = keys.map(|row| row["ip"].as_str().unwrap().parse().unwrap()).collect();
    assert!(keys.is_sorted());
    let answer = devices(&instance, "sortColumn=lastScanned&sortDirection=ascending").await;
    let keys: Vec<_> = answer.rows().iter().map(|row| row["lastScanned"].as_str().unwrap()).collect();
    assert!(keys.is_sorted());
}

#[tokio::test]
async fn contexts_are_filtered_in_each_generations_way() {
    for generation in [Generation::Legacy, Generation::Middle] {
        let instance = ServedSimulator::plain(generation).await;
        for (word, state) in [("secure", 0), ("nonvisible", 1), ("vulnerable", 2), ("critical", 3)] {
            let found = instance.get(&format!("{CONTEXTS}?risk_level={word}")).await;
            assert!((1..30).contains(&found.total()));
            assert!(
                found.rows().iter().all(|row| row["state"] == state && row["info"]["levels"]["nonvisible"].is_u64())
            );
        }
    }
    let current = ServedSimulator::plain(Generation::Current).await;
    let found = current.get(&format!("{CONTEXTS}?riskLevel=critical,unknown")).await;
    assert!((1..30).contains(&found.total()));
    for row in found.rows() {
        assert!(["critical", "unknown"].contains(&row["riskLevel"].as_str().unwrap()));
    }
    let found = current.get(&format!("{CONTEXTS}?filter=PAYROLL")).await;
    assert!((1..30).contains(&found.total()));
    let found = current.get(&format!("{CONTEXTS}?hideAutoGenerated=true")).await;
    assert!((1..30).contains(&found.total()));
    assert!(found.rows().iter().all(|row| row["isAutomaticallyGenerated"] == false));
    let found = current.get(&format!("{CONTEXTS}?notIncludedInBc=true")).await;
    assert!((1..30).contains(&found.total()));
    assert_eq!(current.get(&format!("{CONTEXTS}?riskLevel=all")).await.status, 400);
}

#[tokio::test]
async fn tenants_are_filtered_where_they_are_paged() {
    for (generation, ids) in
        [(Generation::Legacy, vec![1, 2, 3]), (Generation::Middle, vec![2]), (Generation::Current, vec![2])]
    {
        let instance = ServedSimulator::plain(generation).await;
        assert_eq!(instance.get("/common/auth/session/accounts/?filter=HALDEN").await.ids(), ids, "{generation}");
    }
}

#[tokio::test]
async fn other_lists_are_filtered_on_current() {
    let instance = ServedSimulator::plain(Generation::Current).await;

    let scanner = instance.known().active_scanner;
    let surface = instance.get(&format!("/console/scanSurface/?scannerId={scanner}")).await;
    assert!((1..30).contains(&surface.total()));
    for row in surface.rows() {
        let mut scanners = row["scanners"].as_array().unwrap().iter();
        assert!(scanners.any(|part| part["id"] == scanner));
    }
    let surface = instance.get("/console/scanSurface/?textFilter=EXAMPLE").await;
    assert!((1..30).contains(&surface.total()));

    let all = instance.get(PORTS).await.total();
    let found = instance.get(&format!("{PORTS}?scannerId={scanner}")).await.total();
    assert!((1..all).contains(&found));
    for negative in ["-1", "-99999999999999999999999999999999999999999"] {
        assert_eq!(instance.get(&format!("{PORTS}?scannerId={negative}")).await.total(), all);
    }
    for word in ["abc", "-", "1.5"] {
        assert_eq!(instance.get(&format!("{PORTS}?scannerId={word}")).await.status, 400);
    }

    let device = instance.known().device_with_attack_avenues;
    let avenues = format!("/console/elements/device/{device}/attackavenues/");
    let found = instance.get(&format!("{avenues}?hideInformationalEntries=true")).await;
    assert_eq!(found.total(), 24);
    let found = instance.get(&format!("{avenues}?states=falsePositive,acceptRisk&size=99")).await;
    for row in found.rows() {
        assert!([json!("falsePositive"), json!("acceptRisk")].contains(&row["state"]));
    }
}
