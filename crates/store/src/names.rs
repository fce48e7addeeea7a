//! The names that the store holds, of all kinds, for checks of them.

use super::{Records, StoreError};

/// A name that the store holds.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct NamedThing {
    /// What has the name, such as `site`.
    pub kind: String,
    /// Where the name has to be the only one of its kind; empty for everywhere.
    pub scope: String,
    /// The name.
    pub name: String,
}

impl Records<'_> {
    /// Every name, by kind, scope and age.
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
