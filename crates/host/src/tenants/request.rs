//! The request for a sync, with D3's field names.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use soar_connector::Parameters;
use soar_connector::name::{normalised, quoted};
use soar_store::model::name::same_name;
use soar_store::model::{ConnectionId, limits};
use utoipa::ToSchema;

/// The most connections in Connection Info.
const MOST: usize = 10_000;

/// A request for a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SyncRequest {
    /// Whether to sync all connections that are shared with each tenant's site, and to withdraw all others.
    /// `connectionInfo` is then ignored.
    #[serde(default)]
    pub sync_all_shared: bool,
    /// The connections to sync.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    pub connection_info: Vec<ConnectionInfo>,
    /// Whether to sync all tenants. `tenantName` is then ignored, and `tenantRegion` is optional.
    #[serde(default)]
    pub all_tenants: bool,
    /// The tenant's region.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub tenant_region: Option<String>,
    /// The tenant's name.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub tenant_name: Option<String>,
    /// The tenant's site for the connections.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub tenant_site: String,
}

/// A connection of this master, given by its id or by its names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConnectionInfo {
    /// The connection's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub connection_id: Option<ConnectionId>,
    /// The integration's stable name or its product's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub integration_name: Option<String>,
    /// The connection's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub connection_name: Option<String>,
    /// The connection's site, or `Shared to internal sites`. Required only where several connections have the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub site: Option<String>,
}

impl SyncRequest {
    /// Parses the command's parameters.
    ///
    /// # Errors
    /// All problems.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut either = |name: &str, alias: &str| {
            let (one, other) = (parameters.text(name), parameters.text(alias));
            match (one, other) {
                (Some(one), Some(other)) if !same_name(one, other) => {
                    problems.push(format!(
                        "{name} and {alias} are the same parameter and have different values. Give \
                                           one of them."
                    ));
                    None
                }
                (one, other) => one.or(other).map(str::to_owned),
            }
        };
        let tenant_region = either("Tenant Region", "Region");
        let tenant_name = either("Tenant Name", "TenantName");
        let sync_all_shared = parameters.boolean("Sync All Shared") == Some(true);
        let connection_info = match parameters.json("Connection Info") {
            // Ignored, so it is not checked.
            Some(_) if sync_all_shared => Vec::new(),
            Some(Value::Array(items)) => read_infos(items, &mut problems),
            Some(item) => read_infos(std::slice::from_ref(item), &mut problems),
            None => Vec::new(),
        };
        let request = Self {
            sync_all_shared,
            connection_info,
            all_tenants: parameters.boolean("allTenant") == Some(true),
            tenant_region,
            tenant_name,
            tenant_site: parameters.text("Tenant Site").unwrap_or_default().to_owned(),
        };
        if problems.is_empty() {
            problems = request.problems();
        }
        if problems.is_empty() { Ok(request) } else { Err(problems) }
    }

    /// All problems.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let is_given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        if !self.sync_all_shared && self.connection_info.is_empty() {
            problems.push(
                "Nothing to sync: give Sync All Shared as Yes, or name connections in Connection Info. Sync All Shared \
                 as False has no effect."
                    .to_owned(),
            );
        }
        if self.connection_info.len() > MOST {
            problems.push(format!("Connection Info: {MOST} connections at most. Send them in several calls."));
        }
        let nothing = |info: &&ConnectionInfo| info.connection_id.is_none() && !is_given(&info.connection_name);
        if !self.sync_all_shared && self.connection_info.iter().any(|info| nothing(&info)) {
            problems.push(
                "Connection Info: each entry needs a ConnectionId, or an Integration Name and a Connection Name."
                    .to_owned(),
            );
        }
        if !self.all_tenants {
            for (name, given) in [("Tenant Region", &self.tenant_region), ("Tenant Name", &self.tenant_name)] {
                if !is_given(given) {
                    problems.push(format!("{name} is required: expected text."));
                }
            }
        }
        if self.tenant_site.trim().is_empty() {
            problems.push("Tenant Site is required: expected text.".to_owned());
        }
        let infos = self.connection_info.iter().flat_map(|info| {
            [
                ("Integration Name", info.integration_name.as_deref()),
                ("Connection Name", info.connection_name.as_deref()),
                ("Site", info.site.as_deref()),
            ]
        });
        let tenant = [
            ("Tenant Region", self.tenant_region.as_deref()),
            ("Tenant Name", self.tenant_name.as_deref()),
            ("Tenant Site", Some(self.tenant_site.as_str())),
        ];
        problems.extend(tenant.into_iter().chain(infos).filter_map(too_long).take(10));
        problems
    }
}

/// The problem of a name that nothing can have.
pub(super) fn too_long((field, name): (&str, Option<&str>)) -> Option<String> {
    let found = limits::NAME.check(name?).err()?;
    Some(format!("{field}: {found}"))
}

fn read_infos(items: &[Value], problems: &mut Vec<String>) -> Vec<ConnectionInfo> {
    let mut infos = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.as_object().map(read_info) {
            // A connection that occurs twice is synced once.
            Some(Ok(info)) if infos.contains(&info) => {}
            Some(Ok(info)) => infos.push(info),
            Some(Err(problem)) => problems.push(format!("Connection Info, entry {}: {problem}", index + 1)),
            None => problems.push(format!(
                "Connection Info, entry {}: expected an object with ConnectionId, or Integration Name, Connection Name \
                 and Site.",
                index + 1
            )),
        }
        if problems.len() >= 10 {
            break;
        }
    }
    infos
}

fn read_info(fields: &Map<String, Value>) -> Result<ConnectionInfo, String> {
    let mut info = ConnectionInfo::default();
    for (name, value) in fields {
        let text = || match value {
            Value::String(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Value::Null => Ok(None),
            _ => Err(format!("{name}: expected text.")),
        };
        match normalised(name).replace('-', "").as_str() {
            "connectionid" => info.connection_id = number(value)?.map(ConnectionId),
            "integrationname" => info.integration_name = text()?,
            "connectionname" => info.connection_name = text()?,
            "site" => info.site = text()?,
            _ => {
                return Err(format!(
                    "Unknown field {}. Valid: ConnectionId, or Integration Name, Connection Name and Site.",
                    quoted(name)
                ));
            }
        }
    }
    let has_names = info.integration_name.is_some() && info.connection_name.is_some();
    if info.connection_id.is_none() && !has_names {
        return Err("expected ConnectionId, or Integration Name and Connection Name.".to_owned());
    }
    Ok(info)
}

fn number(value: &Value) -> Result<Option<i64>, String> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(Some).ok_or_else(|| "ConnectionId: expected a whole number.".to_owned())
}
