//! The names in the store: the keys by which they are found, and their checks.

use sqlx::AssertSqlSafe;

use super::{Records, Store, StoreError};
use crate::columns::from_row;
use crate::model::name::{earlier_key, name_key};

/// A name in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedThing {
    /// The kind of thing that has the name, such as `site`.
    pub kind: String,
    /// The scope in which the name is unique. Empty for the whole store.
    pub scope: String,
    /// The name.
    pub name: String,
}

from_row! { NamedThing: kind, scope, name }

/// The tables with names, and the condition under which two rows, `o` and the table's own, may not have the same name.
const NAMES: &[(&str, &str, &str)] = &[
    ("sites", "name", "1 = 1"),
    ("users", "name", "1 = 1"),
    ("keys", "name", "1 = 1"),
    ("connections", "name", "o.integration = connections.integration AND o.place = connections.place"),
    ("schedules", "name", "o.kind = 'Command' AND schedules.kind = 'Command' AND o.site_id = schedules.site_id"),
    // The tenant's region comes first, since its name is unique per region.
    ("tenants", "region", "o.name_key = tenants.name_key"),
    ("tenants", "name", "o.region_key = tenants.region_key"),
    ("masters", "name", "1 = 1"),
];

/// A name, and the key by which it is found.
struct Keyed {
    id: i64,
    name: String,
    key: String,
}

from_row! { Keyed: id, name, key }

impl Store {
    /// Rewrites the keys of a store from before the current rule for names. If two things would have the same key, the
    /// later one keeps its old key, by which it is still found.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn key_names(&self) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        transaction.records().key_names().await?;
        transaction.commit().await
    }
}

