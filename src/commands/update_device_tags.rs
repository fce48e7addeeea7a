//! Update Device Tags: adds tags to a device and removes others.

use async_trait::async_trait;
use serde_json::{Value, json};
use soar_connector::{Parameters, ReplyPage};

use super::find_devices::row_of;
use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{Failure, Tag, TagsOfDevice};

pub(super) struct UpdateDeviceTags;

#[async_trait]
impl CommandHandler for UpdateDeviceTags {
    fn probe(&self) -> Probe {
        Probe::Role
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let device = required_integer(parameters, "Device ID")?;
        let list = |name| parameters.list(name).unwrap_or_default();
        let (add, remove) = (list("Add Tags"), list("Remove Tags"));
        if add.is_empty() && remove.is_empty() {
            return Err(Failure::new("missing-parameter", "Give Add Tags, Remove Tags or both."));
        }
        let excludes_contexts = parameters.boolean("Exclude Business Contexts") == Some(true);
        let before = tags_of(device, call).await?;
        let mut tags: Vec<Tag> = before.iter().filter(|tag| !remove.contains(&tag.name)).cloned().collect();
        for name in add {
            match tags.iter_mut().find(|tag| tag.name == *name) {
                Some(tag) => tag.excludes_contexts = excludes_contexts,
                None => tags.push(Tag { name: name.clone(), excludes_contexts }),
            }
        }
        if tags != before {
            call.change(&TagsOfDevice { device, tags: tags.clone() }).await.map_err(unsupported)?;
        }
        // The documents do not say whether the tags that were not sent go, so the device is looked at again.
        let after = tags_of(device, call).await?;
        let sorted = |tags: &[Tag]| {
            let mut names: Vec<_> = tags.iter().map(|tag| tag.name.clone()).collect();
            names.sort_unstable();
            names
        };
        if sorted(&after) != sorted(&tags) {
            let text = format!("The device has the tags {} afterwards, not {}.", names(&after), names(&tags));
            return Err(Failure::new("tags-differ", text));
        }
        let tag = |tag: &Tag| json!({ "tag": tag.name, "excludeBusinessContexts": tag.excludes_contexts });
        let row = json!({ "deviceId": device, "tags": after.iter().map(tag).collect::<Vec<_>>() });
        call.hand_on(ReplyPage::of_rows([row.to_string()])).await
    }
}

/// The tags of a device, as List Devices shows them.
async fn tags_of(device: i64, call: &mut Call<'_>) -> Result<Vec<Tag>, Failure> {
    let Some(row) = row_of(device, call).await? else {
        return Err(Failure::new("device-not-listed", format!("List Devices has no device {device}.")));
    };
    let row: Value = serde_json::from_str(&row).unwrap_or_default();
    let tags = match row.get("tags") {
        Some(Value::Array(tags)) => tags.as_slice(),
        Some(Value::Null) => &[],
        Some(Value::String(text)) if text.is_empty() || text == "None" => &[],
        _ => {
            let text = "Nothing was sent: this instance does not show which tags a device has.";
            return Err(Failure::new("tags-not-shown", text));
        }
    };
    let tag = |tag: &Value| {
        let excludes_contexts = tag.get("excludeBusinessContexts").and_then(Value::as_bool).unwrap_or(false);
        Some(Tag { name: tag.get("tag")?.as_str()?.to_owned(), excludes_contexts })
    };
    Ok(tags.iter().filter_map(tag).collect())
}

/// The device is there, so a 404 means that the instance has no such call.
fn unsupported(failure: Failure) -> Failure {
    if failure.has_status(&[404]) { Failure { code: Some("tags-not-shown"), ..failure } } else { failure }
}

fn names(tags: &[Tag]) -> String {
    let names: Vec<_> = tags.iter().map(|tag| tag.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
