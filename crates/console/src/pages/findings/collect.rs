//! `/findings/collect`: collects the findings of all tenants now, after a question.

use axum::Router;
use soar_host::findings::CollectionToMake;
use soar_store::model::Right;

use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Notice, Page, PageError, PageResult, Tone};

/// The page with the result of each tenant.
const RESULTS: &str = "/findings/tenants";

pub(super) fn routes() -> Router {
    Router::new().route("/findings/collect", form(ask, send))
}

async fn ask(page: Page) -> PageResult {
    may_collect(&page)?;
    let question = "The findings of all tenants of all connections that you may use are read now. The products get many \
                    requests.";
    let frame = page.frame("Collect findings").below("Findings", "/findings");
    page.show(&ConfirmPage::new(frame, question, page.href("/findings/collect"), "Collect", page.href(RESULTS)))
}

async fn send(page: Page) -> PageResult {
    may_collect(&page)?;
    let made = page.operations().collect_findings(page.context()?, &CollectionToMake::default()).await;
    let notice = match made {
        Ok(made) if made.problems.is_empty() => Notice::done("The collection has begun."),
        Ok(made) => {
            let problems = made.problems.iter().map(|one| format!("{}: {}", one.connection, one.problem));
            let problems = problems.collect::<Vec<_>>().join(" ");
            Notice::new(Tone::Warning, format!("The collection has begun. Connections were left out. {problems}"))
        }
        Err(error) => Notice::failed(page.about_input(error)?),
    };
    page.lead_to(RESULTS, Some(notice))
}

fn may_collect(page: &Page) -> Result<(), PageError> {
    if page.may_somewhere(Right::UseConnections) {
        return Ok(());
    }
    Err(PageError::forbidden("Collecting findings needs the right to use connections. Ask an administrator for it."))
}
