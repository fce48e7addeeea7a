//! `GET /console/status/`: how many elements the tenant has, and its internal scanners.

use std::net::Ipv4Addr;

use serde::Serialize;

use super::scanners::{Draw, administrative_state, state};
use crate::{
    call::RoutedRequest,
    data::{odd::Odd, scanner::Scanner},
    reply::Reply,
};

/// How many technical contexts a business context has.
const CONTEXTS_PER_BUSINESS_CONTEXT: u32 = 5;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusBody {
    count: StatusCounts,
    internal_scanners: Vec<InternalScanner>,
}

/// Untyped on early legacy documents; these members since 2023-04.
#[derive(Debug, Serialize)]
struct StatusCounts {
    applications: u32,
    bc: u32,
    servers: u32,
    tc: u32,
    agents: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InternalScanner {
    id: u64,
    public_ip: Odd<Ipv4Addr>,
    label: String,
    administrative_state: &'static str,
    state: &'static str,
}

/// The tenant's overview.
pub(crate) fn show(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let options = &call.world.options;
    let inventory = call.inventory();
    let (applications, agents) =
        (0..options.devices).map(|rank| inventory.device_at(rank)).fold((0, 0), |(applications, agents), device| {
            (applications + device.applications, agents + u32::from(device.is_agent()))
        });
    Ok(Reply::json(&StatusBody {
        count: StatusCounts {
            applications,
            bc: options.contexts.div_ceil(CONTEXTS_PER_BUSINESS_CONTEXT),
            servers: options.devices,
            tc: options.contexts,
            agents,
        },
        internal_scanners: inventory
            .scanners()
            .filter(|scanner| !scanner.is_cloud())
            .map(|scanner| internal_scanner(call, scanner))
            .collect(),
    }))
}

fn internal_scanner(call: &RoutedRequest<'_>, scanner: Scanner) -> InternalScanner {
    InternalScanner {
        id: scanner.id,
        public_ip: Draw::of(call, scanner).public_ip(),
        label: scanner.label(),
        administrative_state: administrative_state(scanner),
        state: state(scanner),
    }
}
