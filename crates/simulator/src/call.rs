//! One request as endpoints see it: caller, tenant, parameters.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;

use crate::{
    SimulatedUser,
    data::{device::Device, finding::History, inventory::Inventory},
    dialect::Dialect,
    fault::PageFault,
    query::RequestQuery,
    reply::Reply,
    world::SimulatedInstance,
};

/// One request after its route is known and its sender is let in.
#[derive(Debug)]
pub(crate) struct RoutedRequest<'a> {
    pub(crate) world: &'a SimulatedInstance,
    /// The last variable part of the path, empty where the route has none.
    pub(crate) element: &'a str,
    pub(crate) query: RequestQuery<'a>,
    pub(crate) headers: &'a BTreeMap<String, String>,
    pub(crate) body: &'a [u8],
    /// The texts of a multipart form, if the body is one.
    pub(crate) multipart: Option<&'a BTreeMap<String, String>>,
    /// `None` on the open routes.
    pub(crate) user: Option<&'a SimulatedUser>,
    pub(crate) tenant: u32,
    pub(crate) page_fault: Option<PageFault>,
}

impl<'a> RoutedRequest<'a> {
    /// The forms that the instance's endpoints have.
    pub(crate) fn dialect(&self) -> &'static Dialect {
        self.world.options.generation.dialect()
    }

    /// The data of the caller's tenant.
    pub(crate) fn inventory(&self) -> Inventory<'a> {
        Inventory::new(&self.world.options, self.tenant)
    }

    /// The history of a device since the instance was started.
    pub(crate) fn history(&self, device: &Device) -> History<'a> {
        let world = self.world;
        let scanner = self.inventory().scanner_id(device.scanner);
        let rescans = world.scans.ends(scanner, world.clock.now_micros(), world.options.scan_duration);
        History { rescans, verdicts: &world.verdicts }
    }

    /// The element as a number; the vendor's routes match digits only, so anything else is not found.
    pub(crate) fn element_id(&self) -> Result<u64, Reply> {
        self.element.parse().map_err(|_| Reply::not_found())
    }

    /// Texts of the body by name, from JSON or either kind of form, or 400 / 415.
    pub(crate) fn fields(&self) -> Result<BTreeMap<String, String>, Reply> {
        let media_type = self.headers.get("content-type").map_or("application/json", String::as_str);
        if media_type.contains("json") {
            return self.json_fields();
        }
        if media_type.starts_with("application/x-www-form-urlencoded") {
            return Ok(url::form_urlencoded::parse(self.body).into_owned().collect());
        }
        if media_type.starts_with("multipart/form-data") {
            let refused = || Reply::detail(StatusCode::BAD_REQUEST, "Multipart form parse error");
            return self.multipart.cloned().ok_or_else(refused);
        }
        Err(Reply::detail(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            &format!("Unsupported media type \"{media_type}\" in request."),
        ))
    }

    fn json_fields(&self) -> Result<BTreeMap<String, String>, Reply> {
        let refuse = |text: &str| Reply::detail(StatusCode::BAD_REQUEST, text);
        let Ok(value) = serde_json::from_slice::<Value>(self.body) else {
            return Err(refuse("JSON parse error"));
        };
        let Value::Object(map) = value else {
            return Err(Reply::field("nonFieldErrors", "Invalid data. Expected a dictionary."));
        };
        Ok(map
            .into_iter()
            .filter_map(|(name, value)| match value {
                Value::String(text) => Some((name, text)),
                Value::Number(number) => Some((name, number.to_string())),
                _ => None,
            })
            .collect())
    }
}

/// The field's text, or 400 if it is missing or empty.
pub(crate) fn required<'f>(fields: &'f BTreeMap<String, String>, name: &str) -> Result<&'f str, Reply> {
    match fields.get(name).map(String::as_str) {
        None => Err(Reply::field(name, "This field is required.")),
        Some("") => Err(Reply::field(name, "This field may not be blank.")),
        Some(text) => Ok(text),
    }
}
