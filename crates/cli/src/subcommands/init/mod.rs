//! `footprint init`: creates a complete instance: folder, store, sealing key, site, administrator, API key.

mod choices;
mod questions;
mod resume;

use std::fs::OpenOptions;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde::Serialize;
use soar_connector::name::quoted;
use soar_connector::{Clock, ExecutionContext, SystemClock};
use soar_host::access::{IssuedKey, KeyRequest, issue_key};
use soar_host::sealing::Keyring;
use soar_store::model::{Allowed, AuditEntry, KeyKind, Moment, Role, SiteKind, Surface};
use soar_store::{NewSite, NewUser, Records, Store, StoreError};

use self::choices::{Choices, Flags};
use super::run::single_threaded_runtime;
use crate::exit::{Exit, WrongUse};
use crate::instance::{Folder, FolderFlag, Settings, advised};
use crate::printer::{Form, Printer};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint init
  footprint init --yes
  footprint init --instance /srv/footprint --site \"Security Operations\" --time-zone America/Vancouver --yes
  FOOTPRINT_STORE=\"$(cat store.address)\" footprint init --yes

At a terminal, it asks for the values of missing flags.";

/// The time span of all incidents, which the command requires.
const PERIOD: &str = r#"{"Start Time": "2000-01-01 00:00:00", "End Time": "2099-12-31 00:00:00"}"#;

/// The name of the instance's first key.
const FIRST_KEY: &str = "init";

/// Create an instance of the host, ready to serve: folder, store, site, administrator, API key
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: Flags,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,

    #[command(flatten)]
    instance: FolderFlag,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    let folder = Folder::at(&arguments.instance.folder);
    let shown = folder.path().display();
    if folder.settings_file().exists() {
        return Err(WrongUse(format!(
            "The folder {shown} contains an instance already.\nStart it with `footprint serve{}`, or create another one \
             with --instance FOLDER.",
            folder.flag()
        ))
        .into());
    }
    single_threaded_runtime()?.block_on(async {
        let made = match resume::begun(&folder).await? {
            Some(begun) => begun,
            None => {
                let choices = Choices::gather(&arguments.flags)?;
                make(&folder, &choices).await?
            }
        };
        match arguments.output {
            Form::Json => printer.json(&made)?,
            Form::Table => introduce(&made, &folder, printer)?,
        }
        Ok(Exit::Successful)
    })
}

/// An instance that was just created.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    folder: String,
    site: String,
    administrator: String,
    /// The host's address.
    url: String,
    /// The address of a command, up to its name.
    commands: String,
    key_name: String,
    key: String,
}

async fn make(folder: &Folder, choices: &Choices) -> Result<Made> {
    folder.make()?;
    let settings = choices.settings()?;
    let seal = seal(folder, &settings)?;
    if choices.keeps_its_own_store() {
        make_store_file(folder)?;
    }
    let store = Store::open(&settings.store_address(folder)?).await.map_err(advised)?;
    if !is_empty(&mut store.reader().await.map_err(advised)?.records()).await.map_err(advised)? {
        return Err(occupied());
    }
    // The folder is durable before the store is filled, so that content of the store found later belongs to this
    // folder.
    folder.write(&folder.draft_file(), &choices.settings_text())?;
    let mut transaction = store.transaction().await.map_err(advised)?;
    let mut records = transaction.records();
    // Another process may have started at the same time.
    if !is_empty(&mut records).await.map_err(advised)? {
        return Err(occupied());
    }
    let key = fill(&mut records, choices, &seal).await.map_err(advised)?;
    transaction.commit().await.map_err(advised)?;
    store.close().await;
    folder.finish()?;
    Ok(Made::of(folder, &settings, &choices.site, &choices.administrator, &key))
}

/// The keys that seal secrets, from the environment or the folder. If there are none, they are created in the folder.
fn seal(folder: &Folder, settings: &Settings) -> Result<Keyring> {
    let file = folder.sealing_key_file();
    if Settings::keys_are_in_environment() {
        return settings.keyring(folder);
    }
    let keyring = if file.exists() { Keyring::from_file(&file) } else { Keyring::create_file(&file) };
    keyring.map_err(|error| anyhow!(error))
}

