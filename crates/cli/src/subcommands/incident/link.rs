//! `footprint incident link`: links an incident with others.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::Refusal;
use soar_host::utility::link_incidents;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint incident link 20210127-198 20210127-197
  footprint incident link 20210127-198 20210127-197 20210126-3

`footprint utility get-linked-incidents-of-an-incident` shows what is linked, and `footprint utility
remove-linked-incidents` takes links away.";

/// Link an incident with others
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The incident's number
    incident: String,

    /// The numbers of the incidents to link it with
    #[arg(required = true)]
    others: Vec<String>,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { incident, others } = arguments;
    let site = super::task::site_of(incident, session).await?;
    let about = format!("{incident}: linked with {}", others.join(", "));
    let action = Action { command: "incident link", site: &site.name.clone(), about: &about };
    let caller = session.caller(site);
    let now = session.now();
    let linked = async {
        let mut transaction = session.store.transaction().await?;
        let mut records = transaction.records();
        let new = link_incidents(&mut records, &caller, incident, others, now).await?;
        records.append_audit(&[session.entry(&action, now, None)]).await?;
        transaction.commit().await?;
        Ok::<_, Refusal>(new)
    };
    let new = match linked.await {
        Ok(new) => new,
        Err(error) => return session.audited(&action, Err(error)).await,
    };
    let many = others.len() > 1;
    let done = match (new, many) {
        (0, _) => "was linked so already".to_owned(),
        (_, false) => format!("is linked with {}", quoted(&others.join(", "))),
        (new, true) => format!("has {new} new links"),
    };
    printer.done(&format!("The incident {} {done}.", quoted(incident)))?;
    Ok(Exit::Successful)
}
