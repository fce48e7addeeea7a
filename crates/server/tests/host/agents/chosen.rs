//! Connections that choose an agent, and agents in use.

use serde_json::json;
use soar_host::connections::without_their_agent;

use crate::stage::{ExecutorStage, because};

#[tokio::test]
async fn a_connection_has_an_agent_or_a_proxy_of_its_own_and_its_agent_is_for_its_site() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let here = json!({"name": "Here", "site": "Security Operations", "address": "http://proxy.example"});
        stage.agent(&admin, here).await.unwrap();
        stage
            .agent(&admin, json!({"name": "Client's", "site": "client", "address": "http://b.example"}))
            .await
            .unwrap();
        let made = stage.gate("Main").await;
        let both = json!({"agentName": "Here", "parameters": {"Proxy": "http://own.example", "Password": "again"}});
        let refused = because(stage.update(&admin, made.id, both).await);
        assert!(refused.starts_with("Proxy: ") && refused.contains("a proxy of its own"), "{refused}");
        let elsewhere = because(stage.update(&admin, made.id, json!({"agentName": "Client's"})).await);
        assert!(elsewhere.contains("no agent \"Client's\" for \"Security Operations\""), "{elsewhere}");
        assert!(elsewhere.contains("Valid: Here."), "{elsewhere}");
        stage.update(&admin, made.id, json!({"agentName": "HERE"})).await.unwrap();
        let own = json!({"parameters": {"Proxy": "http://own.example", "Password": "again"}});
        assert!(because(stage.update(&admin, made.id, own).await).contains("uses the agent"));
        // A connection shared to several sites needs an agent for all of them.
        let shared = json!({"site": "Shared to internal sites", "agentName": "Here"});
        assert!(because(stage.update(&admin, made.id, shared).await).contains("no agent \"Here\""));

        let away = because(stage.change_agent(&admin, "Here", json!({"site": "Client"})).await);
        assert!(away.contains("limited to that site") && away.contains("\"Main\" (Security Operations)"), "{away}");
        stage.change_agent(&admin, "Here", json!({"site": null})).await.unwrap();
        let shared = json!({"site": "Shared to internal sites", "agentName": "Here"});
        stage.update(&admin, made.id, shared).await.unwrap();

        // An older connection has both: it uses neither a direct connection nor its own proxy.
        stage.test.execute("INSERT INTO connection_parameters (connection_id, name, kind, value) SELECT id, 'Proxy', 'Plain', 'http://own.example' FROM connections").await;
        stage.test.execute("UPDATE connections SET version = version + 1").await;
        let tested = stage.executor.test(&admin, made.id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("a proxy of its own"), "{}", tested.text);
    }
}

#[tokio::test]
async fn an_agent_in_use_is_neither_removed_nor_renamed() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        stage.agent(&admin, json!({"name": "Branch", "address": "http://proxy.example"})).await.unwrap();
        let made = stage.gate("Main").await;
        stage.update(&admin, made.id, json!({"agentName": "Branch"})).await.unwrap();
        for refused in [
            because(stage.remove_agent(&admin, "branch").await),
            because(stage.change_agent(&admin, "Branch", json!({"name": "Other"})).await),
        ] {
            assert!(
                refused.contains("still in use") && refused.contains("\"Main\" (Security Operations)"),
                "{refused}"
            );
        }
        // Another spelling of the name is no change.
        assert_eq!(stage.change_agent(&admin, "branch", json!({"name": "BRANCH"})).await.unwrap().name, "BRANCH");
        stage.update(&admin, made.id, json!({"agentName": null})).await.unwrap();
        stage.change_agent(&admin, "BRANCH", json!({"name": "Other"})).await.unwrap();
        let taken = because(stage.agent(&admin, json!({"name": "oTHER", "address": "http://proxy.example"})).await);
        assert!(taken.contains("exists already"), "{taken}");
        assert_eq!(stage.remove_agent(&admin, "other").await.unwrap().name, "Other");
        assert!(because(stage.remove_agent(&admin, "Other").await).contains("There is no agent"));
    }
}

#[tokio::test]
async fn an_agent_that_is_removed_while_a_connection_chooses_it_is_kept_or_not_chosen() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let made = stage.gate("Main").await;
        for _ in 0..5 {
            stage.agent(&admin, json!({"name": "Branch", "address": "http://proxy.example"})).await.unwrap();
            let (chosen, removed) = tokio::join!(
                stage.update(&admin, made.id, json!({"agentName": "Branch"})),
                stage.remove_agent(&admin, "Branch"),
            );
            assert!(chosen.is_err() || removed.is_err(), "{chosen:?} {removed:?}");
            let mut reader = stage.test.store.reader().await.unwrap();
            let without = without_their_agent(&mut reader.records()).await.unwrap();
            assert_eq!(without, []);
            drop(reader);
            stage.update(&admin, made.id, json!({"agentName": null})).await.unwrap();
            if removed.is_err() {
                stage.remove_agent(&admin, "Branch").await.unwrap();
            }
        }
    }
}
