//! `footprint utility`: the host's own commands, with flags from their manifests.

mod answer;
mod definition;
mod flags;
mod plan;
mod site_status;
mod sync;

use std::path::Path;

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Args, FromArgMatches as _};
use soar_connector::RawParameters;
use soar_connector::manifest::Command;
use soar_host::operations::{CommandEnd, OperationError, RequestContext, UtilityCall};
use soar_host::utility::UtilityCommand;
use soar_store::model::Site;

pub(crate) use self::definition::with_commands;
use self::flags::{CallFlags, given};
use self::plan::PlanFile;
use super::run::single_threaded_runtime;
use super::simulate::runtime;
use crate::exit::{Exit, WrongUse};
use crate::instance::{InstanceFlags, OperatorSession, not_done, refused};
use crate::printer::{OutputFormat, Printer};
use crate::shell;
use soar_store::model::name::same_name;

const EXAMPLES: &str = "\
Examples:
  footprint utility close-incident-in-bulk --incident-numbers 20210127-198,20210127-197
  footprint utility close-incident-in-bulk --incident-numbers 20210127-198 --plan
  footprint utility close-incident-in-bulk --params-file numbers.json --plan --output json > plan.json
  footprint utility close-incident-in-bulk --apply plan.json
  footprint utility sync-connection --sync-all-shared --all-tenants --tenant-site TenantSite --plan

Exit codes: 0 Successful, 1 Failed in whole or in part, 2 wrong use.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,
}

pub(crate) fn run(arguments: &Arguments, matches: &ArgMatches, printer: &mut Printer) -> Result<Exit> {
    let (name, matches) = matches.subcommand().context("no command was given")?;
    let call = CallFlags::from_arg_matches(matches)?;
    if definition::is_sync(name) {
        if call.apply.is_some() {
            return Err(
                WrongUse("A plan of a sync need not be applied: run the sync without --plan.".to_owned()).into()
            );
        }
        return runtime()?.block_on(async {
            let session = OperatorSession::open(&arguments.instance).await?;
            sync::run(matches, &call, &session, printer).await
        });
    }
    if definition::is_site_status(name) {
        return runtime()?.block_on(async {
            let session = OperatorSession::open(&arguments.instance).await?;
            site_status::run(matches, &call, &session, printer).await
        });
    }
    let (command, manifest) = definition::named(name).context("no command was given")?;
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &call.apply {
            Some(file) => apply(file, command, manifest, &call, &session, printer).await,
            None => {
                let site = session.site(call.site.as_deref()).await?;
                let raw = given(manifest, matches, &call, &session)?;
                let (context, utility) = called(command, manifest, site, &raw, &session).await?;
                if call.plan {
                    let planned = session.operations().plan_utility(&context, &utility).await.map_err(not_done)?;
                    let site = &utility.caller.site.name;
                    let file = PlanFile::new(planned, site, &session.user.name, raw);
                    return show_plan(&file, name, call.output, &session, printer);
                }
                let ran = session.operations().run_utility(&context, &utility).await;
                show_end(context, ran, call.output, &session, printer).await
            }
        }
    })
}

async fn apply(
    file: &Path,
    command: &'static dyn UtilityCommand,
    manifest: &Command,
    call: &CallFlags,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let planned = PlanFile::read(file)?;
    let shown = file.display();
    if planned.plan.command != manifest.name {
        return Err(WrongUse(format!(
            "{shown} is a plan of {}, not of {}.\nApply it with that command.",
            planned.plan.command, manifest.name
        ))
        .into());
    }
    if !same_name(&planned.user, &session.user.name) {
        return Err(WrongUse(format!(
            "{shown} was planned by {}, and you act as {}: another user's rights may differ.\nGive --as {}, or make \
             the plan again.",
            planned.user,
            session.user.name,
            shell::quoted(&planned.user)
        ))
        .into());
    }
    let site = session.site(Some(&planned.site)).await?;
    let raw: RawParameters = planned.parameters;
    let (context, utility) = called(command, manifest, site, &raw, session).await?;
    let fingerprint = &planned.plan.fingerprint;
    let applied = session.operations().apply_utility(&context, &utility, fingerprint).await;
    show_end(context, applied, call.output, session, printer).await
}

/// The call of a command on a site. A call that is refused has its audit entry, as over HTTP.
async fn called<'a>(
    command: &'a dyn UtilityCommand,
    manifest: &Command,
    site: Site,
    raw: &RawParameters,
    session: &OperatorSession,
) -> Result<(RequestContext, UtilityCall<'a>)> {
    let context = session.context(command.endpoint()).about_site(&site.name);
    let utility = UtilityCall::parse(command, manifest, context.caller(site), raw).map_err(OperationError::from);
    let utility = session.changed(context.clone(), utility).await?;
    Ok((context.acting_for(utility.acting_for()), utility))
}

/// Shows the answer of a command. Writes the call's audit entry if the command did not.
async fn show_end(
    context: RequestContext,
    ended: Result<CommandEnd, OperationError>,
    form: OutputFormat,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let CommandEnd { ended, is_recorded } = session.changed(context.clone(), ended).await?;
    if !is_recorded {
        session.record(context, ended.as_ref().err()).await?;
    }
    answer::show(&ended.map_err(refused)?, form, printer)
}

fn show_plan(
    file: &PlanFile,
    command: &str,
    form: OutputFormat,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    if form == OutputFormat::Json {
        printer.json(file)?;
        return Ok(Exit::Successful);
    }
    plan::show(&file.plan, printer)?;
    let folder = session.folder.flag();
    printer.note(&format!(
        "Nothing was changed. To apply exactly this plan, save it with --plan --output json > plan.json, then: footprint \
         utility{folder} {command} --apply plan.json"
    ));
    Ok(Exit::Successful)
}
