//! `footprint key`: what callers of the host show to be let in.

mod add;
mod list;
mod revoke;

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use soar_store::model::{AccessKey, Allowed, KeyKind, KeyState, Moment, SiteId, UserId};
use soar_store::{Records, StoreError};

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, Printer, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint key list
  footprint key add playbooks --owner alice --site \"Security Operations\" --expires 90d
  footprint key add portal --jwt --user alice --user bob
  footprint key revoke playbooks";

/// See and manage keys, which callers of the host show to be let in
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Add(add::Arguments),
    Revoke(revoke::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Revoke(arguments) => revoke::run(arguments, &session, printer).await,
        }
    })
}

/// A key with the names of what it is limited to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    name: String,
    kind: KeyKind,
    owner: String,
    users: Vec<String>,
    /// None for every site.
    sites: Option<Vec<String>>,
    /// None for every command.
    commands: Option<Vec<String>>,
    may_manage: bool,
    requires_expiry: bool,
    state: KeyState,
    created_at: Moment,
    expires_at: Option<Moment>,
    revoked_at: Option<Moment>,
    last_used_at: Option<Moment>,
}

impl ListRow for Shown {
    const HEADINGS: &[&str] =
        &["Key", "Kind", "State", "Owner", "Sites", "Commands", "Manages", "Expires", "Last Used", "Other Users"];

    fn cells(&self) -> Vec<String> {
        let all_or = |names: &Option<Vec<String>>| match names {
            None => "all".to_owned(),
            Some(names) if names.is_empty() => "none".to_owned(),
            Some(names) => names.join(", "),
        };
        vec![
            self.name.clone(),
            self.kind.to_string(),
            state(self.state).to_owned(),
            self.owner.clone(),
            all_or(&self.sites),
            all_or(&self.commands),
            if self.may_manage { "yes" } else { "no" }.to_owned(),
            moment_if_any(self.expires_at),
            moment_if_any(self.last_used_at),
            self.users.join(", "),
        ]
    }
}

fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Expired => "expired",
        KeyState::Revoked => "revoked",
    }
}

/// Names of sites and users by their numbers.
struct Names {
    sites: BTreeMap<SiteId, String>,
    users: BTreeMap<UserId, String>,
}

impl Names {
    async fn read(records: &mut Records<'_>) -> Result<Self, StoreError> {
        let sites = records.sites().await?.into_iter().map(|site| (site.id, site.name)).collect();
        let users = records.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
        Ok(Self { sites, users })
    }

    fn shown(&self, key: AccessKey, now: Moment) -> Shown {
        Shown {
            state: key.state(now),
            owner: self.users.get(&key.owner).cloned().unwrap_or_default(),
            users: key.users.iter().filter_map(|id| self.users.get(id).cloned()).collect(),
            sites: match &key.sites {
                Allowed::All => None,
                Allowed::Only(ids) => Some(ids.iter().filter_map(|id| self.sites.get(id).cloned()).collect()),
            },
            commands: match key.commands {
                Allowed::All => None,
                Allowed::Only(commands) => Some(commands),
            },
            name: key.name,
            kind: key.kind,
            may_manage: key.may_manage,
            requires_expiry: key.requires_expiry,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}
