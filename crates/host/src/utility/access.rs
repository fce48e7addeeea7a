//! The acting user of a command, and the checks of rights.

use std::collections::{BTreeMap, HashMap};

use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::name::same_name;
use soar_store::model::{Caller, Right, Role, Site, SiteId, User};
use soar_store::{Records, StoreError};

use crate::Refusal;

/// The acting user: the caller, or another user in the parameters.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// The recorded name.
    pub(super) name: String,
    /// Whether the acting user is not the caller.
    is_other: bool,
}

impl Actor {
    /// The caller as acting user.
    pub(super) fn is(caller: &Caller) -> Self {
        Self { name: caller.user.name.clone(), is_other: false }
    }

    /// The user in the parameter `Username`, or else the caller.
    pub(super) async fn find(
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
    ) -> Result<Self, Refusal> {
        match parameters.text("Username") {
            Some(name) if !is_caller(records, caller, name).await? => {
                // A caller without the right to act for others learns nothing about other users.
                if !caller.may_somewhere(Right::ActForOthers) {
                    return Err(Refusal::Forbidden(missing(caller, Right::ActForOthers, &caller.site.name)));
                }
                let user = active_user(records, name).await?;
                Ok(Self { name: user.name, is_other: true })
            }
            _ => Ok(Self::is(caller)),
        }
    }

    /// The reason for which the actor may not change an object of `site`; `None` where it may. An object that the
    /// caller may not see counts as missing.
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

/// Whether `name` is the caller's name. Another user's stored name may look the same, from before the current rule for
/// names.
async fn is_caller(records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<bool, StoreError> {
    if name == caller.user.name || !same_name(name, &caller.user.name) {
        return Ok(name == caller.user.name);
    }
    Ok(records.user(name).await?.id == caller.user.id)
}

/// The active user of that name.
async fn active_user(records: &mut Records<'_>, name: &str) -> Result<User, Refusal> {
    let user = records.user(name).await?;
    if user.active {
        return Ok(user);
    }
    Err(Refusal::Because(format!("The user {} is not active. Name an active user.", quoted(&user.name))))
}

/// The owner of an incident without a given owner.
pub(super) const SYSTEM: &str = "System";

/// A user as owner or assignee, with its roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IncidentOwner {
    /// The user's own spelling of the name, or the given name if there is no such user.
    name: String,
    /// The user and its roles, if the user exists.
    user: Option<(User, BTreeMap<SiteId, Role>)>,
}

impl IncidentOwner {
    /// The user of that name, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub(crate) async fn find(records: &mut Records<'_>, name: &str) -> Result<Self, StoreError> {
        let name = name.trim();
        if name.eq_ignore_ascii_case(SYSTEM) {
            return Ok(Self { name: SYSTEM.to_owned(), user: None });
        }
        match records.user(name).await {
            Ok(user) => {
                let roles = records.roles(user.id).await?;
                Ok(Self { name: user.name.clone(), user: Some((user, roles)) })
            }
            Err(StoreError::NotFound { .. }) => Ok(Self { name: name.to_owned(), user: None }),
            Err(error) => Err(error),
        }
    }

    /// The recorded name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Refuses unless the user is active and may see incidents on the site. The error is the same for a user that does
    /// not exist, so that a caller learns nothing about the users of other sites.
    ///
    /// # Errors
    /// The text of the refusal.
    pub(crate) fn must_see(&self, id: SiteId, site: &str) -> Result<(), String> {
        let sees = match &self.user {
            None => self.name == SYSTEM,
            Some((user, roles)) => {
                let allows = || roles.get(&id).is_some_and(|role| role.allows(Right::SeeIncidents));
                user.active && (user.is_administrator || allows())
            }
        };
        if sees {
            return Ok(());
        }
        Err(format!(
            "The site {} has no active user {} with a role on it. Name a user who may see its incidents.",
            quoted(site),
            quoted(&self.name)
        ))
    }
}

/// Checks the name of an owner on `site`, and returns the recorded name.
pub(super) async fn owner_on(records: &mut Records<'_>, name: &str, site: &Site) -> Result<String, Refusal> {
    let owner = IncidentOwner::find(records, name).await?;
    owner.must_see(site.id, &site.name).map_err(Refusal::Because)?;
    Ok(owner.name)
}

/// The site of that name, if the caller may change incidents there.
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

/// The error for a missing right.
pub(super) fn missing(caller: &Caller, right: Right, site: &str) -> String {
    format!(
        "The user {} lacks the right to {right} on the site {}. Ask an administrator for a role that has it.",
        quoted(&caller.user.name),
        quoted(site),
    )
}

/// All sites by id.
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
