//! Sites in the store.

use super::{Records, StoreError, check};
use crate::model::name::{checked_name, name_key};
use crate::model::{MasterId, Moment, Site, SiteId, SiteKind};

/// A site to be created.
#[derive(Debug, Clone)]
pub struct NewSite {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SiteKind,
    /// Its description.
    pub description: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// Its language as a BCP 47 tag.
    pub language: String,
}

/// A change of a site. A field that is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SiteChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new kind.
    pub kind: Option<SiteKind>,
    /// Its description.
    pub description: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// Its language as a BCP 47 tag.
    pub language: Option<String>,
    /// Whether the site is active.
    pub active: Option<bool>,
}

const COLUMNS: &str = "id, name, kind, description, time_zone, language, active,
    (SELECT m.name FROM masters m WHERE m.id = sites.deactivated_by) AS deactivated_by";

impl Records<'_> {
    /// Creates a site.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a site of that name exists. [`StoreError::Invalid`] when the time zone does not
    /// exist, or a text is too long.
    pub async fn create_site(&mut self, site: &NewSite, now: Moment) -> Result<Site, StoreError> {
        let name = checked_name("site", &site.name)?;
        check::description(&site.description)?;
        let time_zone = check::time_zone(&site.time_zone)?;
        check::language(&site.language)?;
        let sql = format!(
            "INSERT INTO sites (name, name_key, kind, description, time_zone, language, created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             RETURNING {COLUMNS}",
        );
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&name)
            .bind(name_key(&name))
            .bind(site.kind.as_str())
            .bind(&site.description)
            .bind(time_zone)
            .bind(&site.language)
            .bind(now)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| StoreError::or_duplicate(error, "site", &name))
    }

    /// Changes a site.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Duplicate`], and [`StoreError::Invalid`] as for a new site.
    pub async fn update_site(&mut self, name: &str, change: &SiteChange, now: Moment) -> Result<Site, StoreError> {
        let site = self.locked_site(name).await?;
        let new = NewSite {
            name: change.name.clone().unwrap_or_else(|| site.name.clone()),
            kind: change.kind.unwrap_or(site.kind),
            description: change.description.clone().unwrap_or(site.description),
            time_zone: change.time_zone.clone().unwrap_or(site.time_zone),
            language: change.language.clone().unwrap_or(site.language),
        };
        // A name from before the current rule stays until it is changed.
        let new_name = if new.name == site.name { site.name } else { checked_name("site", &new.name)? };
        check::description(&new.description)?;
        let time_zone = check::time_zone(&new.time_zone)?;
        check::language(&new.language)?;
        sqlx::query(
            "UPDATE sites SET name = $1, name_key = CASE WHEN name = $1 THEN name_key ELSE $2 END, kind = $3, description = $4, time_zone = $5, language = $6,
                              modified_at = $7
             WHERE id = $8",
        )
        .bind(&new_name)
        .bind(name_key(&new_name))
        .bind(new.kind.as_str())
        .bind(&new.description)
        .bind(&time_zone)
        .bind(&new.language)
        .bind(now)
        .bind(site.id)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "site", &new_name))?;
        if let Some(active) = change.active.filter(|active| *active != site.active) {
            self.set_site_active(site.id, active, None, now).await?;
        }
        self.move_schedules(site.id, &time_zone).await?;
        self.site(&new_name).await
    }

    /// Sets a site active or inactive. `master` is the master that does it, if one does.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_site_active(
        &mut self,
        id: SiteId,
        active: bool,
        master: Option<MasterId>,
        now: Moment,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE sites SET active = $1, deactivated_by = $2, modified_at = $3 WHERE id = $4")
            .bind(i64::from(active))
            .bind(master.filter(|_| !active))
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The site of that name, locked until the transaction ends. Without the lock the transaction could overwrite
    /// another one's change.
    async fn locked_site(&mut self, name: &str) -> Result<Site, StoreError> {
        let key = self.found_key("sites", name).await?;
        let sql = format!("SELECT {COLUMNS} FROM sites WHERE name_key = $1{}", self.engine.for_update());
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key);
        query.fetch_optional(&mut *self.connection).await?.ok_or_else(|| StoreError::not_found("site", name))
    }

    /// Deletes a site without records. Roles on it, and keys' permission to use it, are deleted with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::InUse`] with the records on the site.
    pub async fn remove_site(&mut self, name: &str) -> Result<(), StoreError> {
        let site = self.site(name).await?;
        let mut holders = Vec::new();
        for (one, several, sql) in [
            ("incident", "incidents", "SELECT CAST(COUNT(*) AS BIGINT) FROM incidents WHERE site_id = $1"),
            ("case", "cases", "SELECT CAST(COUNT(*) AS BIGINT) FROM cases WHERE site_id = $1"),
            (
                "connection",
                "connections",
                "SELECT CAST(COUNT(*) AS BIGINT) FROM connections WHERE site_id = $1 OR recipient_site_id = $1",
            ),
            ("agent", "agents", "SELECT CAST(COUNT(*) AS BIGINT) FROM agents WHERE site_id = $1"),
        ] {
            let count: i64 = sqlx::query_scalar(sql).bind(site.id).fetch_one(&mut *self.connection).await?;
            match count {
                0 => {}
                1 => holders.push(format!("1 {one}")),
                _ => holders.push(format!("{count} {several}")),
            }
        }
        let in_use = |by: String| StoreError::InUse { what: "site", name: site.name.clone(), by };
        if !holders.is_empty() {
            return Err(in_use(format!("it still has {}; move or delete them first", holders.join(", "))));
        }
        let deleted = sqlx::query("DELETE FROM sites WHERE id = $1").bind(site.id).execute(&mut *self.connection).await;
        match deleted {
            Ok(_) => Ok(()),
            Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
                Err(in_use("another transaction created a record on it meanwhile".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The site of that name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn site(&mut self, name: &str) -> Result<Site, StoreError> {
        let key = self.found_key("sites", name).await?;
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM sites WHERE name_key = $1"));
        let query = sqlx::query_as(sql).bind(key);
        query.fetch_optional(&mut *self.connection).await?.ok_or_else(|| StoreError::not_found("site", name))
    }

    /// All sites, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM sites ORDER BY name_key"));
        Ok(sqlx::query_as(sql).fetch_all(&mut *self.connection).await?)
    }
}
