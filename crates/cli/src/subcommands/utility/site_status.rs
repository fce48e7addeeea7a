//! `footprint utility update-tenant-site-status`: sets a tenant's site active or inactive.

use anyhow::Result;
use clap::ArgMatches;
use soar_connector::Parameters;
use soar_host::tenants::{SITE_STATUS_ENDPOINT, SiteStatusRequest, site_status_manifest};

use super::answer;
use super::flags::{CallFlags, given};
use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
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
    let site = session.site_if_named(call.site.as_deref()).await?;
    let context = session.context(SITE_STATUS_ENDPOINT);
    let ended = session.connected_operations()?.set_tenant_site_status(&context, site.as_deref(), &request).await;
    answer::show(&session.tried(context, ended).await?, call.output, printer)
}
