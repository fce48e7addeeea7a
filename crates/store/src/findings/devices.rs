//! The identity of devices: a device that the product created again with another id is the same device.

use super::collections::SnapshotClaim;
use super::stage::StagedSnapshot;
use super::staged::{Settled, Unlisted};
use crate::StoreError;
use crate::columns::{from_row, json};
use crate::model::FeedId;
use crate::rows::InsertedValue;

/// A device of the snapshot.
#[derive(Debug)]
struct ListedDevice {
    /// The product's id.
    product_id: String,
    name: String,
    address: String,
    /// The device as the store knows it. `None` for an id that is not known.
    known: Option<String>,
    old_name: Option<String>,
    old_address: Option<String>,
}

from_row! { ListedDevice: product_id, name, address, known, old_name, old_address }

/// What a device with a new id is.
enum DeviceIdentity {
    New,
    /// This known device.
    Known(String),
    /// A new device or a known one.
    Undecided,
}

/// The begin of the device of rows that were renamed. No product's id begins with it.
const RENAMED: &str = "\u{1}";

/// Devices read at a time.
const BATCH_SIZE: i64 = 1_000;

impl StagedSnapshot {
    /// Gives the rows of devices with a changed id the device that the store knows, and records new devices.
    pub(super) async fn settle_devices(&mut self, feed: FeedId, unlisted: &Unlisted) -> Result<Settled, StoreError> {
        let mut after = String::new();
        let mut settled = Settled::default();
        loop {
            let query = sqlx::query_as::<_, ListedDevice>(
                "SELECT s.device AS product_id, s.name, s.address, d.device AS known, d.name AS old_name,
                        d.address AS old_address
                 FROM stage_devices s LEFT JOIN finding_devices d ON d.feed_id = $1 AND d.product_id = s.device
                 WHERE s.device > $2 AND (d.device IS NULL OR d.device <> d.product_id OR d.name <> s.name
                                          OR d.address <> s.address)
                 ORDER BY s.device LIMIT $3",
            );
            let query = query.bind(feed).bind(after.clone()).bind(BATCH_SIZE);
            let listed = query.fetch_all(&mut *self.records().connection).await?;
            let Some(last) = listed.last() else { break };
            after.clone_from(&last.product_id);
            self.settle_some(feed, listed, unlisted, &mut settled).await?;
        }
        let renamed = sqlx::query("UPDATE stage SET device = SUBSTR(device, 2) WHERE device >= $1 AND device < $2");
        let renamed = renamed.bind(RENAMED.to_owned()).bind("\u{2}".to_owned());
        renamed.execute(&mut *self.records().connection).await?;
        Ok(settled)
    }

    async fn settle_some(
        &mut self,
        feed: FeedId,
        listed: Vec<ListedDevice>,
        unlisted: &Unlisted,
        settled: &mut Settled,
    ) -> Result<(), StoreError> {
        let mut new = Vec::new();
        for device in listed {
            let is_renamed =
                device.old_name.as_ref() != Some(&device.name) || device.old_address.as_ref() != Some(&device.address);
            match &device.known {
                Some(known) => {
                    if *known != device.product_id {
                        self.rename(&device.product_id, known).await?;
                    }
                    if is_renamed {
                        self.record(feed, known, &device).await?;
                    }
                }
                None => match self.identity(feed, &device, unlisted).await? {
                    DeviceIdentity::Known(former) => {
                        self.rename(&device.product_id, &former).await?;
                        self.record(feed, &former, &device).await?;
                        settled.renamed.push(former);
                    }
                    DeviceIdentity::New => new.push(device),
                    DeviceIdentity::Undecided => {
                        self.leave_out(&device.product_id).await?;
                        settled.has_left_out = true;
                    }
                },
            }
        }
        self.add_devices(feed, new).await
    }

    /// Whether a device with a new id is the known device with its name and address: if exactly one such device is no longer
    /// listed.
    async fn identity(
        &mut self,
        feed: FeedId,
        device: &ListedDevice,
        unlisted: &Unlisted,
    ) -> Result<DeviceIdentity, StoreError> {
        if device.name.is_empty() || device.address.is_empty() {
            return Ok(DeviceIdentity::New);
        }
        let query = sqlx::query_scalar::<_, String>(
            "SELECT device FROM finding_devices d
             WHERE feed_id = $1 AND name = $2 AND address = $3
               AND NOT EXISTS (SELECT 1 FROM stage_devices s WHERE s.device = d.product_id)
               AND (SELECT COUNT(*) FROM stage_devices s WHERE s.name = $2 AND s.address = $3) = 1",
        );
        let query = query.bind(feed).bind(device.name.clone()).bind(device.address.clone());
        let mut found = query.fetch_all(&mut *self.records().connection).await?;
        match unlisted {
            Unlisted::All => {}
            Unlisted::These(devices) => found.retain(|known| devices.contains(known)),
            Unlisted::Unknown if found.is_empty() => {}
            Unlisted::Unknown => return Ok(DeviceIdentity::Undecided),
        }
        Ok(match found.pop() {
            Some(known) if found.is_empty() => DeviceIdentity::Known(known),
            _ => DeviceIdentity::New,
        })
    }

