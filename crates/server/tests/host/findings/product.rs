//! A product in memory with tenants, devices and findings, whose data and faults a test changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    Conclusion, Connector, ExecutionContext, Failure, Invocation, Manifest, Plugin, Receipt, ReplyPage, SettingValues,
    SettingsError, Sink,
};

const CONNECTOR: &str = r#"
id = "lister"
name = "Lister"
vendor = "Nobody"
category = "Test"
description = "A product in memory."
health-check = "List Tenants"
settings = []

[findings]
command = "List Findings"
tenant = "Tenant"
known-devices = "Known Devices"
key = ["$.cve", "$.software"]
device = { id = "$.device.id", name = "$.device.name", address = "$.device.ip" }
state = { path = "$.state", open = ["open"], fixed = ["fixed"], reopened = ["reopen"], suppressed = ["accepted"] }
members = { id = "$.id", cve = "$.cve", cwe = "$.weakness", title = "$.title", description = "$.text", cvss = "$.cvss", exploit = "$.exploit", software = "$.software" }

[findings.tenants]
command = "List Tenants"
id = "$.id"
name = "$.name"

[findings.devices]
command = "List Devices"
id = "$.id"
decommissioned = { path = "$.life", values = ["decommissioned"] }
out-of-scope = { path = "$.life", values = ["out of scope"] }
"#;

const FINDINGS: &str = r#"
name = "List Findings"
description = "Reads."
effect = "read"
permissions = ["Anyone"]
endpoint = "GET /findings/"
reply = ["array"]
inputs = [
  { name = "Tenant", type = "text", required = true, description = "Which.", example = "1" },
  { name = "Known Devices", type = "list", description = "Which.", example = ["1"] },
]
"#;

const TENANTS: &str = r#"
name = "List Tenants"
description = "Reads."
effect = "read"
permissions = ["Anyone"]
endpoint = "GET /tenants/"
reply = ["array"]
"#;

const DEVICES: &str = r#"
name = "List Devices"
description = "Reads."
effect = "read"
permissions = ["Anyone"]
endpoint = "GET /devices/"
reply = ["array"]
inputs = [{ name = "Tenant", type = "text", required = true, description = "Which.", example = "1" }]
"#;

