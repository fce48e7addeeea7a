//! `footprint connection change`: changes a connection.

use anyhow::Result;
use clap::{ArgAction, Args};
use soar_host::connections::ConnectionChange;
use soar_host::operations::{Operations, RequestContext};
use soar_store::model::{SHARED, Version};

use super::find::ConnectionArguments;
use super::health_check::HealthCheckFlags;
use super::parameters::ConnectionParameterFlags;
use super::show::show_one;
use super::unsaved::show_test;
use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, integration};
use crate::printer::{OutputFormat, Printer};
use crate::values::number;

const EXAMPLES: &str = "\
Examples:
  footprint connection change production --active false
  footprint connection change production --ask Password
  footprint connection change production --user alice --user bob --health-check-minutes 15
  footprint connection change production --param \"Server URL=https://new.example.com\" --ask Password

Secrets go only to the server of Server URL: give them again when you change it.";

/// Change a connection; fields without a flag stay
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ConnectionArguments,

    /// Its new name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Move it to another site
    #[arg(long, value_name = "SITE", conflicts_with = "shared")]
    move_to: Option<String>,

    /// Share it to internal sites
    #[arg(long)]
    shared: bool,

    /// The internal site of incidents that rules make from a shared connection's findings; an empty text removes it
    #[arg(long, value_name = "SITE")]
    recipient_site: Option<String>,

    /// Its proxy agent, as `footprint agent list` shows it; an empty text removes it
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,

    /// Its description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// The tenants that it is shared with: names with commas between them, each possibly with a site after a slash, or
    /// "All tenants"; an empty text removes them
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,

    /// Whether commands run on it
    #[arg(long, value_name = "TRUE/FALSE", action = ArgAction::Set)]
    active: Option<bool>,

    /// The users who may use it, in place of the present ones; repeatable
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,

    /// Let everybody with the right use it
    #[arg(long, conflicts_with = "users")]
    all_users: bool,

    /// Refuse the change unless the connection is at this version, as `footprint connection show --output json` shows it
    #[arg(long, value_name = "NUMBER")]
    version: Option<Version>,

    /// The minutes between tests; 0 turns the tests off
    #[arg(long, value_name = "MINUTES", value_parser = number::<i64>)]
    health_check_minutes: Option<i64>,

    #[command(flatten)]
    health_check: HealthCheckFlags,

    #[command(flatten)]
    parameters: ConnectionParameterFlags,

    /// Test it with these values, and save nothing
    #[arg(long)]
    test_only: bool,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table, help_heading = "Options")]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    if arguments.is_empty() {
        let text = "Nothing to change: `footprint connection change --help` lists the flags.";
        return Err(WrongUse(text.to_owned()).into());
    }
    let operations = session.connected_operations()?;
    let connection = arguments.named.find(&operations, session).await?;
    let plugin = integration(Some(&connection.integration))?;
    let connector = &plugin.manifest().connector;
    // An empty text removes an optional value.
    let optional = |text: &Option<String>| text.clone().map(|text| Some(text).filter(|text| !text.trim().is_empty()));
    let site = if arguments.shared { Some(SHARED.to_owned()) } else { arguments.move_to.clone() };
    let change = ConnectionChange {
        version: arguments.version.or(Some(connection.version)),
        name: arguments.name.clone(),
        site,
        recipient_site: optional(&arguments.recipient_site),
        agent_name: optional(&arguments.agent),
        description: arguments.description.clone(),
        tenant: optional(&arguments.tenant),
        active: arguments.active,
        users: (!arguments.users.is_empty() || arguments.all_users).then(|| arguments.users.clone()),
        health_check_minutes: arguments
            .health_check_minutes
            .map(|minutes| Some(minutes).filter(|minutes| *minutes != 0)),
        health_check_email: optional(&arguments.health_check.email()),
        health_check_webhooks: arguments.health_check.webhooks(),
        health_check_alert_after: arguments.health_check.alert_after,
        health_check_recover_after: arguments.health_check.recover_after,
        health_check_slow_ms: arguments.health_check.slow_ms,
        parameters: arguments.parameters.read(connector, false)?,
    };
    arguments.health_check.warn(session, printer);
    let context = session.context("connection change").about_site(connection.place.name());
    if arguments.test_only {
        let id = connection.id;
        let test = |operations: Operations, context: RequestContext| async move {
            operations.test_change(&context, id, change).await
        };
        return show_test(session, context, arguments.output, printer, test).await;
    }
    let changed = operations.change_connection(&context, connection.id, change).await;
    show_one(&session.changed(context, changed).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}

impl Arguments {
    fn is_empty(&self) -> bool {
        let texts = [&self.name, &self.move_to, &self.recipient_site, &self.agent, &self.description, &self.tenant];
        texts.iter().all(|text| text.is_none())
            && !self.shared
            && self.active.is_none()
            && self.users.is_empty()
            && !self.all_users
            && self.health_check_minutes.is_none()
            && self.health_check.is_empty()
            && self.parameters.is_empty()
    }
}
