//! The user in whose name a rule acts, and what this user may see and change now.

use std::collections::HashMap;

use soar_connector::name::quoted;
use soar_store::model::name::same_name;
use soar_store::model::{
    Allowed, Caller, Connection, ConnectionId, ConnectionSites, FeedId, Right, Site, SiteId, UserId,
};
use soar_store::{Records, StoreError};

use crate::Refusal;
use crate::connections::Connections;
use crate::utility::IncidentOwner;

/// The owner of incidents without another owner.
pub(super) const SYSTEM: &str = "System";

/// The user of a rule.
#[derive(Debug)]
pub(super) struct Acting {
    /// The user on the first site. [`Acting::on`] is the user on another site.
    caller: Caller,
    connections: HashMap<ConnectionId, Connection>,
    sites: Vec<Site>,
    /// The tenants whose findings the user may see.
    pub(super) feeds: Vec<FeedId>,
    /// The owner that the rule names.
    owner: Option<IncidentOwner>,
}

/// The user of a rule, with its rights on all sites.
///
/// # Errors
/// [`Refusal::Unable`] when the user is not active.
pub(crate) async fn caller_of(records: &mut Records<'_>, user: UserId) -> Result<Caller, Refusal> {
    let user = records.users().await?.into_iter().find(|known| known.id == user);
    let user = user.ok_or_else(|| StoreError::not_found("user", "of the rule"))?;
    if !user.active {
        let name = quoted(&user.name);
        return Err(Refusal::Unable(format!(
            "The user {name}, whose rights the rule has, is not active. Activate the user, or add the rule again in another \
             user's name."
        )));
    }
    let site = records.sites().await?.into_iter().next();
    let site = site.ok_or_else(|| StoreError::not_found("site", "of the rule"))?;
    let roles = records.roles(user.id).await?;
    Ok(Caller { user, site, roles, reach: Allowed::All, key: None, request_id: String::new() })
}

impl Acting {
    /// Loads the user of a rule, and the owner that the rule names.
    ///
    /// # Errors
    /// [`Refusal::Unable`] when the user is not active.
    pub(super) async fn load(
        records: &mut Records<'_>,
        connections: &Connections,
        user: UserId,
        owner: Option<&str>,
    ) -> Result<Self, Refusal> {
        let caller = caller_of(records, user).await?;
        Self::of(records, connections, caller, owner).await
    }

    /// The caller as the user of a rule.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub(super) async fn of(
        records: &mut Records<'_>,
        connections: &Connections,
        caller: Caller,
        owner: Option<&str>,
    ) -> Result<Self, Refusal> {
        let seen = connections.list_in(records, &caller).await?;
        let connections: HashMap<_, _> = seen.into_iter().map(|connection| (connection.id, connection)).collect();
        let feeds = records.finding_feeds().await?.into_iter();
        let feeds = feeds.filter(|feed| connections.contains_key(&feed.connection_id)).map(|feed| feed.id).collect();
        let owner = match owner {
            Some(name) => Some(IncidentOwner::find(records, name).await?),
            None => None,
        };
        Ok(Self { caller, connections, sites: records.sites().await?, feeds, owner })
    }

    /// The name of the user.
    pub(super) fn user(&self) -> &str {
        &self.caller.user.name
    }

    /// The user on a site.
    pub(super) fn on(&self, site: &Site) -> Caller {
        Caller { site: site.clone(), ..self.caller.clone() }
    }

    /// The user on any site.
    pub(super) fn anywhere(&self) -> &Caller {
        &self.caller
    }

    /// The connection, if the user may see it.
    pub(super) fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// Whether the user may see a connection of this name.
    pub(super) fn has_connection(&self, name: &str) -> bool {
        self.connections.values().any(|known| same_name(&known.name, name))
    }

    /// The site of this name, on which the user may change incidents.
    ///
    /// # Errors
    /// A sentence with the problem and the cure.
    pub(super) fn site_named(&self, name: &str) -> Result<&Site, String> {
        let site =
            self.sites.iter().find(|site| same_name(&site.name, name) && self.caller.may(Right::SeeIncidents, site.id));
        let missing = || format!("There is no site {} that the user {} may see.", quoted(name), quoted(self.user()));
        self.usable(site.ok_or_else(missing)?)
    }

    /// The site of the incidents about findings of a connection: the connection's, or the recipient site for events of a
    /// shared connection.
    ///
    /// # Errors
    /// A sentence with the problem and the cure.
    pub(super) fn site_of(&self, connection: &Connection) -> Result<&Site, String> {
        let id = match &connection.place {
            ConnectionSites::Site(site) => Some(site.id),
            ConnectionSites::SharedToInternalSites { recipient } => recipient.as_ref().map(|site| site.id),
        };
        let name = quoted(&connection.name);
        let missing = || {
            format!(
                "The connection {name} is shared and has no recipient site for events, so no incident was made about its \
                 findings. Give it one, or name a site in the rule."
            )
        };
        let site = id.and_then(|id| self.sites.iter().find(|site| site.id == id)).ok_or_else(missing)?;
        self.usable(site)
    }

    /// The site, if incidents can be made on it.
    fn usable<'s>(&self, site: &'s Site) -> Result<&'s Site, String> {
        if !self.caller.may(Right::ChangeIncidents, site.id) {
            return Err(format!(
                "The user {}, whose rights the rule has, lacks the right to {} on the site {}. Ask an administrator for it.",
                quoted(self.user()),
                Right::ChangeIncidents,
                quoted(&site.name)
            ));
        }
        site.inactive().map_or(Ok(site), Err)
    }

    /// The owner of incidents on a site: the one that the rule names, or System if that user may not own them now. The
    /// second value is the problem.
    pub(super) fn owner_on(&self, site: &Site) -> (String, Option<String>) {
        match &self.owner {
            None => (SYSTEM.to_owned(), None),
            Some(owner) => match owner.must_see(site.id, &site.name) {
                Ok(()) => (owner.name().to_owned(), None),
                Err(problem) => (SYSTEM.to_owned(), Some(format!("{problem} The owner is {SYSTEM} until then."))),
            },
        }
    }

    /// Whether the owner that the rule names may own incidents on at least one site.
    pub(super) fn has_owner(&self) -> bool {
        self.owner
            .as_ref()
            .is_none_or(|owner| self.sites.iter().any(|site| owner.must_see(site.id, &site.name).is_ok()))
    }

    /// Whether the user may change incidents on a site.
    pub(super) fn may_change(&self, site: SiteId) -> bool {
        self.caller.may(Right::ChangeIncidents, site)
    }

    /// The site with this id.
    pub(super) fn site(&self, id: SiteId) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == id)
    }
}
