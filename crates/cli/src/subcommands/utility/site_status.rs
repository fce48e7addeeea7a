//! `footprint utility update-tenant-site-status`: sets a tenant's site active or inactive.

use anyhow::Result;
use clap::ArgMatches;
use soar_connector::Parameters;
use soar_host::tenants::{SiteStatusRequest, site_status_manifest};

use super::answer;
use super::flags::{CallFlags, given};
use crate::exit::{Exit, WrongUse};
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::Printer;

pub(super) async fn run(
    matches: &ArgMatches,
    call: &CallFlags,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let manifest = site_status_manifest();
    let raw = given(manifest, matches, call, session)?;
    let parameters = Parameters::parse(manifest, &raw).map_err(|problems| WrongUse::from(&problems))?;
    let request = SiteStatusRequest::from_parameters(&parameters).map_err(|problems| WrongUse(problems.join("\n")))?;
    let caller = match &call.site {
        Some(site) => session.caller(session.site(Some(site)).await?),
        None => session.any_caller().await?,
    };
    let status = if request.active { "Active" } else { "Inactive" };
    let ended = tenants(session)?.set_site_status(&caller, &request).await;
    let result = ended.as_ref().map_or("Failed", |answer| answer.return_data.as_str());
    let about = format!("{}, {}: {status}: {result}", request.tenant_name, request.tenant_site);
    let action = Action { command: soar_host::tenants::SITE_STATUS_ENDPOINT, site: "", about: &about };
    answer::show(&session.audited(&action, ended).await?, call.output, printer)
}
