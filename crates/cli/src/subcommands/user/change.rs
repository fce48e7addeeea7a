//! `footprint user change`: changes a user.

use anyhow::Result;
use clap::{ArgAction, Args};
use soar_host::operations::UserToChange;
use soar_store::model::name::same_name;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint user change alice --email alice@example.com
  footprint user change alice --administrator true
  footprint user change alice --email \"\"";

/// Change a user; fields without a flag stay
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    user: String,

    /// Its new name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The address for its mail; an empty text removes it
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Whether it is an administrator, with every right on every site and the management of the instance
    #[arg(long, value_name = "TRUE/FALSE", action = ArgAction::Set)]
    administrator: Option<bool>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { name, email, administrator, .. } = arguments;
    if name.is_none() && email.is_none() && administrator.is_none() {
        return Err(WrongUse("Nothing to change: give --name, --email or --administrator.".to_owned()).into());
    }
    let change =
        UserToChange { name: name.clone(), email: email.clone(), active: None, is_administrator: *administrator };
    let user = &arguments.user;
    let context = session.context("user change");
    let changed = session.operations().change_user(&context, user, change).await;
    super::show_one(&session.changed(context, changed).await?, arguments.output, printer)?;
    if same_name(&session.settings.operator, user) && name.is_some() {
        let file = session.folder.settings_file();
        printer.warning(&format!(
            "{} names this user as the operator by its old name. Change operator there, or give --as USER.",
            file.display()
        ));
    }
    Ok(Exit::Successful)
}
