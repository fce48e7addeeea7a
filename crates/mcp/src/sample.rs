//! A small manifest for the tests of this crate.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use soar_connector::Manifest;
use soar_connector::manifest::ManifestFile;

use crate::arguments::Arguments;

const CONNECTOR: &str = r#"
id = "lantern"
name = "Lantern"
vendor = "Example Lighting"
category = "Building Control"
description = "Reads and switches lamps."
health-check = "List Lamps"
tenant-input = "House"
replies = { page = { rows = "lamps", total-pages = "of", total-rows = "all" } }
settings = [
  { name = "Address", type = "url", required = true, description = "The server.", example = "https://lantern.example.com", environment = "LANTERN_ADDRESS" },
]
shared-inputs = [{ name = "House", type = "integer", description = "The house.", example = 1 }]
errors = []
"#;

const LIST: &str = r#"
name = "List Lamps"
description = "Lists lamps."
effect = "read"
permissions = ["Any"]
endpoint = "GET /lamps"
reply = ["page-object"]
row-members = ["id"]
takes = ["House"]
inputs = [
  { name = "Room", type = "text", description = "The room.", example = "Hall" },
  { name = "Page", type = "integer", minimum = 1, description = "The page.", example = 1 },
]
columns = [{ name = "ID", path = "$.id" }]
"#;

const SWITCH: &str = r#"
name = "Switch Lamp"
description = "Switches a lamp."
effect = "write"
permissions = ["Any"]
endpoint = "POST /lamps"
reply = ["object"]
row-members = ["id"]
takes = ["House"]
inputs = [{ name = "INPUT", type = "text", required = true, description = "The lamp.", example = "7" }]
columns = [{ name = "ID", path = "$.id" }]
"#;

/// The manifest. The writing command's own input has this name.
pub(crate) fn manifest(input: &str) -> Arc<Manifest> {
    let switch = SWITCH.replace("INPUT", input);
    let commands = [ManifestFile::new("list.toml", LIST), ManifestFile::new("switch.toml", &switch)];
    Arc::new(Manifest::load(ManifestFile::new("connector.toml", CONNECTOR), &commands).unwrap())
}

/// The arguments of a call of the command in this position, on one place, with `more`.
pub(crate) fn arguments(command: usize, more: &Value) -> Arguments {
    let mut given: Map<String, Value> =
        json!({"connection": "Main", "site": "Acme", "tenant": 1}).as_object().unwrap().clone();
    given.extend(more.as_object().unwrap().clone());
    Arguments::read(&manifest("Lamp").commands[command], Some("House"), given).unwrap()
}
