//! Lists the endpoints, one group of the vendor's API per file.

pub(crate) mod accounts;
pub(crate) mod attack_avenues;
pub(crate) mod contexts;
mod device_filter;
mod device_rows;
pub(crate) mod device_users;
pub(crate) mod devices;
pub(crate) mod network_connections;
pub(crate) mod ports;
pub(crate) mod refresh;
pub(crate) mod rescan;
pub(crate) mod scan_status;
pub(crate) mod scan_surface;
pub(crate) mod scanners;
pub(crate) mod scans;
pub(crate) mod session;
mod session_rows;
pub(crate) mod status;
pub(crate) mod target;
pub(crate) mod token;
pub(crate) mod users;
pub(crate) mod vulnerabilities;
mod vulnerability_rows;
