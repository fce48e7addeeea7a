//! A change by another process applies from the host's next call on.

use serde_json::json;
use soar_host::access::{KeyRequest, issue_key};
use soar_host::sealing::Keyring;
use soar_store::model::Role;
use soar_store::{Store, UserChange};

use crate::support::{TestHost, answer, key_request};

/// Whether `analyst` may run a command of the site with `key`.
async fn is_let(host: &TestHost, key: &str) -> bool {
    let call = host.by("analyst", "ListDevices", json!({ "Name": "a" })).header("d3key", key);
    answer(call).await.1["returnData"] == "Successful"
}

#[tokio::test]
async fn keys_roles_and_users_hold_at_once_as_another_process_has_changed_them() {
    for host in TestHost::on_both().await {
        let terminal = Store::open(&host.test.address).await.unwrap();
        let active = |active| UserChange { active: Some(active), ..UserChange::default() };
        // Each round makes the host read the changes of the previous round.
        for round in 0..10 {
            let name = format!("key {round}");
            let request = KeyRequest { users: vec!["analyst".to_owned()], ..key_request(&name, "Admin") };
            let mut transaction = terminal.transaction().await.unwrap();
            let mut records = transaction.records();
            let seal = Keyring::generate().unwrap();
            let key = issue_key(&mut records, &seal, &request, host.now()).await.unwrap().text.to_string();
            transaction.commit().await.unwrap();
            assert!(is_let(&host, &key).await, "{round}: a new key");

            let analyst = terminal.reader().await.unwrap().records().user("analyst").await.unwrap().id;
            let site = terminal.reader().await.unwrap().records().site("Security Operations").await.unwrap().id;
            let mut transaction = terminal.transaction().await.unwrap();
            transaction.records().remove_role(analyst, site).await.unwrap();
            transaction.commit().await.unwrap();
            assert!(!is_let(&host, &key).await, "{round}: without the role");

            let mut transaction = terminal.transaction().await.unwrap();
            transaction.records().set_role(analyst, site, Role::Analyst).await.unwrap();
            transaction.records().update_user("analyst", &active(false), host.now()).await.unwrap();
            transaction.commit().await.unwrap();
            assert!(!is_let(&host, &key).await, "{round}: an inactive user");

            let mut transaction = terminal.transaction().await.unwrap();
            transaction.records().update_user("analyst", &active(true), host.now()).await.unwrap();
            transaction.commit().await.unwrap();
            assert!(is_let(&host, &key).await, "{round}: an active user with the role");

            let mut transaction = terminal.transaction().await.unwrap();
            transaction.records().revoke_key(&name, host.now()).await.unwrap();
            transaction.commit().await.unwrap();
            assert!(!is_let(&host, &key).await, "{round}: a revoked key");
        }
        terminal.close().await;
    }
}

#[tokio::test]
async fn calls_that_come_in_together_all_see_what_was_changed_before_them() {
    for host in TestHost::on_both().await {
        let terminal = Store::open(&host.test.address).await.unwrap();
        for round in 0..5 {
            let name = format!("key {round}");
            let request = KeyRequest { users: vec!["analyst".to_owned()], ..key_request(&name, "Admin") };
            let key = host.issue(&request).await;
            let let_in = futures_util::future::join_all((0..16).map(|_| is_let(&host, &key))).await;
            assert!(let_in.into_iter().all(|is_let| is_let));
            let mut transaction = terminal.transaction().await.unwrap();
            transaction.records().revoke_key(&name, host.now()).await.unwrap();
            transaction.commit().await.unwrap();
            let let_in = futures_util::future::join_all((0..16).map(|_| is_let(&host, &key))).await;
            assert!(!let_in.into_iter().any(|is_let| is_let), "{round}");
        }
        terminal.close().await;
    }
}
