//! Pages, their sizes, the last one and what is past it; which lists are arrays.

use footprint_simulator::{Generation, Options};
use serde_json::json;

use crate::client::{DEVICES, ServedSimulator};

const CONTEXTS: &str = "/console/elements/contexts/technical/";
const SURFACE: &str = "/console/scanSurface/";
const PORTS: &str = "/console/scanSurface/currentTargets/ports/";

#[tokio::test]
async fn pages_cover_all_rows_once_newest_first() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let mut ids = Vec::new();
        for page in 1..=10 {
            let answer = instance.get(&format!("{DEVICES}?page={page}")).await;
            assert_eq!(answer.json["page"], page);
            assert_eq!(answer.json["totalPages"], 10);
            assert_eq!(answer.total(), 250);
            ids.extend(answer.ids());
        }
        assert_eq!(ids.len(), 250);
        assert!(ids.is_sorted_by(|a, b| a > b));
    }
}

#[tokio::test]
async fn a_page_past_the_last_is_404_or_empty() {
    for (generation, path, status) in [
        (Generation::Legacy, DEVICES, 404),
        (Generation::Legacy, CONTEXTS, 404),
        (Generation::Legacy, SURFACE, 404),
        (Generation::Legacy, PORTS, 404),
        (Generation::Middle, DEVICES, 404),
        (Generation::Middle, "/common/auth/session/accounts/", 404),
        (Generation::Current, DEVICES, 200),
        (Generation::Current, CONTEXTS, 200),
        (Generation::Current, SURFACE, 404),
        (Generation::Current, PORTS, 404),
    ] {
        let instance = ServedSimulator::of(generation).await;
        let answer = instance.get(&format!("{path}?page=999")).await;
        assert_eq!(answer.status, status, "{generation} {path}");
        if status == 404 {
            assert_eq!(answer.json, json!({"detail": "Invalid page."}));
        } else {
            assert_eq!(answer.json["items"], json!([]));
            assert!(answer.total() > 0);
        }
    }
}

#[tokio::test]
async fn page_zero_and_words_are_invalid() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        for page in ["0", "abc", "-1"] {
            let answer = instance.get(&format!("{DEVICES}?page={page}")).await;
            assert_eq!((answer.status, &answer.json["detail"]), (404, &json!("Invalid page.")));
        }
    }
}

#[tokio::test]
async fn page_size_is_obeyed_up_to_a_thousand() {
    let instance = ServedSimulator::with(Options { devices: 1_200, ..Options::default() }).await;
    for (asked, rows) in [("7", 7), ("1000", 1_000), ("5000", 1_000), ("0", 25)] {
        let answer = instance.get(&format!("{DEVICES}?pageSize={asked}")).await;
        assert_eq!(answer.rows().len(), rows);
    }
    for huge in ["18446744073709551616", "100000000000000000000000000000000000000000"] {
        assert_eq!(instance.get(&format!("{DEVICES}?pageSize={huge}")).await.rows().len(), 1_000);
        let accounts = instance.get(&format!("/common/auth/session/accounts/?size={huge}")).await;
        assert_eq!(accounts.ids(), [1, 2, 3]);
    }
    let accounts = instance.get("/common/auth/session/accounts/?size=2&page=2").await;
    assert_eq!(accounts.ids(), [3]);
}

#[tokio::test]
async fn an_empty_instance_has_one_empty_page() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::with(Options {
            generation,
            devices: 0,
            contexts: 0,
            scan_surface_entries: 0,
            ..Options::default()
        })
        .await;
        for path in [DEVICES, CONTEXTS, SURFACE, PORTS] {
            let answer = instance.get(path).await;
            assert_eq!(answer.json, json!({"page": 1, "totalPages": 1, "totalCount": 0, "items": []}));
        }
    }
}

#[tokio::test]
async fn each_list_is_an_array_or_paged_as_its_generation_has_it() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let device = instance.known().device_with_attack_avenues;
        let element = format!("/console/elements/device/{device}");
        for (path, paged_since) in [
            ("/common/auth/session/accounts/".to_owned(), Generation::Middle),
            (format!("{element}/attackavenues/"), Generation::Current),
            (format!("{element}/vulnerabilities/"), Generation::Current),
        ] {
            let answer = instance.get(&path).await;
            assert_eq!(answer.json.is_array(), generation < paged_since, "{generation} {path}");
            assert_eq!(answer.json["items"].is_array(), generation >= paged_since, "{generation} {path}");
        }
        assert!(instance.get("/console/scanSurface/scanners/").await.json.is_array());
    }
}

#[tokio::test]
async fn attack_avenues_fill_more_than_one_page_on_current() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let known = instance.known();
    let path = |device| format!("/console/elements/device/{device}/attackavenues/");
    let with = path(known.device_with_attack_avenues);
    let first = instance.get(&with).await;
    assert_eq!((first.rows().len(), first.total()), (25, 30));
    assert_eq!(instance.get(&format!("{with}?page=2")).await.rows().len(), 5);
    assert_eq!(instance.get(&format!("{with}?size=100")).await.rows().len(), 30);
    let without = instance.get(&path(known.device_without_attack_avenues)).await;
    assert_eq!((without.status, without.total()), (200, 0));
}
