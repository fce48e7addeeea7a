//! Answers are never older than their calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use soar_host::settings::HostSettings;
use soar_store::model::{Moment, Role};
use soar_store::testing::TestStore;
use soar_store::{Engine, Store};
use sqlx::Connection as _;

use crate::support::{TestHost, answer, site};

/// The names in the answer of Show Notes.
async fn shown(host: &TestHost) -> Vec<String> {
    let (status, body) = answer(host.command("ShowNotes", json!({}))).await;
    assert_eq!(status, 200, "{body}");
    body["contextData"].as_array().unwrap().iter().map(|row| row["Name"].as_str().unwrap().to_owned()).collect()
}

async fn make_note(store: &Store, name: &str) {
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().create_site(&site(name), Moment(1)).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn raw(host: &TestHost) -> sqlx::AnyConnection {
    let address = &host.test.address;
    let address = if address.contains("://") { address.clone() } else { format!("sqlite:{address}") };
    sqlx::AnyConnection::connect(&address).await.unwrap()
}

#[tokio::test]
async fn a_change_shows_at_once_whoever_made_it() {
    for host in TestHost::on_both().await {
        let other_process = Store::open(&host.test.address).await.unwrap();
        let mut foreign = raw(&host).await;
        shown(&host).await;
        for round in 0..20 {
            let name = format!("Note {round}");
            match round % 4 {
                0 => assert_eq!(answer(host.command("MakeNote", json!({ "Name": name }))).await.0, 200),
                1 => make_note(&host.test.store, &name).await,
                2 => make_note(&other_process, &name).await,
                _ => {
                    let sql = "INSERT INTO sites (name, name_key, kind, description, time_zone, language, created_at,
                                                  modified_at)
                               VALUES ($1, $1, 'Internal', '', 'UTC', 'en', 1, 1)";
                    sqlx::query(sql).bind(&name).execute(&mut foreign).await.unwrap();
                }
            }
            for _ in 0..3 {
                assert!(shown(&host).await.contains(&name), "{name} in round {round}");
            }
        }
    }
}

#[tokio::test]
async fn no_call_is_answered_with_what_was_there_before_it_came() {
    for host in TestHost::on_both().await {
        let host = Arc::new(host);
        let made = Arc::new(AtomicUsize::new(0));
        let askers: Vec<_> = (0..8)
            .map(|_| {
                let (host, made) = (Arc::clone(&host), Arc::clone(&made));
                tokio::spawn(async move {
                    while made.load(Ordering::SeqCst) < 50 {
                        let before = made.load(Ordering::SeqCst);
                        let seen = shown(&host).await.len() - 1;
                        assert!(seen >= before, "{before} were there, {seen} were shown");
                    }
                })
            })
            .collect();
        let other_process = Store::open(&host.test.address).await.unwrap();
        for number in 0..50 {
            let store = if number % 2 == 0 { &other_process } else { &host.test.store };
            make_note(store, &format!("Note {number}")).await;
            made.fetch_add(1, Ordering::SeqCst);
        }
        for asker in askers {
            asker.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_transaction_that_began_before_the_answer_was_read_shows_once_it_has_ended() {
    let test = TestStore::on(Engine::Postgres).await;
    let settings =
        HostSettings { listen: ([127, 0, 0, 1], 0).into(), requests_per_second: 0, ..HostSettings::default() };
    let host = TestHost::start(test, settings).await;
    for round in 0..10 {
        let name = format!("Note {round}");
        let mut transaction = host.test.store.transaction().await.unwrap();
        transaction.records().create_site(&site(&name), Moment(1)).await.unwrap();
        for _ in 0..5 {
            assert!(!shown(&host).await.contains(&name), "{name} is not there yet");
        }
        if round % 2 == 0 {
            transaction.commit().await.unwrap();
        } else {
            drop(transaction);
        }
        for _ in 0..3 {
            assert_eq!(shown(&host).await.contains(&name), round % 2 == 0, "{name}");
        }
    }
}

#[tokio::test]
async fn who_may_no_longer_ask_gets_no_answer() {
    for host in TestHost::on_both().await {
        let ask = || answer(host.by("analyst", "ShowNotes", json!({})).header("d3key", &host.key));
        for _ in 0..3 {
            assert_eq!(ask().await.1["returnData"], "Successful");
        }
        let (user, site) = {
            let mut reader = host.test.store.reader().await.unwrap();
            let mut records = reader.records();
            (records.user("analyst").await.unwrap().id, records.site("Security Operations").await.unwrap().id)
        };
        let mut transaction = host.test.store.transaction().await.unwrap();
        transaction.records().remove_role(user, site).await.unwrap();
        transaction.commit().await.unwrap();
        host.clock.advance(std::time::Duration::from_millis(500));
        let (status, refused) = ask().await;
        assert_eq!((status, &refused["returnData"]), (200, &json!("Failed")), "{refused}");
        let mut transaction = host.test.store.transaction().await.unwrap();
        transaction.records().set_role(user, site, Role::Viewer).await.unwrap();
        transaction.commit().await.unwrap();
        host.clock.advance(std::time::Duration::from_millis(500));
        assert_eq!(ask().await.1["returnData"], "Successful");
    }
}