    /// Drops the rows of an id.
    async fn leave_out(&mut self, product_id: &str) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM stage WHERE device = $1").bind(product_id.to_owned());
        query.execute(&mut *self.records().connection).await?;
        Ok(())
    }

    /// Gives the rows of an id a device. They are marked until all have theirs, since it may be the id of other rows.
    async fn rename(&mut self, product_id: &str, device: &str) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE stage SET device = $1 WHERE device = $2");
        let query = query.bind(format!("{RENAMED}{device}")).bind(product_id.to_owned());
        query.execute(&mut *self.records().connection).await?;
        Ok(())
    }

    async fn record(&mut self, feed: FeedId, device: &str, now: &ListedDevice) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction().await?;
        let query = sqlx::query(
            "UPDATE finding_devices SET product_id = $1, name = $2, address = $3 WHERE feed_id = $4 AND device = $5",
        );
        let query = query.bind(now.product_id.clone()).bind(now.name.clone()).bind(now.address.clone());
        query.bind(feed).bind(device.to_owned()).execute(&mut *transaction.records().connection).await?;
        transaction.commit().await
    }

    /// Records devices that are not known. A device whose id another device had before gets a name of its own.
    async fn add_devices(&mut self, feed: FeedId, new: Vec<ListedDevice>) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = new.iter().map(|device| device.product_id.as_str()).collect();
        let ids = json(&ids)?;
        let taken = format!(
            "SELECT device FROM finding_devices WHERE feed_id = $1 AND device IN ({})",
            self.store.engine.texts_of("$2")
        );
        let query = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(taken)).bind(feed).bind(ids);
        let taken = query.fetch_all(&mut *self.records().connection).await?;
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let now = records.now().await?;
        let mut named = Vec::with_capacity(new.len());
        for device in &new {
            let is_taken = taken.contains(&device.product_id);
            named.push(if is_taken { format!("{}@{now}", device.product_id) } else { device.product_id.clone() });
        }
        let cells = new.iter().zip(&named).flat_map(|(device, name)| {
            [
                InsertedValue::Integer(feed.0),
                InsertedValue::Text(name),
                InsertedValue::Text(&device.product_id),
                InsertedValue::Text(&device.name),
                InsertedValue::Text(&device.address),
            ]
        });
        let columns = "feed_id, device, product_id, name, address";
        records.insert_rows("finding_devices", columns, 5, cells.collect(), "").await?;
        transaction.commit().await?;
        for (device, name) in new.iter().zip(&named).filter(|(device, name)| device.product_id != **name) {
            self.rename(&device.product_id, name).await?;
        }
        Ok(())
    }

    /// Ends adding. Returns known devices that have no findings in the snapshot: the device, and the product's id. They had
    /// findings in the last one, or a device of the snapshot has their name and address. At most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn absent_devices(&mut self, feed: FeedId, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        self.end_adding().await?;
        let query = sqlx::query_as(
            "SELECT d.device, d.product_id FROM finding_devices d
             WHERE d.feed_id = $1
               AND NOT EXISTS (SELECT 1 FROM stage_devices s WHERE s.device = d.product_id)
               AND (EXISTS (SELECT 1 FROM findings f
                            WHERE f.feed_id = d.feed_id AND f.device = d.device AND f.listed = 1)
                    OR EXISTS (SELECT 1 FROM stage_devices s WHERE s.name = d.name AND s.address = d.address
                                                               AND s.name <> '' AND s.address <> ''))
             ORDER BY CASE WHEN EXISTS (SELECT 1 FROM stage_devices s WHERE s.name = d.name AND s.address = d.address
                                                               AND s.name <> '' AND s.address <> '')
                           THEN 0 ELSE 1 END, d.device LIMIT $2",
        );
        let query = query.bind(feed).bind(limit);
        Ok(query.fetch_all(&mut *self.records().connection).await?)
    }

    /// Deletes the devices of a claimed snapshot's tenant that have no finding left: the findings were gone, and their changes
    /// have expired. The caller has written the findings of a whole snapshot, so each device of the snapshot has one. No other
    /// snapshot of the tenant is under way.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another host has taken over the snapshot.
    pub async fn forget_devices(&mut self, claim: &SnapshotClaim) -> Result<(), StoreError> {
        // Findings are deleted together with the log only.
        if self.records().finding_log().await?.pruned_through.0 == 0 {
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let query = sqlx::query_scalar::<_, String>(
                "SELECT d.device FROM finding_devices d
                 WHERE d.feed_id = $1 AND d.device > $2
                   AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.feed_id = d.feed_id AND f.device = d.device)
                 ORDER BY d.device LIMIT $3",
            );
            let query = query.bind(claim.feed.id).bind(after.clone()).bind(BATCH_SIZE);
            let unused = query.fetch_all(&mut *self.records().connection).await?;
            let Some(last) = unused.last() else { return Ok(()) };
            after.clone_from(last);
            let mut transaction = self.store.transaction().await?;
            transaction.records().delete_devices(claim, &unused).await?;
            transaction.commit().await?;
        }
    }
}

impl crate::Records<'_> {
    /// Deletes those of these devices of a claimed snapshot's tenant that have no finding.
    async fn delete_devices(&mut self, claim: &SnapshotClaim, devices: &[String]) -> Result<(), StoreError> {
        self.must_hold(claim).await?;
        let sql = format!(
            "DELETE FROM finding_devices WHERE feed_id = $1 AND device IN ({})
                 AND NOT EXISTS (SELECT 1 FROM findings f
                                 WHERE f.feed_id = finding_devices.feed_id AND f.device = finding_devices.device)",
            self.engine.texts_of("$2")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(claim.feed.id).bind(json(&devices)?);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The product's ids of the devices that have findings that are listed and not fixed, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn devices_with_findings(&mut self, feed: FeedId, limit: i64) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar(
            "SELECT product_id FROM finding_devices d
             WHERE feed_id = $1
               AND EXISTS (SELECT 1 FROM findings f WHERE f.feed_id = d.feed_id AND f.device = d.device AND f.listed = 1)
             ORDER BY device LIMIT $2",
        );
        Ok(query.bind(feed).bind(limit).fetch_all(&mut *self.connection).await?)
    }
}