/// A fault of the product while a tenant is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ProductFault {
    /// The command fails after this many rows.
    FailsAfter(usize),
    /// The receipt says that something is missing after this many rows.
    CutAfter(usize),
    /// A row without a device is among the rows.
    NamelessRow,
    /// The connector panics.
    Panics,
    /// The product deletes the tenant after this many rows, and the command fails.
    TenantGoesAfter(usize),
    /// The product deletes this device while the list is read, and the receipt says that its findings are missing.
    DeviceGoes(u64),
    /// The receipt says that the findings of this device are missing. The product still has it.
    WithoutDevice(u64),
    /// The list of devices fails.
    NoDeviceList,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProductDevice {
    pub name: String,
    pub ip: String,
    /// Empty for a device in use.
    pub life: String,
    /// By CVE: the state, and the CVSS score.
    pub findings: BTreeMap<String, (String, f64)>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TenantData {
    pub devices: BTreeMap<u64, ProductDevice>,
    pub fault: Option<ProductFault>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Data {
    pub tenants: BTreeMap<String, TenantData>,
    /// The title of each finding.
    pub title: String,
    /// The weakness of each finding.
    pub weakness: String,
    /// Added to the ids of findings, which the product changes at will.
    pub first_id: u64,
    /// Whether rows come in the reverse order, and twice.
    pub shifted: bool,
    /// The tenants in the order in which they were read.
    pub read: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Lister {
    manifest: Arc<Manifest>,
    pub data: Arc<Mutex<Data>>,
}

impl Lister {
    pub fn new() -> Self {
        Self::keyed(r#"["$.cve", "$.software"]"#)
    }

    /// A product whose findings are known by these members.
    pub fn keyed(key: &str) -> Self {
        let connector = CONNECTOR.replace(r#"["$.cve", "$.software"]"#, key);
        let file = |name, text| ManifestFile { name, text };
        let commands = [file("findings", FINDINGS), file("tenants", TENANTS), file("devices", DEVICES)];
        let manifest = Manifest::load(file("connector", &connector), &commands).unwrap();
        Self { manifest: Arc::new(manifest), data: Arc::default() }
    }

    pub fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap()
    }

    /// Sets the state of a finding, which is made if it is missing.
    pub fn set(&self, tenant: &str, device: u64, cve: &str, state: &str, cvss: f64) {
        let mut data = self.data();
        let known =
            data.tenants.entry(tenant.to_owned()).or_default().devices.entry(device).or_insert_with(|| ProductDevice {
                name: format!("device-{device}"),
                ip: format!("10.0.0.{device}"),
                ..ProductDevice::default()
            });
        known.findings.insert(cve.to_owned(), (state.to_owned(), cvss));
    }

    pub fn fault(&self, tenant: &str, fault: Option<ProductFault>) {
        self.data().tenants.get_mut(tenant).unwrap().fault = fault;
    }

    fn rows(&self, tenant: &str) -> (Vec<Value>, Option<ProductFault>) {
        let mut data = self.data();
        data.read.push(tenant.to_owned());
        let (mut id, shifted, title) = (data.first_id, data.shifted, data.title.clone());
        let weakness = data.weakness.clone();
        let Some(of_tenant) = data.tenants.get_mut(tenant) else {
            return (Vec::new(), Some(ProductFault::FailsAfter(0)));
        };
        if let Some(ProductFault::DeviceGoes(device)) = of_tenant.fault {
            of_tenant.devices.remove(&device);
        }
        let mut rows = Vec::new();
        for (device_id, device) in &of_tenant.devices {
            if of_tenant.fault == Some(ProductFault::WithoutDevice(*device_id)) {
                continue;
            }
            for (cve, (state, cvss)) in &device.findings {
                id += 1;
                rows.push(json!({
                    "id": id, "cve": cve, "state": state, "cvss": cvss, "software": "nginx", "title": title,
                    "text": format!("About {cve}"), "weakness": weakness,
                    "device": { "id": device_id, "name": device.name, "ip": device.ip },
                }));
            }
        }
        if shifted {
            rows.reverse();
            rows = [rows.clone(), rows].concat();
        }
        (rows, of_tenant.fault.clone())
    }
}

impl Plugin for Lister {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn build(&self, _: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Connector for Lister {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn execute_into(&self, invocation: &Invocation, _: &ExecutionContext, sink: &mut dyn Sink) -> Conclusion {
        let tenant = invocation.parameters().text("Tenant").unwrap_or_default().to_owned();
        let mut receipt = Receipt { requests: 1, ..Receipt::default() };
        let (rows, fault) = match invocation.command().name.as_str() {
            "List Findings" => self.rows(&tenant),
            "List Tenants" => {
                let tenants = self.data().tenants.keys().cloned().collect::<Vec<_>>();
                (tenants.iter().map(|id| json!({ "id": id, "name": format!("Tenant {id}") })).collect(), None)
            }
            _ => {
                let data = self.data();
                let devices = data.tenants.get(&tenant).map(|data| data.devices.clone()).unwrap_or_default();
                let fault = data.tenants.get(&tenant).and_then(|data| data.fault.clone());
                let fault =
                    fault.filter(|fault| *fault == ProductFault::NoDeviceList).map(|_| ProductFault::FailsAfter(0));
                (devices.iter().map(|(id, device)| json!({ "id": id, "life": device.life })).collect(), fault)
            }
        };
        let mut failure = None;
        let most = match fault {
            Some(ProductFault::FailsAfter(most)) => {
                failure = Some(Failure::new("timed-out", "The server did not answer."));
                most
            }
            Some(ProductFault::CutAfter(most)) => {
                receipt.missing = Some("a page came with fewer rows than it should have".to_owned());
                most
            }
            Some(ProductFault::TenantGoesAfter(most)) => {
                self.data().tenants.remove(&tenant);
                failure = Some(Failure::new("not-permitted", "The user may not see this tenant."));
                most
            }
            Some(ProductFault::DeviceGoes(_) | ProductFault::WithoutDevice(_)) => {
                receipt.missing = Some("the server no longer had a device".to_owned());
                usize::MAX
            }
            Some(ProductFault::Panics) => panic!("a defect of the connector"),
            Some(ProductFault::NamelessRow | ProductFault::NoDeviceList) | None => usize::MAX,
        };
        let mut rows: Vec<_> = rows.into_iter().take(most).collect();
        if fault == Some(ProductFault::NamelessRow) {
            rows.push(json!({ "cve": "CVE-2020-1" }));
        }
        for page in rows.chunks(3) {
            if sink.page(ReplyPage::derived(page)).await.is_err() {
                failure = Some(Failure::new("timed-out", "The sink takes no more."));
                break;
            }
        }
        let error = failure.map(|failure| self.manifest.error_tab(Some(invocation.command()), failure));
        Conclusion { error, receipt, warnings: Vec::new() }
    }
}
