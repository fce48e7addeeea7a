//! `footprint connection add`: creates a connection.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::connections::ConnectionDraft;
use soar_host::operations::{Operations, RequestContext};
use soar_store::model::SHARED;

use super::health_check::HealthCheckFlags;
use super::parameters::ConnectionParameterFlags;
use super::show::show_one;
use super::unsaved::show_test;
use crate::exit::Exit;
use crate::instance::{OperatorSession, integration};
use crate::printer::{OutputFormat, Printer};
use crate::shell;
use crate::values::number;

const EXAMPLES: &str = "\
Examples:
  footprint connection add production --param \"Server URL=https://footprint.example.com\" \\
      --param \"User Name=soar@example.com\"
  footprint connection add production --test-only --param \"Server URL=https://footprint.example.com\" \\
      --param \"User Name=soar@example.com\"
  footprint connection add shared --shared --recipient-site \"Security Operations\" \\
      --param \"Server URL=https://footprint.example.com\" --secret-file \"API Key=/run/secrets/footprint\"
  footprint connection add vaulted --param \"Server URL=https://footprint.example.com\" \\
      --param \"User Name=soar@example.com\" --secret-ref Password=command:hashicorp

At a terminal, footprint asks for the required secrets that are missing.";

/// Create a connection
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    name: String,

    /// The integration, such as coda-footprint [default: the only one]
    #[arg(long)]
    integration: Option<String>,

    /// Its site [default: the only site]
    #[arg(long)]
    site: Option<String>,

    /// Share it to internal sites
    #[arg(long, conflicts_with = "site")]
    shared: bool,

    /// The internal site of incidents that rules make from a shared connection's findings
    #[arg(long, value_name = "SITE", requires = "shared")]
    recipient_site: Option<String>,

    /// Its proxy agent, as `footprint agent list` shows it
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,

    /// Its description
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,

    /// The tenants that it is shared with: names with commas between them, each possibly with a site after a slash, or
    /// "All tenants"
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,

    /// Create it inactive: no command runs on it
    #[arg(long)]
    inactive: bool,

    /// A user who may use it [default: everybody with the right]; repeatable
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,

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
    let plugin = integration(arguments.integration.as_deref())?;
    let connector = &plugin.manifest().connector;
    let site = match arguments.shared {
        true => SHARED.to_owned(),
        false => session.site(arguments.site.as_deref()).await?.name,
    };
    let draft = ConnectionDraft {
        integration: connector.id.clone(),
        name: arguments.name.clone(),
        site,
        recipient_site: arguments.recipient_site.clone(),
        agent_name: arguments.agent.clone(),
        description: arguments.description.clone(),
        tenant: arguments.tenant.clone(),
        active: !arguments.inactive,
        users: arguments.users.clone(),
        health_check_minutes: arguments.health_check_minutes.filter(|minutes| *minutes != 0),
        health_check_email: arguments.health_check.email(),
        health_check_webhooks: arguments.health_check.webhooks().unwrap_or_default(),
        health_check_alert_after: arguments.health_check.alert_after,
        health_check_recover_after: arguments.health_check.recover_after,
        health_check_slow_ms: arguments.health_check.slow_ms,
        parameters: arguments.parameters.read(connector, true)?,
    };
    arguments.health_check.warn(session, printer);
    let context = session.context("connection add").about_site(&draft.site);
    if arguments.test_only {
        let test = |operations: Operations, context: RequestContext| async move {
            operations.test_draft(&context, draft).await
        };
        return show_test(session, context, arguments.output, printer, test).await;
    }
    let made = session.connected_operations()?.create_connection(&context, draft).await;
    let made = session.changed(context, made).await?;
    if arguments.output == OutputFormat::Json {
        show_one(&made, OutputFormat::Json, printer)?;
        return Ok(Exit::Successful);
    }
    printer.done(&format!("The connection {} was created: {}.", quoted(&made.name), made.place.name()))?;
    if made.active {
        let folder = session.folder.flag();
        printer.note(&format!("Test it: footprint connection{folder} test {}", shell::quoted(&made.name)));
    }
    Ok(Exit::Successful)
}
