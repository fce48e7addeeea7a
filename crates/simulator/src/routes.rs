//! Lists every route once: its short name, method, path, demand on the caller and endpoint.

use crate::{
    Generation::{self, Middle},
    access::Demand::{self, Nothing, Read, Write},
    call::RoutedRequest,
    endpoints as to,
    reply::Reply,
};

/// Answers a call; an `Err` is the vendor's refusal.
pub(crate) type EndpointHandler = fn(&RoutedRequest<'_>) -> Result<Reply, Reply>;

/// One method on one path.
#[derive(Debug)]
pub(crate) struct Route {
    /// The name that faults use; several routes may share one.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// The path below `/api`, variable parts in braces.
    pub(crate) path: &'static str,
    pub(crate) demand: Demand,
    /// The first generation that has the route.
    pub(crate) since: Generation,
    pub(crate) endpoint: EndpointHandler,
}

const fn route(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    demand: Demand,
    endpoint: EndpointHandler,
) -> Route {
    Route { name, method, path, demand, since: Generation::Legacy, endpoint }
}

const fn since(since: Generation, route: Route) -> Route {
    Route { since, ..route }
}

/// Every route of the simulator.
#[rustfmt::skip]
pub(crate) static ROUTES: [Route; 34] = [
    route("token", "POST", "/auth/token/", Nothing, to::token::create),
    route("refresh", "POST", "/auth/token/refresh/", Nothing, to::refresh::create),
    route("login", "POST", "/common/auth/session/", Nothing, to::session::log_in),
    route("session", "GET", "/common/auth/session/", Nothing, to::session::show),
    route("session", "DELETE", "/common/auth/session/", Nothing, to::session::log_out),
    route("accounts", "GET", "/common/auth/session/accounts/", Read, to::accounts::list),
    route("contexts", "GET", "/console/elements/contexts/technical/", Read, to::contexts::list),
    route("context", "GET", "/console/elements/contexts/technical/{contextId}/", Read, to::contexts::show),
    route("devices", "GET", "/console/elements/devices/", Read, to::devices::list),
    route("attack-avenues", "GET", "/console/elements/device/{deviceId}/attackavenues/", Read, to::attack_avenues::list),
    route("network-connections", "GET", "/console/elements/device/{deviceId}/networkConnections/", Read, to::network_connections::list),
    route("device-users", "GET", "/console/elements/device/{deviceId}/users/", Read, to::device_users::list),
    route("vulnerabilities", "GET", "/console/elements/device/{deviceId}/vulnerabilities/", Read, to::vulnerabilities::list),
    route("applications", "GET", "/console/elements/device/{deviceId}/applications/", Read, to::applications::list),
    route("overview", "GET", "/console/elements/device/{deviceId}/overview/", Read, to::device_facts::overview),
    route("os", "GET", "/console/elements/device/{deviceId}/os/", Read, to::device_facts::system),
    route("patches", "GET", "/console/elements/device/{deviceId}/patches/", Read, to::device_facts::patches),
    since(Middle, route("device-tags", "POST", "/console/elements/device/{deviceId}/updateTags/", Write, to::device_tags::update)),
    route("application-vulnerabilities", "GET", "/console/elements/application/{applicationId}/vulnerabilities/", Read, to::application_findings::list),
    route("vulnerability-state", "POST", "/console/elements/application/{applicationId}/vulnerabilities/", Write, to::application_findings::change),
    route("risk-report", "GET", "/console/reporting/contextualRiskReport/", Read, to::risk_report::list),
    route("scanners", "GET", "/console/scanSurface/scanners/", Read, to::scanners::list),
    route("scan-surface", "GET", "/console/scanSurface/", Read, to::scan_surface::list),
    route("scan-targets", "POST", "/console/scanSurface/", Write, to::scan_targets::add),
    route("ports", "GET", "/console/scanSurface/currentTargets/ports/", Read, to::ports::list),
    route("rescan", "PATCH", "/console/scanSurface/rescan/", Write, to::rescan::all),
    route("rescan", "PATCH", "/console/scanSurface/rescan/{scannerId}/", Write, to::rescan::one),
    route("rescan", "PATCH", "/console/scanSurface/userInputs/{userInputId}/rescan/", Write, to::rescan::input),
    route("target", "PATCH", "/console/scanSurface/currentTargets/{targetId}/", Write, to::target::change),
    route("users", "GET", "/common/users/", Read, to::users::list),
    route("status", "GET", "/console/status/", Read, to::status::show),
    route("scan-status", "GET", "/console/status/scan/", Read, to::scan_status::show),
    since(Middle, route("scans", "GET", "/console/scans/", Read, to::scans::list)),
    since(Middle, route("scans", "GET", "/console/scans/{scanUuid}/", Read, to::scans::show)),
];

/// The short names, each once, in the order of the list.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = ROUTES.iter().map(|route| route.name).collect();
    names.dedup();
    names
}

/// The paths, each once.
pub(crate) fn paths() -> Vec<&'static str> {
    let mut paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    paths
}

/// The part of a request's path that stands where the template has its variable part.
pub(crate) fn element<'p>(template: &str, path: &'p str) -> &'p str {
    template.split('/').zip(path.split('/')).find(|(part, _)| part.starts_with('{')).map_or("", |(_, value)| value)
}
