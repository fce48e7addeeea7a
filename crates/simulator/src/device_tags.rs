//! Remembers the tags that users gave to devices.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};

/// A tag of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tag {
    pub(crate) tag: String,
    pub(crate) exclude_business_contexts: bool,
}

/// The tags of the devices whose tags were changed, by the device's id.
#[derive(Debug, Default)]
pub(crate) struct DeviceTags(RwLock<BTreeMap<u64, Vec<Tag>>>);

impl DeviceTags {
    /// Gives a device these tags and no others.
    pub(crate) fn set(&self, device: u64, tags: Vec<Tag>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(device, tags);
    }

    /// The tags of a device, if they were ever changed.
    pub(crate) fn of(&self, device: u64) -> Option<Vec<Tag>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&device).cloned()
    }

    /// All of them, ordered by device.
    pub(crate) fn all(&self) -> Vec<(u64, Vec<Tag>)> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(device, tags)| (*device, tags.clone())).collect()
    }
}
