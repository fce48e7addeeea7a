//! `footprint init`: creates a complete instance: folder, store, sealing key, site, administrator, API key.

mod choices;
mod questions;
mod resume;

use std::fs::OpenOptions;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use soar_connector::name::quoted;
use soar_connector::{Clock, ExecutionContext, SystemClock};
use soar_host::access::{IssuedKey, IssuedLink, KeyRequest, PASSWORD_LINK_PATH, issue_key, issue_link};
use soar_host::sealing::Keyring;
use soar_store::model::{Allowed, AuditEntry, KeyKind, Moment, Role, SiteKind, Surface};
use soar_store::{NewSite, NewUser, Records, Store, StoreError};

use self::choices::{InitFlags, InstanceChoices};
use super::run::single_threaded_runtime;
use crate::exit::{Exit, WrongUse};
use crate::instance::{FolderFlag, InstanceFolder, InstanceSettings, about_port, advised};
use crate::printer::{OutputFormat, Printer};
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

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: InitFlags,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,

    #[command(flatten)]
    instance: FolderFlag,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    let folder = InstanceFolder::at(&arguments.instance.folder);
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
                let choices = InstanceChoices::gather(&arguments.flags)?;
                create(&folder, &choices).await?
            }
        };
        match arguments.output {
            OutputFormat::Json => printer.json(&made)?,
            OutputFormat::Table => introduce(&made, &folder, printer)?,
        }
        Ok(Exit::Successful)
    })
}

/// An instance that was just created.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedInstance {
    folder: String,
    site: String,
    administrator: String,
    /// The host's address.
    url: String,
    /// The address of a command, up to its name.
    commands: String,
    key_name: String,
    key: String,
    /// The link with which the administrator sets a password for the console.
    password_link: String,
    #[serde(skip)]
    link_hours: u32,
}

async fn create(folder: &InstanceFolder, choices: &InstanceChoices) -> Result<CreatedInstance> {
    folder.create()?;
    let settings = choices.settings()?;
    let seal = seal(folder, &settings)?;
    if choices.keeps_its_own_store() {
        create_store_file(folder)?;
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
    let access = fill(&mut records, choices, &settings, &seal).await.map_err(advised)?;
    transaction.commit().await.map_err(advised)?;
    store.close().await;
    folder.finish()?;
    Ok(CreatedInstance::of(folder, &settings, &choices.site, &choices.administrator, &access))
}

/// The keys that seal secrets, from the environment or the folder. If there are none, they are created in the folder.
fn seal(folder: &InstanceFolder, settings: &InstanceSettings) -> Result<Keyring> {
    let file = folder.sealing_key_file();
    if InstanceSettings::keys_are_in_environment() {
        return settings.keyring(folder);
    }
    let keyring = if file.exists() { Keyring::from_file(&file) } else { Keyring::create_file(&file) };
    keyring.map_err(|error| anyhow!(error))
}

/// An empty file is an empty store. This file is its owner's alone.
fn create_store_file(folder: &InstanceFolder) -> Result<()> {
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
async fn fill(
    records: &mut Records<'_>,
    choices: &InstanceChoices,
    settings: &InstanceSettings,
    seal: &Keyring,
) -> Result<FirstAccess, StoreError> {
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
    first_access(records, settings, seal, &administrator.name, FIRST_KEY, now).await
}

/// The administrator's first key, and the link to set its password.
#[derive(Debug)]
struct FirstAccess {
    key: IssuedKey,
    link: IssuedLink,
}

/// The administrator's first key and link, and their audit entry.
async fn first_access(
    records: &mut Records<'_>,
    settings: &InstanceSettings,
    seal: &Keyring,
    administrator: &str,
    name: &str,
    now: Moment,
) -> Result<FirstAccess, StoreError> {
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
    let user = records.user(administrator).await?.id;
    let link = issue_link(records, user, settings.host.sign_in.link_time()).await?;
    let entry = AuditEntry {
        username: administrator.to_owned(),
        command: "init".to_owned(),
        ..AuditEntry::new(now, Surface::Terminal, ExecutionContext::new().request_id)
    };
    records.append_audit(&[entry]).await?;
    Ok(FirstAccess { key, link })
}

fn now() -> Moment {
    Moment::from(SystemClock::new().now())
}

impl CreatedInstance {
    fn of(
        folder: &InstanceFolder,
        settings: &InstanceSettings,
        site: &str,
        administrator: &str,
        access: &FirstAccess,
    ) -> Self {
        let FirstAccess { key, link } = access;
        let url = settings.url();
        Self {
            folder: folder.path().display().to_string(),
            site: site.to_owned(),
            administrator: administrator.to_owned(),
            commands: format!("{url}{}/api/Command/", settings.prefix()),
            url,
            key_name: key.key.name.clone(),
            key: key.text.to_string(),
            link_hours: settings.host.sign_in.link_hours,
            password_link: format!(
                "{}{PASSWORD_LINK_PATH}{}",
                settings.host.public_address(),
                link.token.expose_secret()
            ),
        }
    }
}

fn introduce(made: &CreatedInstance, folder: &InstanceFolder, printer: &mut Printer) -> Result<()> {
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
    printer.paragraph(&format!(
        "With this link {} sets a password for the console, once the host runs. It works once, for {} hours. \
         `footprint user password-link` makes another.",
        quoted(&made.administrator),
        made.link_hours
    ))?;
    printer.line("")?;
    printer.line(&format!("  {}\n", printer.bold(&made.password_link)))?;
    if let Some(remark) = about_port(&made.url) {
        printer.paragraph(remark)?;
        printer.line("")?;
    }
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
