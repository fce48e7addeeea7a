//! `/integrations/{id}/connections/{connection}/diagnose`: the stages up to the product, and the commands that the
//! account may run.

use askama::Template;
use axum::Router;
use soar_connector::{Access, CommandAccess, Diagnosis, Stage, StageStatus};

use super::{address, found, frame, managed};
use crate::parts::{Badge, Cell, Column, ConfirmPage, ErrorTab, Meaning, Row, Table};
use crate::routing::form;
use crate::visit::{Frame, Page, PageResult, Path};

#[derive(Debug, Template)]
#[template(path = "connections/diagnosis.html")]
struct DiagnosisPage {
    frame: Frame,
    action: String,
    verdict: Badge,
    stages: Table,
    errors: Vec<ErrorTab>,
    commands: Table,
    request_id: String,
}

pub(super) fn routes() -> Router {
    Router::new().route("/integrations/{id}/connections/{connection}/diagnose", form(ask, send))
}

async fn ask(page: Page, Path((id, connection)): Path<(String, i64)>) -> PageResult {
    let plugin = page.integration(&id)?;
    let stored = managed(&page, &id, connection).await?;
    let own = address(&id, stored.id);
    let frame = frame(&page, &format!("Diagnose {}", stored.name), &*plugin).below(&stored.name, &own);
    let question = "The diagnosis tries each stage up to the product, and asks it which commands the account may run. \
                    It changes nothing.";
    let action = page.href(&format!("{own}/diagnose"));
    page.show(&ConfirmPage::new(frame, question, action, "Diagnose", page.href(&own)))
}

async fn send(page: Page, Path((id, connection)): Path<(String, i64)>) -> PageResult {
    let plugin = page.integration(&id)?;
    let stored = found(&page, &id, connection).await?;
    let tried = page.operations().diagnose_connection(page.context()?, stored.id, None).await?;
    let diagnosis = page.tried(tried).await?;
    let own = address(&id, stored.id);
    let frame = frame(&page, &format!("Diagnosis of {}", stored.name), &*plugin).below(&stored.name, &own);
    page.show(&shown(frame, page.href(&format!("{own}/diagnose")), &diagnosis))
}

fn shown(frame: Frame, action: String, diagnosis: &Diagnosis) -> DiagnosisPage {
    let verdict = match (diagnosis.is_healthy(), diagnosis.denied().count()) {
        (false, _) => Badge::new("Failed", Meaning::Bad),
        (true, 0) => Badge::new("Passed", Meaning::Good),
        (true, denied) => Badge::new(format!("Passed, but commands are denied: {denied}"), Meaning::Warning),
    };
    let columns = [
        Column::text("stage", "Stage"),
        Column::text("status", "Status"),
        Column::text("detail", "Finding"),
        Column::number("time", "Time").wide(),
    ];
    let stages = Table::new("stages", "Stages", columns).rows(diagnosis.stages.iter().map(stage));
    let columns = [
        Column::text("command", "Command"),
        Column::text("access", "Access"),
        Column::text("detail", "Finding"),
        Column::text("permission", "Required permission").wide(),
        Column::number("time", "Time").wide(),
    ];
    let commands = Table::new("commands", "Commands", columns).rows(diagnosis.commands.iter().map(command));
    DiagnosisPage {
        frame,
        action,
        verdict,
        stages,
        errors: diagnosis.stages.iter().filter_map(|stage| stage.error.as_ref()).map(ErrorTab::new).collect(),
        commands,
        request_id: diagnosis.request_id.clone(),
    }
}

fn stage(stage: &Stage) -> Row {
    let status = match stage.status {
        StageStatus::Passed => Badge::new("Passed", Meaning::Good),
        StageStatus::Warning => Badge::new("Warning", Meaning::Warning),
        StageStatus::Failed => Badge::new("Failed", Meaning::Bad),
        StageStatus::Skipped => Badge::new("Skipped", Meaning::Neutral),
    };
    let time = match stage.status {
        StageStatus::Skipped => Cell::unknown(),
        _ => Cell::number(format!("{} ms", stage.elapsed.as_millis())),
    };
    Row::new([Cell::text(&stage.name), Cell::badge(status), Cell::text(&stage.detail), time])
}

fn command(command: &CommandAccess) -> Row {
    let access = match command.access {
        Access::Allowed => Badge::new("Allowed", Meaning::Good),
        Access::Denied => Badge::new("Denied", Meaning::Warning),
        Access::Failed => Badge::new("Failed", Meaning::Bad),
        Access::Missing => Badge::new("Missing", Meaning::Neutral),
        Access::Skipped => Badge::new("Not tried", Meaning::Neutral),
    };
    let cure = command.error.as_ref().map(|error| format!(" {}", error.cure)).unwrap_or_default();
    let time = command.latency.map_or_else(Cell::unknown, |time| Cell::number(format!("{} ms", time.as_millis())));
    Row::new([
        Cell::text(&command.command),
        Cell::badge(access),
        Cell::text(&format!("{}{cure}", command.detail)),
        Cell::text(&command.permissions.join(", ")),
        time,
    ])
}
