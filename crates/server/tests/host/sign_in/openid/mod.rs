//! Signing in by OpenID Connect: an honest provider, a hostile one, and the users that come of it.

mod accounts;
mod doctor;
mod fake;
mod hostile;
mod oidc_provider;

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::settings::{HostSettings, OpenIdSettings};
use soar_host::sign_in::{NewConsoleSession, OPENID_PATH, OpenIdReturn, OpenIdStart, SignIn, SignInError};
use soar_host::vault::{Vault, VaultSettings};
use url::Url;

use super::{HOME, SignInStage, browser};

/// The address under which browsers reach the host.
const PUBLIC: &str = "https://soar.example.com";

/// A client secret with characters that are encoded.
const SECRET: &str = "a secret: with / signs";

/// Settings with a mapping of three groups.
fn settings(issuer: &str) -> OpenIdSettings {
    toml::from_str(&format!(
        "issuer = '{issuer}'
         client-id = 'soar'
         client-secret = 'env:FOOTPRINT_SECRET_OPENID'
         create-users = true
         [[groups]]
         group = 'soc-analysts'
         site = 'Security Operations'
         role = 'Analyst'
         [[groups]]
         group = 'soc-managers'
         site = 'Security Operations'
         role = 'Manager'
         [[groups]]
         group = 'platform'
         administrator = true"
    ))
    .unwrap()
}

/// Another host on the store of the stage, with a provider.
async fn host(stage: &SignInStage, openid: OpenIdSettings) -> Arc<Host> {
    host_with(stage, openid, stage.clock.clone()).await
}

/// The same with a clock of its own.
async fn host_with(stage: &SignInStage, openid: OpenIdSettings, clock: ManualClock) -> Arc<Host> {
    let registry = Arc::new(PluginRegistry::new(Vec::new(), &[]).unwrap());
    let vault = Vault::with_environment(VaultSettings::default(), |_| Some(SECRET.into()));
    let (store, clock) = (stage.test.store.clone(), Arc::new(clock));
    let connections = Connections::new(store, registry, stage.keyring.clone(), vault, clock);
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let mut settings = HostSettings::default();
    settings.sign_in.public_address = Some(PUBLIC.to_owned());
    settings.sign_in.openid = Some(openid);
    settings.check().unwrap();
    Host::with_connectors(settings, executor).unwrap()
}

/// The query parameter of this name.
fn parameter(address: &str, name: &str) -> Option<String> {
    let address: Url = address.parse().unwrap();
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The return of the browser that began `start`, with the code.
fn returned(start: &OpenIdStart, code: &str) -> OpenIdReturn {
    OpenIdReturn {
        flow: Some(start.flow.clone()),
        state: parameter(&start.address, "state"),
        code: Some(code.into()),
        error: None,
        issuer: None,
        browser: browser(HOME),
    }
}
