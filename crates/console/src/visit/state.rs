//! The state that all pages share.

use std::sync::Arc;

use soar_server::{PAGES, Server};

use crate::assets::AssetAddresses;

/// The state that all pages share.
#[derive(Debug)]
pub(crate) struct ConsoleState {
    pub(crate) server: Arc<Server>,
    /// The address of the console with the base path, such as `/MainApp/console`. Both a proxy that removes the base
    /// path and a direct call reach the pages under it.
    pub(crate) base: String,
    pub(crate) assets: AssetAddresses,
    /// Whether browsers reach the host over TLS, as the settings say. Otherwise a form's `Origin` says so.
    pub(crate) is_secure: bool,
}

impl ConsoleState {
    pub(crate) fn new(server: &Arc<Server>) -> Arc<Self> {
        let base = format!("{}{PAGES}", server.settings.base_path);
        let settings = &server.settings;
        let public = settings.sign_in.public_address.as_deref().unwrap_or_default();
        let is_secure = settings.tls.is_some() || public.starts_with("https://");
        Arc::new(Self { is_secure, server: Arc::clone(server), assets: AssetAddresses::below(&base), base })
    }
}
