//! `footprint findings delivery`: where hosts send changes of findings.

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_connector::name::quoted;
use soar_host::findings::formats::FindingFormat;
use soar_host::operations::{DeliveryShown, DeliveryToMake};
use soar_store::model::{FindingDeliveryId, FindingSequence};

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};

const EXAMPLES: &str = "\
Examples:
  footprint findings delivery add webhook:siem --format ocsf
  footprint findings delivery list

A host that serves the instance sends batches of changes to the webhook of host.toml, signed as alerts are, and sends each
again until it arrives. The id of a batch is the number of its last change.";

/// See and manage where hosts send changes of findings
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the deliveries, and how far they have come
    List {
        #[command(flatten)]
        list: ListFlags,
    },
    /// Send changes to a webhook, in batches, each until it arrives
    Add {
        /// The destination: webhook:NAME, a webhook of host.toml
        destination: String,

        /// The format: ndjson, ocsf, ecs or csv
        #[arg(long, default_value = "ndjson")]
        format: FindingFormat,

        /// Only changes after this number [default: changes from now on]
        #[arg(long, value_name = "NUMBER")]
        after: Option<FindingSequence>,
    },
    /// End a delivery
    Remove {
        /// Its number
        delivery: FindingDeliveryId,
    },
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.operations();
    match &arguments.action {
        Action::List { list } => {
            let context = session.context("findings delivery list");
            let all = operations.list_finding_deliveries(&context).await.map_err(not_done)?;
            printer.list(&all, list, "No deliveries.")?;
        }
        Action::Add { destination, format, after } => {
            let context = session.context("findings delivery add");
            let (format, after) = (Some(*format), *after);
            let wanted = DeliveryToMake { destination: destination.clone(), format, after };
            let made = session.connected_operations()?.create_finding_delivery(&context, &wanted).await;
            let made = session.changed(context, made).await?.delivery;
            let name = quoted(&made.destination);
            printer.done(&format!(
                "The delivery {} to {name} was added. It sends changes after {}.",
                made.id, made.after
            ))?;
        }
        Action::Remove { delivery } => {
            let context = session.context("findings delivery remove");
            let removed = operations.remove_finding_delivery(&context, *delivery).await;
            let removed = session.changed(context, removed).await?.delivery;
            printer.done(&format!("The delivery to {} was removed.", quoted(&removed.destination)))?;
        }
    }
    Ok(Exit::Successful)
}

impl ListRow for DeliveryShown {
    const HEADINGS: &[&str] =
        &["Delivery", "Destination", "Format", "Arrived Through", "Last", "Attempts", "Next Attempt", "Problem"];

    fn cells(&self) -> Vec<String> {
        let one = &self.delivery;
        vec![
            one.id.to_string(),
            one.destination.clone(),
            one.format.clone(),
            one.after.to_string(),
            self.last_sequence.to_string(),
            one.attempts.to_string(),
            moment(one.next_at),
            one.problem.clone().unwrap_or_default(),
        ]
    }
}
