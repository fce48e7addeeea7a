//! Who acts, and what the caller may not do.

use std::collections::HashMap;

use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::name::same_name;
use soar_store::model::{Caller, Right, Site, SiteId, User};
use soar_store::{Records, StoreError};

use crate::Refusal;

/// In whose name something is done: the caller's, or that of another user who is named in the parameters.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// The name that is recorded.
    pub(super) name: String,
    /// Whether it is not the caller.
    is_other: bool,
}

impl Actor {
    /// The caller itself.
    pub(super) fn is(caller: &Caller) -> Self {
        Self { name: caller.user.name.clone(), is_other: false }
    }

    /// The user named under `Username`, or else the caller.
    pub(super) async fn find(
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
    ) -> Result<Self, Refusal> {
        match parameters.text("Username") {
            Some(name) if !is_caller(records, caller, name).await? => {
                // A caller that may act for nobody learns nothing about other users.
                if !caller.may_somewhere(Right::ActForOthers) {
                    return Err(Refusal::Forbidden(missing(caller, Right::ActForOthers, &caller.site.name)));
                }
                let user = active_user(records, name).await?;
                Ok(Self { name: user.name, is_other: true })
            }
            _ => Ok(Self::is(caller)),
        }
    }

    /// Why the actor may not change what belongs to `site`, if that is so. What the caller may not see is not there.
    pub(super) fn refusal(
        &self,
        caller: &Caller,
        what: &'static str,
        number: &str,
        site: SiteId,
        sites: &Sites,
    ) -> Option<String> {
        if !caller.may(Right::SeeIncidents, site) {
            return Some(StoreError::not_found(what, number).to_string());
        }
        let wanted = [Right::ChangeIncidents, Right::ActForOthers];
        let wanted = &wanted[..if self.is_other { 2 } else { 1 }];
        let lacking = wanted.iter().find(|right| !caller.may(**right, site))?;
        Some(missing(caller, *lacking, sites.name(site)))
    }
}

/// Whether `name` is the caller's. Another user may have a name that looks the same, from before names were compared so.
async fn is_caller(records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<bool, StoreError> {
    if name == caller.user.name || !same_name(name, &caller.user.name) {
        return Ok(name == caller.user.name);
    }
    Ok(records.user(name).await?.id == caller.user.id)
}

/// The user of that name, who may do something.
pub(super) async fn active_user(records: &mut Records<'_>, name: &str) -> Result<User, Refusal> {
    let user = records.user(name).await?;
    if user.active {
        return Ok(user);
    }
    Err(Refusal::Because(format!("The user {} is not active. Name an active user.", quoted(&user.name))))
}

/// The site of that name, as far as the caller may change incidents there.
pub(super) async fn site_for_change(records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<Site, Refusal> {
    let site = records.site(name).await?;
    if !caller.may(Right::SeeIncidents, site.id) {
        return Err(StoreError::not_found("site", name).into());
    }
    may(caller, Right::ChangeIncidents, &site)?;
    Ok(site)
}

/// Refuses unless the caller has `right` on `site`.
pub(super) fn may(caller: &Caller, right: Right, site: &Site) -> Result<(), Refusal> {
    if caller.may(right, site.id) { Ok(()) } else { Err(Refusal::Forbidden(missing(caller, right, &site.name))) }
}

/// That a right is missing, and who can give it.
pub(super) fn missing(caller: &Caller, right: Right, site: &str) -> String {
    format!(
        "The user {} lacks the right to {right} on the site {}. Ask an administrator for a role that has it.",
        quoted(&caller.user.name),
        quoted(site),
    )
}

/// All sites, by their number in the store.
#[derive(Debug)]
pub(super) struct Sites(HashMap<SiteId, Site>);

impl Sites {
    pub(super) async fn load(records: &mut Records<'_>) -> Result<Self, StoreError> {
        Ok(Self(records.sites().await?.into_iter().map(|site| (site.id, site)).collect()))
    }

    pub(super) fn get(&self, id: SiteId) -> Option<&Site> {
        self.0.get(&id)
    }

    pub(super) fn name(&self, id: SiteId) -> &str {
        self.get(id).map_or("", |site| &site.name)
    }
}
