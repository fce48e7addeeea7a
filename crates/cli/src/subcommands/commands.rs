//! `footprint commands`: lists the commands, or shows the manifest of one.

use anyhow::Result;
use clap::Args;
use soar_connector::Manifest;
use soar_connector::manifest::{Command, Effect, ErrorEntry, Input, InputType};

use crate::exit::{Exit, WrongUse};
use crate::printer::{Grid, Printer};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint commands
  footprint commands \"List Devices\"
  footprint commands patch-rescan --json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A command's name, as documented ("List Devices") or as list-devices
    name: Option<String>,

    /// Print the manifest's entry as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, manifest: &Manifest, printer: &mut Printer) -> Result<Exit> {
    match &arguments.name {
        None if arguments.json => printer.json(&manifest.commands)?,
        None => list(manifest, printer)?,
        Some(name) => {
            let command =
                manifest.command(name).map_err(|unknown| WrongUse(unknown.to_string().replace(" Valid", "\nValid")))?;
            if arguments.json {
                printer.json(command)?;
            } else {
                show(manifest, command, printer)?;
            }
        }
    }
    Ok(Exit::Successful)
}

fn list(manifest: &Manifest, printer: &mut Printer) -> Result<()> {
    let mut grid = Grid::new(["Command", "Effect", "Description"]);
    for command in &manifest.commands {
        grid.push([command.name.as_str(), effect(command), &command.description]);
    }
    printer.grid(&grid)?;
    if printer.is_terminal() {
        printer.line("\nfootprint commands NAME shows a command's parameters, results and errors.")?;
    }
    Ok(())
}

fn effect(command: &Command) -> &'static str {
    match command.effect {
        Effect::Read => "read",
        Effect::Write => "write",
    }
}

fn show(manifest: &Manifest, command: &Command, printer: &mut Printer) -> Result<()> {
    let mut page = HelpPage { printer };
    page.title(&command.name)?;
    page.text(0, &command.description)?;
    for note in &command.notes {
        page.text(0, note)?;
    }
    page.heading("Effect")?;
    page.text(
        2,
        match command.effect {
            Effect::Read => "read: it changes nothing",
            Effect::Write => "write: it changes something in Footprint",
        },
    )?;
    page.heading("Required permission")?;
    page.text(2, &format!("any of {}", command.permissions.join(", ")))?;
    page.heading("Endpoint")?;
    page.text(2, &command.endpoint)?;
    page.heading("Inputs")?;
    if command.inputs.is_empty() {
        page.text(2, "none")?;
    }
    page.inputs(2, &command.inputs)?;
    page.outputs(command)?;
    page.heading("Example")?;
    page.verbatim(2, &example(command))?;
    let own = |entry: &&ErrorEntry| command.errors.contains(entry);
    let errors: Vec<_> = manifest.errors_of(Some(command)).collect();
    for (heading, is_own) in [("Errors of this command", true), ("Errors of any command", false)] {
        let mut entries = errors.iter().copied().filter(|entry| own(entry) == is_own).peekable();
        if entries.peek().is_some() {
            page.heading(heading)?;
        }
        for entry in entries {
            page.error(entry)?;
        }
    }
    Ok(())
}

/// A command line that can be pasted: with required parameters, or else the first parameter, from the manifest's
/// examples.
fn example(command: &Command) -> String {
    let required = command.inputs.iter().filter(|input| input.required);
    let mut shown: Vec<_> = required.collect();
    if shown.is_empty() {
        shown.extend(command.inputs.first());
    }
    shell::run_line(&command.name, shown.into_iter().map(|input| (input.name.as_str(), example_text(input))))
}

fn example_text(input: &Input) -> String {
    match input.kind {
        InputType::Object | InputType::Json => input.example.to_string(),
        _ => soar_connector::cell_text(&input.example),
    }
}

/// Writes the description of a command, wrapped to the terminal's width.
struct HelpPage<'a> {
    printer: &'a mut Printer,
}

impl HelpPage<'_> {
    fn title(&mut self, text: &str) -> Result<()> {
        Ok(self.printer.line(&self.printer.bold(text))?)
    }

    fn heading(&mut self, text: &str) -> Result<()> {
        self.printer.line("")?;
        self.title(text)
    }

    fn verbatim(&mut self, indent: usize, text: &str) -> Result<()> {
        Ok(self.printer.line(&format!("{:indent$}{text}", ""))?)
    }

    fn text(&mut self, indent: usize, text: &str) -> Result<()> {
        for line in self.printer.wrapped(text, indent) {
            self.verbatim(indent, &line)?;
        }
        Ok(())
    }

    fn inputs(&mut self, indent: usize, inputs: &[Input]) -> Result<()> {
        for input in inputs {
            let name = self.printer.bold(&input.name);
            let required = if input.required { ", required" } else { "" };
            self.verbatim(indent, &format!("{name} ({}{required})", input.kind))?;
            self.text(indent + 2, &input.description)?;
            // A type that says everything is not repeated.
            if !matches!(input.kind, InputType::Text | InputType::Object | InputType::Boolean) {
                self.text(indent + 2, &format!("Takes {}.", input.expectation()))?;
            }
            self.text(indent + 2, &format!("Example: {}", example_text(input)))?;
            if !input.fields.is_empty() {
                self.text(indent + 2, "Fields:")?;
                self.inputs(indent + 4, &input.fields)?;
            }
        }
        Ok(())
    }

    fn outputs(&mut self, command: &Command) -> Result<()> {
        self.heading("Outputs")?;
        let columns: Vec<_> = command.columns.iter().map(|column| column.name.as_str()).collect();
        self.text(2, &format!("Table: {}", columns.join(", ")))?;
        for field in &command.key_fields {
            let paths: Vec<_> = command.row_paths().iter().map(|rows| field.path.in_raw_data(rows)).collect();
            self.text(2, &format!("Key field {}: {}", field.name, paths.join(" or ")))?;
        }
        Ok(())
    }

    fn error(&mut self, entry: &ErrorEntry) -> Result<()> {
        let statuses: Vec<_> = entry.statuses.iter().map(ToString::to_string).collect();
        let statuses = if statuses.is_empty() { String::new() } else { format!(" ({})", statuses.join(", ")) };
        let retry = if entry.retryable { ", may be retried" } else { "" };
        let code = self.printer.bold(&entry.code);
        self.verbatim(2, &format!("{code}{statuses}{retry}"))?;
        self.text(4, &format!("Cause: {}", entry.cause))?;
        self.text(4, &format!("Cure: {}", entry.cure))
    }
}
