//! Sealed secrets in the store are bound to their place, and a rotation seals them again with a new key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Plugin;
use soar_host::connections::{ConnectionChange, ConnectionDraft, Connections};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::{Keyring, check_keys, rotate};
use soar_host::vault::{Vault, VaultSettings};
use soar_store::model::{KeyId, Moment};
use soar_store::{ConnectionSecrets, Records, SealedPlace, SealedSecret, StoreError};

use crate::direct::DirectConnections as _;
use crate::stage::{ExecutorStage, because};

#[tokio::test]
async fn a_sealed_secret_that_is_moved_to_another_connection_does_not_open() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let (rich, poor) = (stage.gate("Rich").await, stage.gate("Poor").await);
        stage
            .test
            .execute(
                "UPDATE connection_parameters SET value = (SELECT p.value FROM connection_parameters p
                 WHERE p.name = 'Password' ORDER BY p.connection_id LIMIT 1) WHERE name = 'Password'",
            )
            .await;
        assert!(stage.executor.test(&admin, rich.id).await.unwrap().passed);
        let moved = stage.executor.test(&admin, poor.id).await.unwrap();
        assert!(!moved.passed && moved.text.contains("Password: The sealed secret cannot be opened"), "{}", moved.text);
        // A new secret repairs the connection.
        stage.update(&admin, poor.id, json!({"parameters": {"Password": "new"}})).await.unwrap();
        assert!(stage.executor.test(&admin, poor.id).await.unwrap().passed);
    }
}

#[tokio::test]
async fn a_sealed_secret_that_is_moved_to_another_parameter_does_not_open() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let draft = json!({"integration": "CODA Footprint", "name": "Main", "site": "Security Operations", "parameters": {
            "Server URL": "https://footprint.example", "User Name": "someone", "Password": "open sesame",
            "Proxy": "http://proxy.example", "Proxy User Name": "someone", "Proxy Password": "close sesame",
        }});
        let made = stage.create(&admin, draft).await.unwrap();
        stage
            .test
            .execute(
                "UPDATE connection_parameters SET value = (SELECT p.value FROM connection_parameters p
                 WHERE p.name = 'Password') WHERE name = 'Proxy Password'",
            )
            .await;
        let moved = stage.executor.test(&admin, made.id).await.unwrap();
        let expected = "Proxy Password: The sealed secret cannot be opened";
        assert!(!moved.passed && moved.text.contains(expected), "{}", moved.text);
    }
}

#[tokio::test]
async fn an_old_copy_of_the_key_file_seals_nothing_once_its_key_is_retired() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let made = stage.gate("Main").await;
        let copy = stage.folder.path().join("copy");
        std::fs::copy(stage.folder.path().join("keys"), &copy).unwrap();
        let old = Keyring::from_file(&copy).unwrap();
        rotate(&stage.test.store, &stage.keyring, &[&ConnectionSecrets], Moment(1)).await.unwrap();
        let registry = PluginRegistry::new(vec![Arc::clone(&stage.gate) as Arc<dyn Plugin>], &[]).unwrap();
        let vault = Vault::new(VaultSettings::default());
        let clock = Arc::new(stage.clock.clone());
        let connections = Connections::new(stage.test.store.clone(), Arc::new(registry), old, vault, clock);
        let change = json!({"parameters": {"Server URL": "http://gate.example", "Password": "new"}});
        let change: ConnectionChange = serde_json::from_value(change).unwrap();
        let refused = because(connections.update(&admin, made.id, change).await);
        assert!(refused.contains("is retired") || refused.contains("does not have"), "{refused}");
        let draft = json!({"integration": "gate", "name": "Other", "site": "Security Operations",
            "parameters": {"Server URL": "http://gate.example", "Password": "open sesame"}});
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        let refused = because(connections.create(&admin, draft).await);
        assert!(refused.contains("is retired") && refused.contains("an old copy"), "{refused}");
        assert_eq!(stage.executor.connections().list(&admin).await.unwrap().len(), 1);
        assert!(stage.executor.test(&admin, made.id).await.unwrap().passed);
    }
}

#[tokio::test]
async fn a_wrong_key_file_is_noticed_at_the_start_and_named() {
    for stage in ExecutorStage::on_both().await {
        check_keys(&stage.test.store, &stage.keyring).await.unwrap();
        stage.gate("Main").await;
        check_keys(&stage.test.store, &stage.keyring).await.unwrap();
        let wrong = Keyring::generate().unwrap();
        let error = check_keys(&stage.test.store, &wrong).await.unwrap_err().to_string();
        assert!(error.contains(&stage.keyring.current_id().to_string()), "{error}");
    }
}

/// Fails after this number of secrets, like a crash.
struct Crashing {
    left: AtomicUsize,
}

