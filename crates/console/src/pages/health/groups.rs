//! The connections in groups: the states of each server, site or tenant.

use std::collections::BTreeMap;

use soar_host::health::{Grouping, HealthTable};
use soar_store::model::HealthState;

use crate::parts::{Badge, Cell, Column, Row, Table};
use crate::visit::ListState;

/// A table of the groups.
pub(super) fn groups(table: &HealthTable, grouping: Grouping, list: &ListState) -> Table {
    let parameter = match grouping {
        Grouping::Server => "server",
        Grouping::Site => "site",
        Grouping::Tenant => "tenant",
    };
    let mut groups: Vec<_> = table.groups.iter().collect();
    groups.sort_by_key(|(name, states)| (std::cmp::Reverse(worst(states)), *name));
    let more = table.more_groups;
    let rows = groups.into_iter().map(|(name, states)| {
        let name = match name.as_str() {
            "" => Cell::text("Shared with no tenant"),
            // The place of shared connections is no site that a filter could name.
            soar_store::model::SHARED if grouping == Grouping::Site => Cell::text(name),
            name => Cell::link(list.changed(&[("group", None), (parameter, Some(name))]), name),
        };
        let count = |state: HealthState| states.get(&state).copied().unwrap_or_default();
        let all: usize = states.values().sum();
        let known = [HealthState::Failing, HealthState::Stale, HealthState::Recovering, HealthState::Degraded];
        let counts = known.map(count).into_iter().chain([count(HealthState::Unknown), count(HealthState::Healthy)]);
        let worst = worst(states).map_or_else(Cell::unknown, |state| Cell::badge(Badge::of_health(state)));
        Row::new([name, worst, Cell::number(all)].into_iter().chain(counts.map(Cell::number)))
    });
    let columns = [
        Column::text("name", grouping.as_str()),
        Column::text("worst", "Worst state"),
        Column::number("all", "Connections"),
        Column::number("failing", "Failing"),
        Column::number("stale", "Stale").wide(),
        Column::number("recovering", "Recovering").wide(),
        Column::number("degraded", "Degraded").wide(),
        Column::number("unknown", "Unknown").wide(),
        Column::number("healthy", "Healthy").wide(),
    ];
    let more = if more == 0 { String::new() } else { format!(" ({more} more groups are not shown)") };
    Table::new("groups", format!("Connections by {}{more}", grouping.as_str().to_lowercase()), columns)
        .rows(rows)
        .live("health")
}

/// The worst state in which a connection is. Unknown is worse than Healthy.
fn worst(states: &BTreeMap<HealthState, usize>) -> Option<HealthState> {
    HealthState::WORST_FIRST.into_iter().find(|state| states.get(state).is_some_and(|count| *count > 0))
}
