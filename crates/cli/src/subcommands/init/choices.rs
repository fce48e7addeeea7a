//! The properties of a new instance, from flags, prompts and defaults.

use std::net::SocketAddr;

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use soar_connector::name::quoted;

use super::questions;
use crate::connection::secret;
use crate::exit::WrongUse;
use crate::instance::{InstanceSettings, STORE_VARIABLE};
use crate::values::address;

const SITE: &str = "Security Operations";
const ADMINISTRATOR: &str = "Admin";

/// The store's address in the settings, if it is the file in the folder.
const OWN_STORE: &str = "host.db";

#[derive(Debug, Args)]
pub(super) struct InitFlags {
    /// Ask nothing: use the suggested values of missing flags
    #[arg(long, short)]
    yes: bool,

    /// The first site [default: Security Operations]
    #[arg(long, value_name = "NAME")]
    site: Option<String>,

    /// The IANA time zone of the site [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,

    /// The first administrator, who acts at this terminal [default: Admin]
    #[arg(long, value_name = "NAME")]
    administrator: Option<String>,

    /// The address for mail to the administrator
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// The store: an SQLite file, or postgres://user@host/database. An address with a password belongs in the
    /// environment variable FOOTPRINT_STORE [default: host.db in the folder]
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,

    /// The address at which the host listens [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
}

/// The properties of a new instance.
#[derive(Debug)]
pub(super) struct InstanceChoices {
    pub(super) site: String,
    pub(super) time_zone: String,
    pub(super) administrator: String,
    pub(super) email: Option<String>,
    /// The store's address, as the settings have it.
    store: String,
    listen: SocketAddr,
}

impl InstanceChoices {
    /// Prompts for the values of missing flags, unless --yes is given.
    ///
    /// # Errors
    /// [`WrongUse`] for invalid values, and without a terminal to ask at.
    pub(super) fn gather(flags: &InitFlags) -> Result<Self> {
        let asks = !flags.yes;
        let is_open = flags.site.is_none() || flags.time_zone.is_none() || flags.administrator.is_none();
        if asks && is_open && !secret::can_ask() {
            return Err(WrongUse(
                "There is no terminal to ask at.\nGive --yes to use the suggested values, and flags for other \
                 values; `footprint init --help` lists them."
                    .to_owned(),
            )
            .into());
        }
        // If flags give the first three values, no prompt asks for the rest.
        let asks = asks && is_open;
        let environment = std::env::var(STORE_VARIABLE).ok().filter(|address| !address.trim().is_empty());
        let site = match &flags.site {
            Some(site) => site.clone(),
            None if asks => questions::text("Name of the first site", SITE)?,
            None => SITE.to_owned(),
        };
        let time_zone = match &flags.time_zone {
            Some(zone) => known_zone(zone).map_err(WrongUse)?,
            None if asks => questions::checked("Its time zone", &machine_zone(), known_zone)?,
            None => machine_zone(),
        };
        let administrator = match &flags.administrator {
            Some(name) => name.clone(),
            None if asks => questions::text("Name of the first administrator", ADMINISTRATOR)?,
            None => ADMINISTRATOR.to_owned(),
        };
        let store = match (&flags.store, environment) {
            (Some(address), _) if holds_password(address) => {
                return Err(WrongUse(format!(
                    "--store contains a password: other users of this machine can read command lines, and shells keep \
                     them in their history.\nPut the address into the environment variable {STORE_VARIABLE} instead, \
                     or leave --store out: footprint then asks for it."
                ))
                .into());
            }
            (Some(address), _) => absolute(address)?,
            (None, Some(_)) => format!("env:{STORE_VARIABLE}"),
            (None, None) if asks => questions::store()?.unwrap_or_else(|| OWN_STORE.to_owned()),
            (None, None) => OWN_STORE.to_owned(),
        };
        let suggested = InstanceSettings::default_listen();
        let listen = match flags.listen {
            Some(address) => address,
            None if asks => questions::checked("Where the host listens", &suggested.to_string(), |text| {
                text.parse::<SocketAddr>()
                    .map_err(|_| "Expected an address and a port, such as 127.0.0.1:8080.".to_owned())
            })?,
            None => suggested,
        };
        let choices = Self { site, time_zone, administrator, email: flags.email.clone(), store, listen };
        // Before the instance is created: the host would refuse to start with an invalid value.
        InstanceSettings::from_text(&choices.settings_text()).map_err(WrongUse)?;
        Ok(choices)
    }

