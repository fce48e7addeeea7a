//! `/mcp`: the connectors' commands as tools of the Model Context Protocol, over streamable HTTP without sessions.
//!
//! A message passes the same gate as a call of the Command API. A tool then runs its command as the Command API does.

mod backend;
mod endpoint;
mod message;
mod reading;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::any;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use soar_mcp::{McpServer, Tools, Writes};

use self::backend::HostBackend;
use crate::Server;

/// The server of the protocol.
type Service = StreamableHttpService<McpServer<HostBackend>, NeverSessionManager>;

/// The route of `/mcp`; no route for a host without connectors.
pub(super) fn routes(base: &str, host: &Arc<Server>) -> Router<Arc<Server>> {
    let Some(executor) = &host.executor else { return Router::new() };
    let writes = if host.settings.mcp.writes { Writes::On } else { Writes::Off };
    let plugins = executor.registry().plugins();
    let manifests: Vec<_> = plugins.iter().map(|plugin| Arc::new(plugin.manifest().clone())).collect();
    let tools = match Tools::new(&manifests, writes) {
        Ok(tools) => tools,
        Err(error) => {
            tracing::error!(%error, "/mcp is not served");
            return Router::new();
        }
    };
    let server = McpServer::new("soar-host", Arc::new(HostBackend::new(Arc::clone(&host.host))), tools);
    let settings = &host.settings;
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(settings.body_bytes)
        .with_allowed_hosts(settings.mcp.hosts())
        .with_allowed_origins(settings.mcp.allowed_origins.clone())
        .enforce_origin_validation();
    let service = Service::new(move || Ok(server.clone()), Arc::default(), config);
    let answer =
        move |State(host): State<Arc<Server>>, request: Request| endpoint::answer(host, service.clone(), request);
    Router::new().route(&format!("{base}/mcp"), any(answer))
}
