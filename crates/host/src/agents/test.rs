//! Tests an agent.

use std::time::Duration;

use reqwest::Url;
use soar_connector::name::quoted;
use soar_store::Records;
use soar_store::model::{Caller, ConnectionId, ConnectionSites};

use super::address::ProxyAddress;
use super::reach::{AgentTested, ProxyLogin, ask};
use super::rights::seen;
use super::service::Agents;
use crate::Refusal;
use crate::connections::{must_be_active, server_of};

/// The server to which a test asks the proxy to connect.
#[derive(Debug, Clone)]
pub enum AgentTarget {
    /// The server of a connection.
    Connection(ConnectionId),
    /// A server, possibly with a port; port 443 unless given.
    Server(String),
}

/// The most bytes of a server's name, which has at most 253 characters, with its port.
const LONGEST_SERVER: usize = 300;

impl Agents {
    /// Asks the agent's proxy for a connection to a server. The host sends nothing over it.
    ///
    /// # Errors
    /// [`Refusal`] when the test could not run.
    pub async fn test(&self, caller: &Caller, agent: &str, target: &AgentTarget) -> Result<AgentTested, Refusal> {
        let (agent, to) = {
            let mut reader = self.connections.store.reader().await?;
            let mut records = reader.records();
            let agent = seen(&mut records, caller, agent).await?;
            (agent, self.target(&mut records, caller, target).await?)
        };
        let address = ProxyAddress::parse(&agent.agent.address).map_err(Refusal::Because)?;
        let secret = self.connections.agent_secret(&agent).await.map_err(Refusal::Unable)?;
        let begun = self.connections.clock.elapsed();
        let login = agent.agent.user_name.as_deref();
        let login = login.map(|user_name| ProxyLogin { user_name, secret: secret.as_ref() });
        let answer = ask(&address, login, &to).await;
        let elapsed = self.connections.clock.elapsed().saturating_sub(begun);
        let (passed, text) = match &answer {
            Ok(None | Some(200..=299)) => (true, format!("The proxy made a connection to {to}.")),
            Ok(Some(407)) => (
                false,
                "The proxy answered 407: it does not accept the login. Correct the agent's user name and secret."
                    .to_owned(),
            ),
            Ok(Some(status)) => (false, format!("The proxy answered {status} and made no connection to {to}.")),
            Err(problem) => (false, problem.clone()),
        };
        let status = answer.ok().flatten();
        Ok(AgentTested { passed, agent: agent.agent.name, to, text, status, elapsed_ms: milliseconds(elapsed) })
    }

    async fn target(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        target: &AgentTarget,
    ) -> Result<String, Refusal> {
        match target {
            AgentTarget::Connection(id) => {
                let connection = self.connections.see_in(records, caller, *id).await?;
                if let ConnectionSites::Site(site) = &connection.place {
                    must_be_active(records, site.id).await?;
                }
                let plugin = self.connections.registry.named(&connection.integration)?;
                server(&server_of(&connection, &*plugin)).ok_or_else(|| {
                    Refusal::Because(format!(
                        "The connection {} has no server address. Name a server with its port.",
                        quoted(&connection.name)
                    ))
                })
            }
            AgentTarget::Server(given) => bare_server(given).ok_or_else(|| {
                Refusal::Because(
                    "Server: expected a name or address, possibly with a port, such as footprint.example.com:443."
                        .to_owned(),
                )
            }),
        }
    }
}

/// The server and port of a text without a scheme.
fn bare_server(given: &str) -> Option<String> {
    if given.len() > LONGEST_SERVER || given.contains(['/', '\\', '?', '#', '@']) {
        return None;
    }
    server(&format!("https://{}", given.trim()))
}

/// The host and port of an address.
fn server(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let (host, port) = (url.host_str().filter(|host| is_bare && !host.is_empty())?, url.port_or_known_default()?);
    Some(format!("{host}:{port}"))
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