/// An empty file is an empty store. This file is its owner's alone.
fn make_store_file(folder: &Folder) -> Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = folder.store_file();
    options.open(&file).with_context(|| format!("The file {} cannot be created", file.display()))?;
    Ok(())
}

async fn is_empty(records: &mut Records<'_>) -> Result<bool, StoreError> {
    Ok(records.users().await?.is_empty() && records.sites().await?.is_empty())
}

fn occupied() -> anyhow::Error {
    WrongUse(
        "The store contains an instance already.\nName an empty database; or, to run another host on that instance, copy \
         the folder of the first one: settings and sealing key."
            .to_owned(),
    )
    .into()
}

/// Fills the store in the caller's transaction.
async fn fill(records: &mut Records<'_>, choices: &Choices, seal: &Keyring) -> Result<IssuedKey, StoreError> {
    let now = now();
    let site = NewSite {
        name: choices.site.clone(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: choices.time_zone.clone(),
        language: "en".to_owned(),
    };
    let site = records.create_site(&site, now).await?;
    let administrator =
        NewUser { name: choices.administrator.clone(), email: choices.email.clone(), is_administrator: true };
    let administrator = records.create_user(&administrator, now).await?;
    records.set_role(administrator.id, site.id, Role::Manager).await?;
    first_key(records, seal, &administrator.name, FIRST_KEY, now).await
}

/// The administrator's first key, and its audit entry.
async fn first_key(
    records: &mut Records<'_>,
    seal: &Keyring,
    administrator: &str,
    name: &str,
    now: Moment,
) -> Result<IssuedKey, StoreError> {
    let request = KeyRequest {
        name: name.to_owned(),
        kind: KeyKind::Api,
        owner: administrator.to_owned(),
        users: Vec::new(),
        sites: Allowed::All,
        commands: Allowed::All,
        may_manage: true,
        requires_expiry: true,
        expires_at: None,
    };
    let key = issue_key(records, seal, &request, now).await?;
    let entry = AuditEntry {
        username: administrator.to_owned(),
        command: "init".to_owned(),
        ..AuditEntry::new(now, Surface::Terminal, ExecutionContext::new().request_id)
    };
    records.append_audit(&[entry]).await?;
    Ok(key)
}

fn now() -> Moment {
    Moment::from(SystemClock::new().now())
}

impl Made {
    fn of(folder: &Folder, settings: &Settings, site: &str, administrator: &str, key: &IssuedKey) -> Self {
        let url = settings.url();
        Self {
            folder: folder.path().display().to_string(),
            site: site.to_owned(),
            administrator: administrator.to_owned(),
            commands: format!("{url}{}/api/Command/", settings.prefix()),
            url,
            key_name: key.key.name.clone(),
            key: key.text.to_string(),
        }
    }
}

fn introduce(made: &Made, folder: &Folder, printer: &mut Printer) -> Result<()> {
    printer.done(&format!(
        "The instance in {} is ready: site {}, administrator {}.",
        made.folder,
        quoted(&made.site),
        quoted(&made.administrator)
    ))?;
    printer.line("")?;
    printer.paragraph(&format!(
        "Its API key {} is shown only now, since the host keeps only a hash of it. It gives access to everything.",
        quoted(&made.key_name)
    ))?;
    printer.line("")?;
    printer.line(&format!("  {}\n", printer.bold(&made.key)))?;
    printer.line("Start the host:\n")?;
    for line in super::simulate::program_lines() {
        printer.line(&format!("  {line}"))?;
    }
    printer.line(&format!("  footprint serve{}", folder.flag()))?;
    printer.line("\nAnd call it from another terminal:\n")?;
    for line in shell::call_lines(&made.commands, "GetIncidents", &made.key, &made.administrator, &made.site, PERIOD) {
        printer.line(&format!("  {line}"))?;
    }
    Ok(())
}