    /// Whether the store is the file in the folder.
    pub(super) fn keeps_its_own_store(&self) -> bool {
        self.store == OWN_STORE
    }

    pub(super) fn settings(&self) -> Result<InstanceSettings> {
        InstanceSettings::from_text(&self.settings_text()).map_err(|problem| WrongUse(problem).into())
    }

    /// The text of the settings' file.
    pub(super) fn settings_text(&self) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        format!(
            "\
# The settings of this instance of the host, which `footprint init` wrote. A change takes effect when the host is started
# again. Settings that are not here have their defaults.

# The user who acts at the terminal, unless --as names another.
operator = {operator}

# The address at which the host listens. Outside of this machine it needs TLS: give [tls] with certificate and key, or set
# plain-http-behind-proxy = true if a proxy in front of it speaks TLS.
listen = {listen}

# The store: an SQLite file (a path without / is in this folder), postgres://user:password@host/database, or env:NAME, an
# environment variable with such an address. The environment variable {STORE_VARIABLE} overrides this setting.
store = {store}

# Health checks of connections and schedules of commands run on this host. The lines below show the defaults: remove the #
# from the lines that you change, and keep each section's heading.
#
# [schedules]
# run = true                  # false: other hosts on the same store run them
# at-once = 256               # the most checks and commands at once
# gather-seconds = 60         # how long the first alert about a server waits for others, to be one message
# follow-up-minutes = 15      # how long after a message further failures of that server are reported
#
# [retention]
# checks-days = 7             # single health checks
# uptime-days = 31            # counts of passed health checks per hour
# schedule-log-days = 90      # the log of schedules
# alerts-days = 7             # delivered alerts; others are kept until they are delivered
#
# Alerts are not sent until a mail server or a webhook is set. Secrets are not written here. A setting refers to a secret:
# env:NAME for a variable that starts with FOOTPRINT_SECRET_, or file:PATH and command:NAME, as [vault] permits.
#
# [alerts.mail]
# host = \"mail.example.com\"
# security = \"starttls\"       # or tls; plain only to this machine
# user = \"footprint\"
# password = \"env:FOOTPRINT_SECRET_MAIL\"
# from = \"Footprint <footprint@example.com>\"
#
# [alerts.webhooks.operations]
# address = \"https://hooks.example.com/footprint\"
# secret = \"env:FOOTPRINT_SECRET_WEBHOOK\"
",
            operator = text(&self.administrator),
            listen = text(&self.listen.to_string()),
            store = text(&self.store),
        )
    }
}

/// The time zone in the spelling of the time zone database.
fn known_zone(given: &str) -> Result<String, String> {
    let zone = TimeZone::get(given.trim()).ok();
    zone.as_ref().and_then(TimeZone::iana_name).map(str::to_owned).ok_or_else(|| {
        format!("There is no time zone {}. Expected an IANA name, such as America/Vancouver or UTC.", quoted(given))
    })
}

fn machine_zone() -> String {
    let name = TimeZone::system().iana_name().map(str::to_owned);
    // A zone can have several names.
    let name = name.filter(|name| !matches!(name.as_str(), "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu"));
    name.and_then(|name| known_zone(&name).ok()).unwrap_or_else(|| "UTC".to_owned())
}

/// Whether a PostgreSQL address has a password.
fn holds_password(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) else {
        return false;
    };
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    place.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
        || options.split('&').any(|option| option.to_lowercase().starts_with("password="))
}

/// An absolute path, which does not depend on the folder in which the host is started.
fn absolute(address: &str) -> Result<String> {
    if address.contains("://") {
        return Ok(address.to_owned());
    }
    Ok(std::path::absolute(address.strip_prefix("sqlite:").unwrap_or(address))?.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_found_anywhere() {
        for address in ["postgres://a:b@host/db", "postgresql://a:b@c@host/db", "postgres://host/db?Password=b"] {
            assert!(holds_password(address), "{address}");
        }
        for address in ["postgres://a@host:5432/db", "postgres://host/db?sslmode=require", "/srv/a:b@c.db"] {
            assert!(!holds_password(address), "{address}");
        }
    }
}
