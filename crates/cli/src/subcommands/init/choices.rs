//! What an instance is to be: from flags, questions and defaults.

use std::net::SocketAddr;

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use soar_connector::name::quoted;

use super::questions;
use crate::connection::secret;
use crate::exit::WrongUse;
use crate::instance::{STORE_VARIABLE, Settings};

const SITE: &str = "Security Operations";
const ADMINISTRATOR: &str = "Admin";

/// How the settings name the store that is a file in the folder.
const OWN_STORE: &str = "host.db";

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Ask nothing: what no flag says is as it is suggested
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

    /// Where mail to the administrator goes
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Where everything is kept: an SQLite file, or postgres://user@host/database; an address with a password belongs
    /// in the environment variable FOOTPRINT_STORE [default: host.db in the folder]
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,

    /// Where the host will listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// What an instance is to be.
#[derive(Debug)]
pub(super) struct Choices {
    pub(super) site: String,
    pub(super) time_zone: String,
    pub(super) administrator: String,
    pub(super) email: Option<String>,
    /// As the settings will say it.
    store: String,
    listen: SocketAddr,
}

impl Choices {
    /// Asks for what the flags leave open, unless they say not to.
    ///
    /// # Errors
    /// [`WrongUse`] for what cannot be, and when nobody is there to be asked.
    pub(super) fn gather(flags: &Flags) -> Result<Self> {
        let asks = !flags.yes;
        let is_open = flags.site.is_none() || flags.time_zone.is_none() || flags.administrator.is_none();
        if asks && is_open && !secret::can_ask() {
            return Err(WrongUse(
                "There is no terminal to ask at.\nGive --yes to take what is suggested, beside the flags that say \
                 otherwise; `footprint init --help` lists them."
                    .to_owned(),
            )
            .into());
        }
        // With a flag for every one of the first three, nobody meant to be asked for the rest.
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
                    "--store holds a password: other users of this machine can read command lines, and shells keep \
                     them in their history.\nPut the address into the environment variable {STORE_VARIABLE} instead, \
                     or leave it out and be asked for it."
                ))
                .into());
            }
            (Some(address), _) => absolute(address)?,
            (None, Some(_)) => format!("env:{STORE_VARIABLE}"),
            (None, None) if asks => questions::store()?.unwrap_or_else(|| OWN_STORE.to_owned()),
            (None, None) => OWN_STORE.to_owned(),
        };
        let suggested = Settings::default_listen();
        let listen = match flags.listen {
            Some(address) => address,
            None if asks => questions::checked("Where the host listens", &suggested.to_string(), |text| {
                text.parse::<SocketAddr>()
                    .map_err(|_| "Expected an address and a port, such as 127.0.0.1:8080.".to_owned())
            })?,
            None => suggested,
        };
        let choices = Self { site, time_zone, administrator, email: flags.email.clone(), store, listen };
        // Before anything is made: the host would not start with what it refuses.
        Settings::from_text(&choices.settings_text()).map_err(WrongUse)?;
        Ok(choices)
    }

    /// Whether the store is the file in the folder.
    pub(super) fn keeps_its_own_store(&self) -> bool {
        self.store == OWN_STORE
    }

    pub(super) fn settings(&self) -> Result<Settings> {
        Settings::from_text(&self.settings_text()).map_err(|problem| WrongUse(problem).into())
    }

    /// The settings' file.
    pub(super) fn settings_text(&self) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        format!(
            "\
# The settings of this instance of the host, as `footprint init` made them. A change counts when the host is started
# again. What is not said here is as the host suggests it.

# Who acts at the terminal unless --as names another user.
operator = {operator}

# Where the host listens. Beyond this machine it wants TLS: give [tls] with certificate and key, or set
# plain-http-behind-proxy = true when a proxy speaks TLS for it.
listen = {listen}

# Where everything is kept: an SQLite file (a path without / is in this folder), postgres://user:password@host/database,
# or env:NAME, an environment variable that says so. The environment variable {STORE_VARIABLE} comes before this.
store = {store}

# Health checks of connections and schedules of commands run on this host. What follows is what it does unless told
# otherwise: take the # away from the lines to change, and keep each section's heading.
#
# [schedules]
# run = true                  # false: other hosts on the same store run them
# at-once = 256               # how many checks and commands go on at once
# gather-seconds = 60         # the first alert about a server waits so long for others: they make one message
# follow-up-minutes = 15      # further failures of that server are told so long after
#
# [retention]
# checks-days = 7             # each single health check
# uptime-days = 31            # how many of them passed, by the hour
# schedule-log-days = 90      # the log of schedules
# alerts-days = 7             # alerts that arrived; others are kept until they do
#
# Alerts go nowhere until their way is named. No secret stands here, only where it lives: env:NAME for a variable that
# starts with FOOTPRINT_SECRET_, or file:PATH and command:NAME, as [vault] allows.
#
# [alerts.mail]
# host = \"mail.example.com\"
# security = \"starttls\"       # or tls; plain only to this machine itself
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

/// The time zone as the time zone database spells it.
fn known_zone(given: &str) -> Result<String, String> {
    let zone = TimeZone::get(given.trim()).ok();
    zone.as_ref().and_then(TimeZone::iana_name).map(str::to_owned).ok_or_else(|| {
        format!("There is no time zone {}. Expected an IANA name, such as America/Vancouver or UTC.", quoted(given))
    })
}

fn machine_zone() -> String {
    let name = TimeZone::system().iana_name().map(str::to_owned);
    // One zone of many names.
    let name = name.filter(|name| !matches!(name.as_str(), "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu"));
    name.and_then(|name| known_zone(&name).ok()).unwrap_or_else(|| "UTC".to_owned())
}

/// Whether an address of PostgreSQL holds a password.
fn holds_password(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) else {
        return false;
    };
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    place.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
        || options.split('&').any(|option| option.to_lowercase().starts_with("password="))
}

/// Paths mean the same wherever the host is started.
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
    fn a_password_in_an_address_is_seen_wherever_it_stands() {
        for address in ["postgres://a:b@host/db", "postgresql://a:b@c@host/db", "postgres://host/db?Password=b"] {
            assert!(holds_password(address), "{address}");
        }
        for address in ["postgres://a@host:5432/db", "postgres://host/db?sslmode=require", "/srv/a:b@c.db"] {
            assert!(!holds_password(address), "{address}");
        }
    }
}
