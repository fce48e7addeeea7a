//! Transactions that the database cancels or does not commit.

use soar_store::testing::TestStore;
use soar_store::{Engine, Store, StoreError, Trouble};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};

use crate::support::site;
use soar_store::model::Moment;

async fn run_sql(test: &TestStore, sql: &str) {
    let address = &test.address;
    let address = if address.contains("://") { address.clone() } else { format!("sqlite:{address}") };
    let mut connection = AnyConnection::connect(&address).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// PostgreSQL does this when a transaction that made a site is committed.
fn at_commit(action: &str) -> String {
    format!(
        "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action}; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER act AFTER INSERT ON sites DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION act();"
    )
}

async fn make(store: &Store, name: &str) -> Result<(), StoreError> {
    let mut transaction = store.transaction().await?;
    transaction.records().create_site(&site(name), Moment(1)).await?;
    transaction.commit().await
}

async fn made(store: &Store) -> Vec<String> {
    let sites = store.reader().await.unwrap().records().sites().await.unwrap();
    sites.into_iter().map(|site| site.name).collect()
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_keeps_none_after_it_from_being_made() {
    let test = TestStore::on(Engine::Sqlite).await;
    // As it does when the disk fails: the driver takes the transaction for one that is under way.
    run_sql(&test, "CREATE TRIGGER act BEFORE INSERT ON sites BEGIN SELECT RAISE(ROLLBACK, 'as of a disk'); END").await;
    let error = make(&test.store, "First").await.unwrap_err();
    assert!(matches!(&error, StoreError::Database(error) if error.to_string().contains("as of a disk")), "{error}");
    run_sql(&test, "DROP TRIGGER act").await;
    make(&test.store, "Second").await.unwrap();
    assert_eq!(made(&test.store).await, ["Second"]);
}

#[tokio::test]
async fn a_commit_that_the_database_refuses_has_changed_nothing_and_the_next_one_is_made() {
    for test in TestStore::on_both().await {
        let (refusing, no_more) = match test.store.engine() {
            Engine::Sqlite => (
                "CREATE TABLE parents (id INTEGER PRIMARY KEY);
                 CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
                 CREATE TRIGGER act AFTER INSERT ON sites BEGIN INSERT INTO children VALUES (1); END;"
                    .to_owned(),
                "DROP TRIGGER act",
            ),
            Engine::Postgres => (at_commit("RAISE EXCEPTION 'not this one'"), "DROP TRIGGER act ON sites"),
        };
        run_sql(&test, &refusing).await;
        // More often than there are connections.
        for _ in 0..10 {
            let error = make(&test.store, "Refused").await.unwrap_err();
            assert!(matches!(error, StoreError::Database(_)) && error.trouble().is_none(), "{error}");
        }
        run_sql(&test, no_more).await;
        for number in 0..10 {
            make(&test.store, &format!("Site {number}")).await.unwrap();
        }
        assert_eq!(made(&test.store).await.len(), 10);
    }
}

#[tokio::test]
async fn a_server_that_breaks_off_at_a_commit_and_says_so_leaves_it_open_whether_it_was_made() {
    let test = TestStore::on(Engine::Postgres).await;
    run_sql(&test, &at_commit("PERFORM pg_terminate_backend(pg_backend_pid())")).await;
    let error = make(&test.store, "Unknown").await.unwrap_err();
    assert!(matches!(error, StoreError::Uncertain(_)), "{error}");
    assert_eq!(error.trouble(), Some(Trouble::Gone));
    run_sql(&test, "DROP TRIGGER act ON sites").await;
    make(&test.store, "Known").await.unwrap();
}
