//! A transaction that PostgreSQL cancels because of a conflict is tried again, a few times.

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _};

use crate::support::{TestHost, answer};

/// Makes the next `lost` attempts to add a row to `table` fail as if they had lost against another transaction.
async fn lose(connection: &mut AnyConnection, table: &str, lost: u32) {
    for sql in [
        "DROP SEQUENCE IF EXISTS tries".to_owned(),
        "CREATE SEQUENCE tries".to_owned(),
        // A sequence is not part of the transaction.
        format!(
            "CREATE OR REPLACE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF nextval('tries') <= {lost} THEN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END IF;
                 RETURN NEW;
             END $$"
        ),
        format!("CREATE OR REPLACE TRIGGER losing BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION lose()"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
    }
}

async fn tries(connection: &mut AnyConnection) -> i64 {
    use sqlx::Row as _;
    sqlx::query("SELECT last_value FROM tries").fetch_one(connection).await.unwrap().get(0)
}

#[tokio::test]
async fn what_lost_against_another_transaction_is_done_again_and_not_for_ever() {
    for host in TestHost::on_both().await {
        if !host.test.address.starts_with("postgres") {
            // SQLite runs one transaction at a time, so there are no conflicts.
            continue;
        }
        let mut connection = AnyConnection::connect(&host.test.address).await.unwrap();
        let note = |name: &str| host.command("MakeNote", json!({ "Name": name })).header("Idempotency-Key", name);
        let user = |name: &str| host.manage("POST", "/users").json(&json!({ "name": name }));
        lose(&mut connection, "sites", 3).await;
        let (status, made) = answer(note("Fourth")).await;
        assert_eq!((status, &made["returnData"]), (200, &json!("Successful")), "{made}");
        assert_eq!((tries(&mut connection).await, host.notes().await), (4, vec!["Fourth".to_owned()]));
        lose(&mut connection, "sites", 9).await;
        assert_eq!(answer(note("Never")).await, (500, json!({ "Error": "Unexpected Error." })));
        assert_eq!((tries(&mut connection).await, host.notes().await.len()), (4, 1));
        lose(&mut connection, "users", 3).await;
        assert_eq!(answer(user("carol")).await.0, 201);
        assert_eq!(tries(&mut connection).await, 4);
        lose(&mut connection, "users", 9).await;
        let (status, refused): (u16, Value) = answer(user("dave")).await;
        assert!(status >= 500 && !refused.to_string().contains("lost"), "{status}: {refused}");
        assert_eq!(tries(&mut connection).await, 4);
        // One entry each, however often it was tried.
        let statuses: Vec<_> = host.audit().await.into_iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [200, 500, 201, i64::from(status)]);
    }
}