#[async_trait]
impl SealedPlace for Crashing {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        _: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        // One in each transaction.
        ConnectionSecrets.sealed_by_others(records, current, 1).await
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        key: KeyId,
    ) -> Result<(), StoreError> {
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
            return Err(StoreError::Unreadable("a crash".to_owned()));
        }
        ConnectionSecrets.replace(records, old, sealed, key).await
    }
}

#[tokio::test]
async fn a_rotation_that_crashes_anywhere_loses_nothing_and_is_finished_by_the_next() {
    for crash_after in 0..4 {
        for stage in ExecutorStage::on_both().await {
            let admin = stage.administrator().await;
            let mut connections = Vec::new();
            for name in ["One", "Two", "Three"] {
                connections.push(stage.gate(name).await);
            }
            let old = stage.keyring.current_id();
            let place = Crashing { left: AtomicUsize::new(crash_after) };
            let crashed = rotate(&stage.test.store, &stage.keyring, &[&place], Moment(1)).await;
            assert_eq!(crashed.is_err(), crash_after < 3, "{crashed:?}");
            // A new process, which reads the file.
            let path = stage.folder.path().join("keys");
            let keyring = Keyring::from_file(&path).unwrap();
            assert_eq!(keyring.ids().contains(&old), crash_after < 3);
            check_keys(&stage.test.store, &keyring).await.unwrap();
            for connection in &connections {
                // Every secret opens between the two, whichever key sealed it.
                stage.update(&admin, connection.id, json!({"description": "Touched"})).await.unwrap();
                assert!(stage.executor.test(&admin, connection.id).await.unwrap().passed);
            }
            if crash_after < 3 {
                let current = keyring.current_id();
                assert_ne!(current, old);
                let done = rotate(&stage.test.store, &keyring, &[&ConnectionSecrets], Moment(2)).await.unwrap();
                assert!(done.finished_earlier_one);
                assert_eq!(done.current, current.to_string());
                assert_eq!(done.resealed, 3 - crash_after as u64);
                assert_eq!(done.retired, [old.to_string()]);
            }
            let keyring = Keyring::from_file(&path).unwrap();
            assert_eq!(keyring.ids().len(), 1);
            check_keys(&stage.test.store, &keyring).await.unwrap();
            for connection in &connections {
                stage.update(&admin, connection.id, json!({"description": "Again"})).await.unwrap();
                assert!(stage.executor.test(&admin, connection.id).await.unwrap().passed);
            }
        }
    }
}

#[tokio::test]
async fn rotations_and_new_secrets_at_once_leave_every_secret_open() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let made = stage.gate("Main").await;
        let path = stage.folder.path().join("keys");
        let other = Keyring::from_file(&path).unwrap();
        let change = async {
            for round in 0..10 {
                let change = json!({"parameters": {"Password": format!("password {round}")}});
                stage.update(&admin, made.id, change.clone()).await.unwrap();
            }
        };
        let (one, two, ()) = tokio::join!(
            rotate(&stage.test.store, &stage.keyring, &[&ConnectionSecrets], Moment(1)),
            rotate(&stage.test.store, &other, &[&ConnectionSecrets], Moment(1)),
            change,
        );
        one.unwrap();
        two.unwrap();
        let keyring = Keyring::from_file(&path).unwrap();
        check_keys(&stage.test.store, &keyring).await.unwrap();
        let tested = stage.executor.test(&admin, made.id).await.unwrap();
        assert!(tested.passed, "{}", tested.text);
        assert_eq!(tested.finished.outcome.result.rows[0][1], json!("password 9".len()));
    }
}

#[tokio::test]
async fn a_rotation_waits_for_a_secret_that_is_about_to_be_kept() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let draft = json!({"integration": "gate", "name": "Late", "site": "Security Operations",
            "parameters": {"Server URL": "http://gate.example", "Password": "open sesame"}});
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let made = stage.executor.connections().create_in(&mut transaction.records(), &admin, draft).await.unwrap();
        let (store, keyring) = (stage.test.store.clone(), stage.keyring.clone());
        let rotating = tokio::spawn(async move { rotate(&store, &keyring, &[&ConnectionSecrets], Moment(1)).await });
        for _ in 0..20_000 {
            tokio::task::yield_now().await;
        }
        assert!(!rotating.is_finished());
        transaction.commit().await.unwrap();
        assert_eq!(rotating.await.unwrap().unwrap().resealed, 2);
        assert!(stage.executor.test(&admin, made.id).await.unwrap().passed);
    }
}

#[tokio::test]
async fn keys_of_a_variable_are_rotated_by_hand() {
    for stage in ExecutorStage::on_both().await {
        let alone = Keyring::from_text("HOST_KEYS", "9CwPPs0xBCRtk2N+cmy6ka9x4wzGUKl5IPyhQ8Qeh8M=").unwrap();
        let error = rotate(&stage.test.store, &alone, &[&ConnectionSecrets], Moment(1)).await.unwrap_err().to_string();
        assert!(error.contains("Put a new key before it"), "{error}");
    }
}
