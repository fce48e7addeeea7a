//! Sets a user's roles as its groups at the provider give them.

use std::collections::BTreeMap;

use soar_store::model::{Moment, Role, User};
use soar_store::{Records, StoreError, UserChange};

use crate::settings::GroupMapping;

/// The rights that groups give.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Granted {
    /// The highest role on each site that the settings name. `None` for no role there.
    roles: BTreeMap<String, Option<Role>>,
    /// Whether the user is an administrator. `None` if no setting is about it.
    administrator: Option<bool>,
}

impl Granted {
    pub(super) fn by(mappings: &[GroupMapping], groups: &[String]) -> Self {
        let mut granted = Self { roles: BTreeMap::new(), administrator: None };
        for mapping in mappings {
            let is_member = groups.contains(&mapping.group);
            if let (Some(site), Some(role)) = (&mapping.site, mapping.role) {
                let highest = granted.roles.entry(site.clone()).or_default();
                *highest = (*highest).max(is_member.then_some(role));
            }
            if mapping.administrator {
                granted.administrator = Some(granted.administrator.unwrap_or_default() || is_member);
            }
        }
        granted
    }

    /// Whether the groups give any right.
    pub(super) fn gives_any(&self) -> bool {
        self.administrator == Some(true) || self.roles.values().any(Option::is_some)
    }

    /// Sets the user's rights in the caller's transaction. Returns the changes, for the audit log.
    pub(super) async fn set(
        &self,
        records: &mut Records<'_>,
        user: &User,
        now: Moment,
    ) -> Result<Vec<String>, StoreError> {
        let mut changes = Vec::new();
        let roles = records.roles(user.id).await?;
        for (name, role) in &self.roles {
            let site = match records.site(name).await {
                Ok(site) => site,
                Err(StoreError::NotFound { .. }) => {
                    tracing::warn!(site = name, "sign-in.openid.groups names a site that does not exist");
                    continue;
                }
                Err(error) => return Err(error),
            };
            match (roles.get(&site.id), role) {
                (Some(before), Some(role)) if before == role => {}
                (None, None) => {}
                (_, Some(role)) => {
                    records.set_role(user.id, site.id, *role).await?;
                    changes.push(format!("{role} on {}", site.name));
                }
                (Some(_), None) => {
                    records.remove_role(user.id, site.id).await?;
                    changes.push(format!("no role on {}", site.name));
                }
            }
        }
        if let Some(is_administrator) = self.administrator.filter(|wanted| *wanted != user.is_administrator) {
            let change = UserChange { is_administrator: Some(is_administrator), ..UserChange::default() };
            match records.update_user(&user.name, &change, now).await {
                Ok(_) if is_administrator => changes.push("administrator".to_owned()),
                Ok(_) => changes.push("no administrator any more".to_owned()),
                Err(StoreError::LastAdministrator(_)) => {
                    changes.push("stays administrator, since no other one would be left".to_owned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(group: &str, role: Option<(&str, Role)>, administrator: bool) -> GroupMapping {
        let (site, role) = role.map(|(site, role)| (site.to_owned(), role)).unzip();
        GroupMapping { group: group.to_owned(), site, role, administrator }
    }

    #[test]
    fn the_highest_role_counts_and_a_site_without_a_group_has_none() {
        let mappings = [
            mapping("viewers", Some(("A", Role::Viewer)), false),
            mapping("managers", Some(("A", Role::Manager)), false),
            mapping("analysts", Some(("B", Role::Analyst)), false),
            mapping("admins", None, true),
        ];
        let granted = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            Granted::by(&mappings, &groups)
        };
        let some = granted(&["viewers", "managers", "others"]);
        assert_eq!(some.roles["A"], Some(Role::Manager));
        assert_eq!((some.roles["B"], some.administrator), (None, Some(false)));
        assert!(some.gives_any() && granted(&["admins"]).gives_any());
        assert!(!granted(&["VIEWERS", "others"]).gives_any(), "a group in other letters is another group");
        assert_eq!(Granted::by(&mappings[..3], &[]).administrator, None);
    }
}
