//! The end of the demo: the changes of a day, an incident that a rule made, and a rescan that proves a fix.

use anyhow::Result;
use soar_connector::Plugin;

use super::sample::FindingStory;
use crate::printer::{Grid, Printer, counted};

/// The number of incidents shown.
const MOST_SHOWN: usize = 3;

pub(super) fn tell(story: &FindingStory, plugin: &dyn Plugin, printer: &mut Printer) -> Result<()> {
    printer.line("")?;
    printer.line(&printer.bold("The findings of a day, read from the simulated instance"))?;
    let counts = story.changes.iter().filter(|count| count.changes > 0);
    let counts: Vec<_> = counts.map(|count| format!("{} {}", count.changes, count.kind.as_str())).collect();
    let known: i64 = story.changes.iter().map(|count| count.baseline).sum();
    printer.paragraph(&format!("{known} findings were known. Since then: {}.", counts.join(", ")))?;
    let text = format!("The rule \"{}\" made {}:", story.rule, counted(story.incidents.len() as u64, "incident"));
    printer.paragraph(&text)?;
    for incident in story.incidents.iter().take(MOST_SHOWN) {
        printer.line(&format!("  {}  {}  {}", incident.number, incident.severity, incident.title))?;
    }
    if let more @ 1.. = story.incidents.len().saturating_sub(MOST_SHOWN) {
        printer.line(&format!("  and {more} more"))?;
    }
    printer.line("")?;
    match &story.rescan.error {
        Some(error) => printer.paragraph(&format!("Rescan And Wait failed: {}", error.message))?,
        None => {
            printer.paragraph("Rescan And Wait scanned again and says what the scan opened, fixed and reopened:")?;
            printer.grid(&Grid::of(&story.rescan.result, MOST_SHOWN))?;
        }
    }
    printer.line("")?;
    let connector = &plugin.manifest().connector.name;
    printer.paragraph(&format!(
        "The same with an instance of {connector} of your own (`footprint init` makes the host, and `footprint connection add` \
         the connection):"
    ))?;
    for line in [
        "footprint findings collect --all-tenants",
        "footprint findings changes --after 0",
        "footprint connection run NAME rescan-and-wait",
    ] {
        printer.line(&format!("  {line}"))?;
    }
    Ok(())
}
