//! Connections store certificates: the host opens no file for a caller.

use footprint_simulator::UserKind;
use serde_json::json;
use soar_host::connections::kept_paths;
use sqlx::Connection as _;

use crate::stage::{ExecutorStage, because, simulator};

async fn sql(stage: &ExecutorStage, statement: String) {
    let address = &stage.test.address;
    let address = if address.starts_with("postgres") { address.clone() } else { format!("sqlite:{address}") };
    let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn authority() -> String {
    rcgen::generate_simple_self_signed(["footprint.example".to_owned()]).unwrap().cert.pem()
}

#[tokio::test]
async fn a_connection_takes_certificates_and_no_path() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let password = simulator.user(UserKind::Administrator).password.clone();
        let alone = json!({"parameters": {"CA File": authority()}});
        let refused = because(stage.update(&admin, connection.id, alone).await);
        assert_eq!(
            refused,
            "CA File: It decides where the connection sends its secrets. To change it, give these secrets again: Password."
        );
        let set = async |value: &str| {
            let change = json!({"parameters": {"CA File": value, "Password": password}});
            stage.update(&admin, connection.id, change).await
        };
        for path in ["/etc/passwd", "/dev/zero", "/nowhere/ca.pem", "ca.pem"] {
            let refused = because(set(path).await);
            assert!(refused.starts_with("CA File: Expected certificates in PEM form"), "{refused}");
            assert!(!refused.contains("No such file") && !refused.contains("cannot be read"), "{refused}");
        }
        let pem = authority();
        let kept = set(&format!("\u{feff}# Ours\r\n{pem}")).await.unwrap();
        let shown = serde_json::to_value(&kept).unwrap()["parameters"]["CA File"].clone();
        assert!(shown.as_str().unwrap().contains("-----BEGIN CERTIFICATE-----"), "{shown}");
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(tested.passed, "{}", tested.text);
        for (wrong, expected) in [
            (pem.replace("CERTIFICATE", "PRIVATE KEY"), "CA File: It holds a block \"PRIVATE KEY\""),
            (
                "-----BEGIN CERTIFICATE-----\n####\n-----END CERTIFICATE-----".to_owned(),
                "CA File: It is no whole PEM text",
            ),
            (format!("{pem}{}", "x".repeat(600 * 1024)), "CA File: It is longer than 512 KiB"),
        ] {
            let refused = because(set(&wrong).await);
            assert!(refused.starts_with(expected), "{refused}");
        }
        let gone = set("").await.unwrap();
        assert!(gone.parameters.iter().all(|one| one.name != "CA File"));
    }
}

#[tokio::test]
async fn a_path_from_before_works_on_the_host_where_it_was_typed() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let file = stage.folder.path().join("ca.pem");
        std::fs::write(&file, authority()).unwrap();
        let path = file.display();
        sql(
            &stage,
            format!(
                "INSERT INTO connection_parameters (connection_id, name, kind, value) VALUES ({}, 'CA File', 'Plain', '{path}')",
                connection.id
            ),
        )
        .await;
        sql(&stage, "UPDATE connections SET version = version + 1".to_owned()).await;
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(tested.passed, "{}", tested.text);
        // A form sends back the values that it got.
        let same = json!({"description": "Same", "parameters": {"CA File": path.to_string()}});
        stage.update(&admin, connection.id, same).await.unwrap();
        let kept = {
            let mut reader = stage.test.store.reader().await.unwrap();
            kept_paths(&mut reader.records(), stage.executor.registry()).await.unwrap()
        };
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].path.clone(), kept[0].is_received), (path.to_string(), false));
        std::fs::remove_file(&file).unwrap();
        sql(&stage, "UPDATE connections SET version = version + 1".to_owned()).await;
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("cannot be read"), "{}", tested.text);
    }
}