impl Records<'_> {
    async fn key_names(&mut self) -> Result<(), StoreError> {
        let sql = format!("SELECT names_keyed FROM store_state WHERE id = 1{}", self.engine.for_update());
        let keyed: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *self.connection).await?;
        if keyed == 1 {
            return Ok(());
        }
        for (table, column, same_scope) in NAMES {
            let sql = format!("SELECT id, {column} AS name, {column}_key AS key FROM {table} ORDER BY id");
            let all = sqlx::query_as::<_, Keyed>(AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?;
            for Keyed { id, name, key } in all {
                let today = name_key(&name);
                if today == key {
                    continue;
                }
                let sql = format!(
                    "UPDATE {table} SET {column}_key = $1 WHERE id = $2 AND NOT EXISTS
                         (SELECT 1 FROM {table} AS o WHERE o.{column}_key = $1 AND o.id <> {table}.id AND {same_scope})"
                );
                let update = sqlx::query(AssertSqlSafe(sql)).bind(today).bind(id);
                update.execute(&mut *self.connection).await?;
            }
        }
        sqlx::query("UPDATE store_state SET names_keyed = 1 WHERE id = 1").execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The key by which `table` finds the name: the old key if a thing of exactly this spelling kept it, otherwise the
    /// current one.
    pub(super) async fn found_key(&mut self, table: &'static str, name: &str) -> Result<String, StoreError> {
        let (today, earlier) = (name_key(name), earlier_key(name));
        if today == earlier {
            return Ok(today);
        }
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table} WHERE name_key = $1");
        let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql)).bind(&earlier);
        Ok(if query.fetch_one(&mut *self.connection).await? > 0 { earlier } else { today })
    }

    /// All names, by kind, scope and age.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn named_things(&mut self) -> Result<Vec<NamedThing>, StoreError> {
        let query = sqlx::query_as(
            "SELECT kind, scope, name FROM (
                SELECT 'site' AS kind, '' AS scope, name, id FROM sites
                UNION ALL SELECT 'user', '', name, id FROM users
                UNION ALL SELECT 'key', '', name, id FROM keys
                UNION ALL SELECT 'connection', connections.integration || COALESCE(' of ' || sites.name, ''),
                                 connections.name, connections.id
                          FROM connections LEFT JOIN sites ON sites.id = connections.site_id
                UNION ALL SELECT 'schedule', COALESCE(sites.name, ''), schedules.name, schedules.id
                          FROM schedules LEFT JOIN sites ON sites.id = schedules.site_id
                          WHERE schedules.kind = 'Command'
                UNION ALL SELECT 'tenant', region, name, id FROM tenants
                UNION ALL SELECT 'master', '', name, id FROM masters
             ) AS named ORDER BY kind, scope, id",
        );
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use crate::model::Moment;
    use crate::testing::TestStore;
    use crate::{NewUser, Store, StoreError, UserChange};

    fn user(name: &str) -> NewUser {
        NewUser { name: name.to_owned(), email: None, is_administrator: true }
    }

    /// Turns the store into one from before the rule for names, with users of these names and keys.
    async fn before_the_rule(store: &Store, users: &[(&str, &str)]) {
        let mut transaction = store.transaction().await.unwrap();
        let mut records = transaction.records();
        for (at, (name, key)) in users.iter().enumerate() {
            records.create_user(&user(&format!("user {at}")), Moment(1)).await.unwrap();
            let update = sqlx::query("UPDATE users SET name = $1, name_key = $2 WHERE name_key = $3");
            let update = update.bind(*name).bind(*key).bind(format!("user {at}"));
            update.execute(&mut *records.connection).await.unwrap();
        }
        sqlx::query("UPDATE store_state SET names_keyed = 0").execute(&mut *records.connection).await.unwrap();
        transaction.commit().await.unwrap();
    }

    #[tokio::test]
    async fn users_from_before_the_rule_are_each_found_and_changed_and_new_ones_are_refused() {
        for test in TestStore::on_both().await {
            let (composed, decomposed) = ("Zo\u{eb}", "Zoe\u{308}");
            let users = [
                (composed, "zo\u{eb}"),
                (decomposed, "zoe\u{308}"),
                ("Stra\u{df}e", "stra\u{df}e"),
                ("a\u{ad}b", "a\u{ad}b"),
            ];
            before_the_rule(&test.store, &users).await;
            let store = Store::open(&test.address).await.unwrap();
            let mut transaction = store.transaction().await.unwrap();
            let mut records = transaction.records();
            for (asked, found) in [
                (composed, composed),
                ("ZO\u{cb}", composed),
                (decomposed, decomposed),
                ("ZOE\u{308}", decomposed),
                ("STRASSE", "Stra\u{df}e"),
                ("A\u{ad}B", "a\u{ad}b"),
            ] {
                assert_eq!(records.user(asked).await.unwrap().name, found, "{asked:?}");
            }
            // Other fields can be changed even if the name breaks the rule.
            let mail = UserChange { email: Some("zoe@example.com".to_owned()), ..UserChange::default() };
            for name in [decomposed, "a\u{ad}b"] {
                let changed = records.update_user(name, &mail, Moment(2)).await.unwrap();
                assert_eq!(changed.name, name);
                assert_eq!(records.user(name).await.unwrap().email, mail.email);
            }
            let taken = records.create_user(&user("stra\u{df}E"), Moment(3)).await;
            assert!(matches!(taken, Err(StoreError::Duplicate { what: "user", .. })), "{taken:?}");
            drop(transaction);
            let again = store.reader().await.unwrap().records().named_things().await.unwrap();
            assert_eq!(again.len(), 4);
        }
    }

    #[tokio::test]
    async fn a_store_that_is_read_only_refuses_changes() {
        for test in TestStore::on_both().await {
            let store = Store::open_read_only(&test.address).await.unwrap();
            assert!(store.reader().await.unwrap().records().named_things().await.unwrap().is_empty());
            let mut transaction = match store.transaction().await {
                Ok(transaction) => transaction,
                Err(error) => {
                    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
                    continue;
                }
            };
            assert!(transaction.records().create_user(&user("Admin"), Moment(1)).await.is_err());
        }
    }
}
