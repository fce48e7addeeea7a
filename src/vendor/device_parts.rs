//! The parts of a device that commands read or change beside its row: applications, an agent's facts, tags.

use serde_json::{Value, json};
use soar_connector::manifest::ReplyShape::{Array, Object, PageObject};
use soar_connector::{ReplyForm, Warning};

use super::DeviceForm;
use super::endpoint::{Endpoint, VendorRequest};

/// A part of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DevicePart {
    Applications,
    /// The device at a glance, from its agent.
    Overview,
    OperatingSystem,
    /// The patches that the device lacks. The older documents publish one object for the list.
    Patches,
}

/// A part of one device.
#[derive(Debug)]
pub(crate) struct PartOfDevice {
    pub(crate) device: i64,
    pub(crate) part: DevicePart,
}

impl Endpoint for PartOfDevice {
    fn command(&self) -> &'static str {
        "Get Device"
    }

    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(match self.part {
            DevicePart::Applications => {
                ReplyForm { shapes: &[PageObject, Array], row_members: &["id", "name"], unpublished: false }
            }
            DevicePart::Overview => ReplyForm { shapes: &[Object], row_members: &["os"], unpublished: false },
            DevicePart::OperatingSystem => {
                ReplyForm { shapes: &[Object], row_members: &["isOutdated"], unpublished: false }
            }
            DevicePart::Patches => ReplyForm { shapes: &[Array, Object], row_members: &["kb"], unpublished: false },
        })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let template = match self.part {
            DevicePart::Applications => "/console/elements/device/{deviceId}/applications/",
            DevicePart::Overview => "/console/elements/device/{deviceId}/overview/",
            DevicePart::OperatingSystem => "/console/elements/device/{deviceId}/os/",
            DevicePart::Patches => "/console/elements/device/{deviceId}/patches/",
        };
        VendorRequest::get(template).with_id(self.device)
    }
}

/// A tag of a device, and whether it makes no business context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) excludes_contexts: bool,
}

/// The tags that a device is to have. The documents do not say whether the others go.
#[derive(Debug)]
pub(crate) struct TagsOfDevice {
    pub(crate) device: i64,
    pub(crate) tags: Vec<Tag>,
}

impl Endpoint for TagsOfDevice {
    fn command(&self) -> &'static str {
        "Update Device Tags"
    }

    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        Some(ReplyForm { shapes: &[Object, Array], row_members: &["tag"], unpublished: true })
    }

    fn request(&self, _: DeviceForm, _: &mut Vec<Warning>) -> VendorRequest {
        let tag = |tag: &Tag| json!({ "tag": tag.name, "excludeBusinessContexts": tag.excludes_contexts });
        let body = Value::Array(self.tags.iter().map(tag).collect());
        VendorRequest::post("/console/elements/device/{deviceId}/updateTags/", body).with_id(self.device)
    }
}
