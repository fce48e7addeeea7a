//! A whole connector for Lantern, an invented product that controls the lamps of a building.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::manifest::ManifestFile;
use soar_connector::*;

const CONNECTOR: &str = r#"
id = "lantern"
name = "Lantern"
vendor = "Example Lighting"
category = "Building Control"
description = "Reads the lamps that a Lantern server controls."
health-check = "Test Connection"
replies = { page = { rows = "lamps", number = "at", total-pages = "of", total-rows = "all" }, no-value = ["-"] }
settings = [
  { name = "Address", type = "url", required = true, description = "The server's address.", example = "https://lantern.example.com", environment = "LANTERN_ADDRESS" },
  { name = "Token", type = "text", required = true, secret = true, description = "A token of the server.", example = "t0ken", environment = "LANTERN_TOKEN" },
]
errors = [{ code = "not-permitted", statuses = [401], cause = "The server does not know the token.", cure = "Correct Token." }]
"#;

const TEST_CONNECTION: &str = r#"
name = "Test Connection"
description = "Proves the address and the token."
effect = "read"
permissions = ["Any"]
endpoint = "GET /me"
reply = ["object"]
row-members = ["user"]
columns = [{ name = "User", path = "$.user" }]
"#;

const LIST_DEVICES: &str = r#"
name = "List Devices"
description = "Lists the lamps, a page at a time."
effect = "read"
permissions = ["Any"]
endpoint = "GET /lamps"
reply = ["page-object"]
row-members = ["id"]
inputs = [
  { name = "Room", type = "text", description = "Only the lamps of this room.", example = "Hall" },
  { name = "Page", type = "integer", minimum = 1, description = "The page. The first one unless given.", example = 1 },
]
columns = [{ name = "ID", path = "$.id" }, { name = "Room", path = "$.room" }]
"#;

const COMMANDS: &[CommandEntry<Lantern>] = &[
    CommandEntry { manifest: ManifestFile::new("test-connection.toml", TEST_CONNECTION), handler: &Get("me") },
    CommandEntry { manifest: ManifestFile::new("list-devices.toml", LIST_DEVICES), handler: &Get("lamps") },
];

/// A connection to one Lantern server. `SecretString` keeps the token out of `Debug` output.
#[derive(Debug)]
struct Lantern {
    http: reqwest::Client,
    address: String,
    token: SecretString,
}

/// Does a command by one request for this path.
struct Get(&'static str);

#[async_trait]
impl Handler<Lantern> for Get {
    async fn run(&self, lantern: &Lantern, mut call: HandlerCall<'_>) -> Result<(), Failure> {
        let lost = |error: reqwest::Error| Failure::new("unreachable", sentence(&error.without_url().to_string()));
        let request = lantern.http.get(format!("{}/{}", lantern.address, self.0)).query(call.parameters());
        call.report.receipt.requests += 1;
        let mut reply = request.bearer_auth(lantern.token.expose_secret()).send().await.map_err(lost)?;
        if !reply.status().is_success() {
            return Err(Failure::of_status(reply.status().as_u16(), sentence(&reply.status().to_string())));
        }
        let mut body = Vec::new();
        while let Some(part) = reply.chunk().await.map_err(lost)? {
            body.extend_from_slice(&part);
            if body.len() > 16 << 20 {
                return Err(Failure::new("reply-too-large", "The reply is larger than 16 MiB."));
            }
        }
        call.reply("application/json", body).await
    }
}

/// The plugin that a host registers.
pub fn plugin() -> Result<impl Plugin, ManifestError> {
    let commands = Commands::load(ManifestFile::new("connector.toml", CONNECTOR), COMMANDS)?;
    Ok(Lanterns(Arc::new(commands)))
}

#[derive(Debug)]
struct Lanterns(Arc<Commands<Lantern>>);

impl Plugin for Lanterns {
    fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError> {
        let address = settings.text("Address").unwrap_or_default().trim_end_matches('/').to_owned();
        let token = settings.secret("Token").cloned().unwrap_or_default();
        // A redirection would take the token elsewhere, and only settings decide about proxies.
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| SettingsError::of("Address", sentence(&error.to_string())))?;
        Ok(self.0.connect(Lantern { http, address, token }, Duration::from_secs(60)))
    }
}

/// Lists the commands.
fn main() -> Result<(), ManifestError> {
    plugin()?.manifest().commands.iter().for_each(|command| println!("{}: {}", command.name, command.description));
    Ok(())
}
