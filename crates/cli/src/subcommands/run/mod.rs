//! `footprint run`: runs a command of the connector, and shows a tab of its outcome.

mod bar;
mod cancelled;
mod carry_out;
mod flags;
mod page_sender;
mod refused;
mod runner;
mod show;
mod widening;
mod writer;

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use soar_connector::{Conclusion, Connector, ExecutionContext, Invocation, Plugin, SettingValues};
use soar_host::executor::Watching;

pub(super) use self::carry_out::carry_out;
pub(super) use self::flags::RunFlags;
pub(super) use self::refused::refuse;
pub(super) use self::runner::{FinishedCommand, Runner};
pub(super) use self::show::page;
use crate::connection::{self, flags::ConnectionFlags};
use crate::exit::Exit;
use crate::printer::Printer;
pub(crate) use crate::runtime::single_threaded_runtime;

const EXAMPLES: &str = "\
Examples:
  footprint run \"List Devices\" --param \"Footprint Tenant ID=1\"
  footprint run \"List Devices\" --param 'Filter={\"riskLevel\":\"critical\"}'
  footprint run list-devices --all-pages --strict --output-file devices.csv
  footprint run list-devices --all-pages --output ndjson | jq .name
  footprint run list-devices --show key-fields
  footprint run rescan-and-wait --param \"Scanner ID=101\"
  footprint run list-device-users --params-json '{\"Device ID\": 1042}' --output json

`footprint commands` lists the commands, and `footprint commands NAME` shows a command's parameters.
Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: RunFlags,
}

pub(crate) fn run(
    arguments: &Arguments,
    flags: &ConnectionFlags,
    plugin: &dyn Plugin,
    printer: &mut Printer,
) -> Result<Exit> {
    let manifest = plugin.manifest();
    let flags_of_run = &arguments.run;
    let raw = flags_of_run.read()?;
    // The call is checked before the connection: a user should not type a password before learning of a wrong name.
    let invocation = match flags_of_run.invocation(manifest, &raw) {
        Ok(invocation) => invocation,
        Err(invalid) => return refuse(manifest, flags_of_run, &invalid, printer),
    };
    let settings = connection::settings(plugin, flags)?;
    let runner = DirectRunner { connector: connection::build(plugin, &settings)?, settings };
    single_threaded_runtime()?.block_on(carry_out(&runner, flags_of_run, manifest, invocation, &raw, printer))
}

/// Runs commands in this process, over a connection of its own.
struct DirectRunner {
    connector: Arc<dyn Connector>,
    settings: SettingValues,
}

impl Runner for DirectRunner {
    async fn execute(&self, invocation: Invocation, watching: Watching) -> Result<FinishedCommand> {
        let Watching { mut sink, progress, .. } = watching;
        // A command that is followed has a limit of its own.
        let context = ExecutionContext { progress, time_limit: invocation.follow_limit(), ..ExecutionContext::new() };
        let ended: Conclusion = self.connector.execute_into(&invocation, &context, &mut *sink).await;
        Ok(FinishedCommand { ended, run: None })
    }

    fn has_set(&self, setting: &str) -> bool {
        self.settings.boolean(setting)
    }

    fn cancel(&self) -> bool {
        false
    }
}
