//! Sites in the store.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Records, StoreError};
use crate::model::{Site, SiteKind};

/// A site to be made, checked by [`crate::store`]'s callers: the time zone is one that exists.
#[derive(Debug, Clone)]
pub struct NewSite {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub kind: SiteKind,
    /// What it is for.
    pub description: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// Its language as a BCP 47 tag.
    pub language: String,
}

const COLUMNS: &str = "id, name, kind, description, time_zone, language";

impl Records<'_> {
    /// Makes a site. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when there is one of that name.
    pub async fn create_site(&mut self, site: &NewSite, now: i64) -> Result<Site, StoreError> {
        let row = sqlx::query(
            "INSERT INTO sites (name, name_key, kind, description, time_zone, language, created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             RETURNING id, name, kind, description, time_zone, language",
        )
        .bind(&site.name)
        .bind(site.name.to_lowercase())
        .bind(site.kind.as_str())
        .bind(&site.description)
        .bind(&site.time_zone)
        .bind(&site.language)
        .bind(now)
        .fetch_one(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "site", &site.name))?;
        read(&row)
    }

    /// The site of that name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn site(&mut self, name: &str) -> Result<Site, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM sites WHERE name_key = $1"));
        let row = sqlx::query(sql).bind(name.to_lowercase()).fetch_optional(&mut *self.connection).await?;
        row.as_ref().map(read).transpose()?.ok_or_else(|| StoreError::not_found("site", name))
    }

    /// All sites, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM sites ORDER BY name_key"));
        sqlx::query(sql).fetch_all(&mut *self.connection).await?.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<Site, StoreError> {
    Ok(Site {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        kind: row.try_get::<String, _>(2)?.parse().map_err(StoreError::Unreadable)?,
        description: row.try_get(3)?,
        time_zone: row.try_get(4)?,
        language: row.try_get(5)?,
    })
}
