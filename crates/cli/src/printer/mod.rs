//! Writes all output: results to standard output, and errors, warnings and receipts to standard error.

mod csv;
mod grid;
mod guarded;
mod listing;
mod moment;
mod ndjson;
mod outcome;
mod output_file;
mod stream;
mod visible;
mod wrap;

use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use soar_connector::{CommandError, Warning};

pub(crate) use self::csv::CsvWriter;
pub(crate) use self::grid::Grid;
pub(crate) use self::listing::{ListFlags, ListOutput, ListRow};
pub(crate) use self::moment::{moment, moment_if_any};
pub(crate) use self::ndjson::RowWriter;
pub(crate) use self::outcome::{OutcomeView, Output, ResultTab, counted, receipt};
pub(crate) use self::output_file::OutputFile;
pub(crate) use self::stream::WriteResult;
use self::visible::visible;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

/// The format of a result without tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Tables and text for a person
    Table,
    /// Everything, for a program
    Json,
}

/// Standard output and standard error, and their abilities.
pub(crate) struct Printer {
    /// The file for results, in place of standard output.
    file: Option<Box<dyn io::Write + Send>>,
    /// The width of standard output. `None` if it is not a terminal.
    width: Option<usize>,
    colour: bool,
    /// The same for standard error.
    error_width: Option<usize>,
    error_colour: bool,
}

impl Printer {
    /// A printer for this process's standard output and standard error.
    pub(crate) fn new() -> Self {
        // https://no-color.org: any value except an empty one means no colours.
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        let terminal = io::stdout().is_terminal();
        let error_terminal = io::stderr().is_terminal();
        Self {
            file: None,
            width: terminal.then(terminal_width),
            colour: wanted && terminal,
            error_width: error_terminal.then(terminal_width),
            error_colour: wanted && error_terminal,
        }
    }

    /// The same printer, with results written to `file` as they would be to a pipe.
    pub(crate) fn to_file(&self, file: Box<dyn io::Write + Send>) -> Self {
        let Self { error_width, error_colour, .. } = *self;
        Self { file: Some(file), width: None, colour: false, error_width, error_colour }
    }

    /// Whether standard error shows colours.
    pub(crate) fn colours_errors(&self) -> bool {
        self.error_colour
    }

    /// Whether standard error is a terminal.
    pub(crate) fn has_error_terminal(&self) -> bool {
        self.error_width.is_some()
    }

    /// The width of help lines.
    pub(crate) fn help_width(&self) -> usize {
        self.width.unwrap_or(80).min(80)
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// The lines of `text` with room for `indent` blanks before each. They are broken between words on a terminal only.
    pub(crate) fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        wrap::wrap(&visible(text), self.width.map(|width| width.saturating_sub(indent)))
    }

    /// Writes text to standard output, broken between words on a terminal.
    pub(crate) fn paragraph(&mut self, text: &str) -> io::Result<()> {
        self.line(&self.wrapped(text, 0).join("\n"))
    }

    /// Writes `text` and a line break to standard output.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes a secret to standard output. If that is a file, other users' permissions are removed first.
    pub(crate) fn secret_line(&mut self, text: &str) -> io::Result<()> {
        if let Err(error) = close_output_to_others() {
            self.warning(&format!("Other users may read the file that this secret is written to: {error}."));
        }
        self.line(text)
    }

    /// Writes `bytes` to standard output unchanged.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(bytes);
        }
        let mut output = io::stdout().lock();
        output.write_all(bytes)?;
        output.flush()
    }

    /// Writes a table to standard output, fitted to the width of a terminal, or unchanged to a pipe.
    pub(crate) fn grid(&mut self, grid: &Grid) -> io::Result<()> {
        let laid_out = grid.lines(self.width);
        let mut text = String::new();
        for (index, line) in laid_out.lines.iter().enumerate() {
            let heading = index == 0;
            text.push_str(&if heading { self.bold(line) } else { line.clone() });
            text.push('\n');
        }
        if !laid_out.left_out.is_empty() {
            let left_out = format!("The terminal is too narrow for: {}", laid_out.left_out.join(", "));
            for line in self.wrapped(&left_out, 0) {
                text.push_str(&self.faint(&line));
                text.push('\n');
            }
        }
        self.bytes(text.as_bytes())
    }

    /// Writes a value as JSON to standard output: pretty for a terminal, compact for a program.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        outcome::json(value, self)
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        paint(self.colour, BOLD, text)
    }

    pub(crate) fn faint(&self, text: &str) -> String {
        paint(self.colour, FAINT, text)
    }

    pub(crate) fn green(&self, text: &str) -> String {
        paint(self.colour, GREEN, text)
    }

    pub(crate) fn red(&self, text: &str) -> String {
        paint(self.colour, RED, text)
    }

    /// Writes a line for the user to standard error.
    pub(crate) fn note(&mut self, text: &str) {
        self.write_error(&paint(self.error_colour, FAINT, &self.readable(text)));
    }

    /// Writes a warning to standard error.
    pub(crate) fn warning(&mut self, text: &str) {
        self.labelled("warning:", YELLOW, text);
    }

    /// Writes the warnings of an outcome to standard error.
    pub(crate) fn warnings(&mut self, warnings: &[Warning]) {
        for warning in warnings {
            self.warning(&warning.message);
        }
    }

    /// Writes an error that is not a command's to standard error.
    pub(crate) fn error(&mut self, text: &str) {
        self.labelled("error:", RED, text);
    }

    fn labelled(&mut self, label: &str, style: Style, text: &str) {
        let text = self.readable(&format!("{label} {text}"));
        let after = text.strip_prefix(label).unwrap_or(&text);
        self.write_error(&format!("{}{after}", paint(self.error_colour, style, label)));
    }

    /// Text for standard error: without control characters, and broken between words on a terminal.
    fn readable(&self, text: &str) -> String {
        let lines = text.split('\n').flat_map(|line| wrap::wrap(&visible(line), self.error_width));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Writes a command's Error tab to standard error.
    pub(crate) fn error_tab(&mut self, error: &CommandError) {
        let colour = self.error_colour;
        self.write_error(&outcome::error_tab(error, self.error_width, |line| paint(colour, RED, line)));
    }

    /// Writes a command's Error tab to standard output, if the user asked for this tab.
    pub(crate) fn error_tab_as_result(&mut self, error: &CommandError) -> io::Result<()> {
        let colour = self.colour;
        self.line(&outcome::error_tab(error, self.width, |line| paint(colour, RED, line)))
    }

    /// Standard error may be closed. Its text is then lost, and the result still counts.
    fn write_error(&mut self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Removes other users' permissions from the file that standard output goes to, if it is a file.
#[cfg(unix)]
fn close_output_to_others() -> io::Result<()> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::PermissionsExt as _;
    let output = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let metadata = output.metadata()?;
    if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
        output.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn close_output_to_others() -> io::Result<()> {
    Ok(())
}

fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

fn terminal_width() -> usize {
    let mut table = comfy_table::Table::new();
    if !io::stdout().is_terminal() {
        table.use_stderr();
    }
    table.width().filter(|width| *width > 0).map_or(80, usize::from)
}
