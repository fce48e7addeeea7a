//! The settings of the OpenID Connect provider: the part `[sign-in.openid]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use soar_store::model::{Reference, Role};
use url::Url;

/// The settings of the OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OpenIdSettings {
    /// The issuer, such as `https://login.example.com/realms/soc`. The host reads the provider's addresses and keys from
    /// `/.well-known/openid-configuration` below it.
    pub issuer: String,
    /// The client id of this host at the provider.
    pub client_id: String,
    /// The reference to the client secret, such as `env:FOOTPRINT_SECRET_OPENID`. None for a public client.
    #[serde(default)]
    pub client_secret: Option<Reference>,
    /// The scopes beside `openid`. `profile` unless given.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim with the user's name. `preferred_username` unless given.
    #[serde(default = "name_claim")]
    pub name_claim: String,
    /// The claim with the list of groups. `groups` unless given.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Whether a user is made at the first sign-in of somebody whom a group gives a role. No unless given.
    #[serde(default)]
    pub create_users: bool,
    /// Whether the first sign-in of somebody with the name of an existing user becomes this user. Only for a provider
    /// whose users cannot choose their names. No unless given.
    #[serde(default)]
    pub link_users: bool,
    /// A PEM file with a further certificate authority for the provider's certificate.
    #[serde(default)]
    pub certificate_authority: Option<PathBuf>,
    /// The roles that groups give. Each sign-in sets the user's roles on the sites named here. None unless given: roles
    /// then stay as they are.
    #[serde(default)]
    pub groups: Vec<GroupMapping>,
}

/// What a group gives its members: a role on a site, or the rights of an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GroupMapping {
    /// The group, exactly as the provider writes it.
    pub group: String,
    /// The site of the role.
    #[serde(default)]
    pub site: Option<String>,
    /// The role.
    #[serde(default)]
    pub role: Option<Role>,
    /// Whether members are administrators.
    #[serde(default)]
    pub administrator: bool,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

fn name_claim() -> String {
    "preferred_username".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

impl OpenIdSettings {
    /// The first invalid setting, if there is one.
    pub(super) fn problem(&self) -> Option<String> {
        if !is_safe(&self.issuer) || self.issuer.contains(['?', '#']) {
            return Some(
                "sign-in.openid.issuer: expected https://…, or http:// to this machine, without question mark and \
                 fragment."
                    .to_owned(),
            );
        }
        if self.client_id.trim().is_empty() || self.name_claim.is_empty() || self.groups_claim.is_empty() {
            return Some("sign-in.openid: expected a client-id, a name-claim and a groups-claim.".to_owned());
        }
        let is_scope = |scope: &String| !scope.is_empty() && scope.chars().all(|c| c.is_ascii_graphic());
        if !self.scopes.iter().all(is_scope) {
            return Some("sign-in.openid.scopes: expected names without blanks.".to_owned());
        }
        let is_mapping = |mapping: &GroupMapping| {
            mapping.site.is_some() == mapping.role.is_some() && (mapping.site.is_some() || mapping.administrator)
        };
        if let Some(wrong) = self.groups.iter().find(|mapping| !is_mapping(mapping)) {
            return Some(format!(
                "sign-in.openid.groups: expected site and role, or administrator = true, for the group {}.",
                soar_connector::name::quoted(&wrong.group)
            ));
        }
        if self.create_users && self.groups.is_empty() {
            return Some(
                "sign-in.openid.create-users: expected [[sign-in.openid.groups]] with it, since a user is made only if a \
                 group gives it a role."
                    .to_owned(),
            );
        }
        None
    }
}

/// Whether nobody on the network can read or change what is sent to the address.
pub(crate) fn is_safe(address: &str) -> bool {
    let Ok(url) = address.parse::<Url>() else { return false };
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_plain = url.username().is_empty() && url.password().is_none();
    is_plain && (url.scheme() == "https" && url.has_host() || url.scheme() == "http" && is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<OpenIdSettings, String> {
        let settings: OpenIdSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.problem().map_or(Ok(settings), Err)
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        let good = "issuer = 'https://login.example.com'\nclient-id = 'soar'\n";
        let read = settings(good).unwrap();
        assert_eq!(
            (read.name_claim.as_str(), read.create_users, read.link_users),
            ("preferred_username", false, false)
        );
        for (text, expected) in [
            ("issuer = 'http://login.example.com'\nclient-id = 'soar'", "issuer"),
            ("issuer = 'https://user:pw@login.example.com'\nclient-id = 'soar'", "issuer"),
            ("issuer = 'https://login.example.com?x'\nclient-id = 'soar'", "issuer"),
            ("issuer = 'login'\nclient-id = 'soar'", "issuer"),
            ("issuer = 'https://login.example.com'\nclient-id = ' '", "client-id"),
            (&format!("{good}client-secret = 'hunter2'"), "expected env:NAME"),
            (&format!("{good}scopes = ['a b']"), "scopes"),
            (&format!("{good}create-users = true"), "create-users"),
            (&format!("{good}[[groups]]\ngroup = 'g'\nsite = 'S'"), "site and role"),
            (&format!("{good}[[groups]]\ngroup = 'g'"), "administrator = true"),
        ] {
            let refused = settings(text).unwrap_err();
            assert!(refused.contains(expected) && !refused.contains("hunter2\""), "{text}: {refused}");
        }
    }

    #[test]
    fn only_addresses_that_nobody_on_the_network_reads_are_safe() {
        for address in ["https://a.example", "http://localhost:1", "http://127.0.0.2", "http://[::1]:8080/x"] {
            assert!(is_safe(address), "{address}");
        }
        for address in ["http://a.example", "http://localhost.example", "ftp://localhost", "https://", "x", ""] {
            assert!(!is_safe(address), "{address}");
        }
    }
}
