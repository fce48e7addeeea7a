//! `GET /console/scanSurface/scanners/`: the tenant's scanners.

use std::net::Ipv4Addr;

use serde::Serialize;

use crate::{
    Generation,
    call::RoutedRequest,
    data::{
        moment::{FormattedTime, TODAY, TimeFormat},
        odd::{Odd, Oddities},
        random::{Topic, dice},
        scanner::Scanner,
        words,
    },
    page::whole,
    reply::Reply,
    tenants::tenant,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SchedulerConfig {
    no_scan_window_start_interval: &'static str,
    no_scan_window_stop_interval: &'static str,
    agentless_scanner: u64,
}

/// The members that every generation has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScannerRow {
    id: u64,
    state: &'static str,
    administrative_state: &'static str,
    scheduler_config: Odd<SchedulerConfig>,
    number_of_user_inputs: u32,
    number_of_ips_scanned: u32,
    private_ip: Odd<Ipv4Addr>,
    guid: Odd<String>,
    public_ip: Odd<Ipv4Addr>,
    hostname: String,
    label: String,
    advanced_scanner_status: Odd<&'static str>,
    is_broker_accessible_by_scanner: bool,
    is_default_cloud_scanner: bool,
    operating_system: Odd<&'static str>,
    worker_version: Odd<&'static str>,
    controller_version: Odd<&'static str>,
    install_type: &'static str,
    install_date: Odd<FormattedTime>,
    last_seen: Odd<FormattedTime>,
    last_update: Odd<FormattedTime>,
    message_broker_username: Odd<&'static str>,
    virtual_host: Odd<&'static str>,
    r#type: &'static str,
    extend_scan_running: bool,
    is_shared: bool,
    tenant: u32,
    agent: Odd<u64>,
    containers_status: Vec<Container>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    middle: Option<MiddleParts>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    current: Option<CurrentParts>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: &'static str,
    status: &'static str,
    cpu_usage: f64,
    mem_usage: &'static str,
    mem_limit: &'static str,
}

/// The members that current adds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CurrentParts {
    is_os_outdated: bool,
    number_of_ips_from_all_scopes: u32,
    tenant_name: String,
}

/// The members that middle adds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MiddleParts {
    credentials: Odd<Vec<ScanCredentials>>,
    uptime: Odd<u32>,
    toolkit_version: Odd<&'static str>,
    cpu_count: Odd<u32>,
    ram_capacity: Odd<u32>,
    hdd_capacity: Odd<u32>,
    is_meeting_cpu_requirements: bool,
    is_meeting_ram_requirements: bool,
    is_meeting_hdd_requirements: bool,
    incompatibility_reason: Odd<&'static str>,
    is_auto_ssh_running: bool,
    tunnel_status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanCredentials {
    id: u64,
    label: &'static str,
    state: &'static str,
    created_on: FormattedTime,
    user_inputs_count: u32,
    credentials_type: &'static str,
}

/// All of them as an array, on every generation.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let inventory = call.inventory();
    let shown = whole(call, u64::from(call.world.options.scanners));
    let count = usize::try_from(shown.end).unwrap_or(usize::MAX);
    let rows = inventory.scanners().take(count);
    Ok(Reply::array(rows.map(|scanner| row(call, scanner))))
}

/// A scanner's random values, in the order in which they are drawn.
pub(super) struct Draw {
    dice: fastrand::Rng,
    odd: Oddities,
    last_octet: u8,
}

impl Draw {
    pub(super) fn of(call: &RoutedRequest<'_>, scanner: Scanner) -> Self {
        let options = &call.world.options;
        let mut dice = dice(options.seed, call.tenant, Topic::Scanner, scanner.id);
        let odd = Oddities::of_row(options.oddities, dice.u64(..));
        let last_octet = dice.u8(2..250);
        Self { dice, odd, last_octet }
    }

    pub(super) fn public_ip(&self) -> Odd<Ipv4Addr> {
        self.odd.nullable(4, Some(Ipv4Addr::new(203, 0, 113, self.last_octet)))
    }
}

pub(super) fn state(scanner: Scanner) -> &'static str {
    if scanner.is_active() { "Online" } else { "Offline" }
}

pub(super) fn administrative_state(scanner: Scanner) -> &'static str {
    if scanner.is_active() { "Active" } else { "Stopped" }
}

fn row(call: &RoutedRequest<'_>, scanner: Scanner) -> ScannerRow {
    let options = &call.world.options;
    let draw = Draw::of(call, scanner);
    let public_ip = draw.public_ip();
    let Draw { mut dice, odd, last_octet } = draw;
    let internal = !scanner.is_cloud();
    let online = scanner.is_active();
    let installed = FormattedTime::before_today(&mut dice, 900);
    let seen_ago = if online { 60 } else { 30 * 86_400 };
    let inputs = options.scan_surface_entries / options.scanners;
    ScannerRow {
        id: scanner.id,
        state: state(scanner),
        administrative_state: administrative_state(scanner),
        scheduler_config: odd.object(
            1,
            SchedulerConfig {
                no_scan_window_start_interval: odd.time_of_day("08:00:00Z"),
                no_scan_window_stop_interval: odd.time_of_day("18:00:00Z"),
                agentless_scanner: scanner.id,
            },
        ),
        number_of_user_inputs: inputs,
        number_of_ips_scanned: inputs * 2,
        private_ip: odd.nullable(2, internal.then(|| Ipv4Addr::new(10, 20, 0, last_octet))),
        guid: odd.nullable(3, internal.then(|| format!("{:032x}", dice.u128(..)))),
        public_ip,
        hostname: scanner.host_name(),
        label: scanner.label(),
        advanced_scanner_status: odd.nullable(5, online.then_some("running")),
        is_broker_accessible_by_scanner: online,
        is_default_cloud_scanner: scanner.is_cloud(),
        operating_system: odd
            .nullable(6, internal.then(|| words::pick(&["Ubuntu 20.04 LTS", "Debian GNU/Linux 11"], dice.usize(..)))),
        worker_version: odd.nullable(7, Some("3.14.2")),
        controller_version: odd.nullable(8, Some("3.14.0")),
        install_type: "standalone",
        install_date: odd.moment(9, installed),
        last_seen: odd.moment(10, (TODAY - seen_ago) * 1_000_000),
        last_update: odd.nullable_moment(11, internal.then_some(installed + 86_400_000_000)),
        message_broker_username: odd.nullable(12, None),
        virtual_host: odd.nullable(12, None),
        r#type: if internal { "internal" } else { "external" },
        extend_scan_running: scanner.is_extending(),
        is_shared: scanner.is_cloud(),
        tenant: call.tenant,
        agent: Odd::Null,
        containers_status: containers(online),
        middle: (call.dialect().scanners >= Generation::Middle).then(|| middle_parts(scanner, odd, inputs)),
        current: (call.dialect().scanners == Generation::Current).then(|| current_parts(call, scanner, inputs)),
    }
}

fn containers(online: bool) -> Vec<Container> {
    ["worker", "controller"]
        .into_iter()
        .map(|name| Container {
            name,
            status: if online { "online" } else { "offline" },
            cpu_usage: if online { 2.5 } else { 0.0 },
            mem_usage: if online { "212MiB" } else { "0B" },
            mem_limit: "4GiB",
        })
        .collect()
}

fn current_parts(call: &RoutedRequest<'_>, scanner: Scanner, inputs: u32) -> CurrentParts {
    CurrentParts {
        is_os_outdated: scanner.number.is_multiple_of(2),
        number_of_ips_from_all_scopes: inputs * 3,
        tenant_name: tenant(&call.world.options, call.tenant).map(|tenant| tenant.name).unwrap_or_default(),
    }
}

fn middle_parts(scanner: Scanner, odd: Oddities, inputs: u32) -> MiddleParts {
    let internal = !scanner.is_cloud();
    let created_on = FormattedTime {
        micros: (TODAY - 8_000_000) * 1_000_000,
        form: if odd.on() { TimeFormat::Space } else { TimeFormat::Iso },
    };
    let credentials = internal.then(|| {
        vec![ScanCredentials {
            id: scanner.id,
            label: "Linux servers",
            state: "valid",
            created_on,
            user_inputs_count: inputs,
            credentials_type: "ssh_key",
        }]
    });
    MiddleParts {
        credentials: odd.nullable(13, credentials),
        uptime: odd.nullable(14, scanner.is_active().then_some(86_400 * scanner.number)),
        toolkit_version: odd.nullable(15, Some("1.8.1")),
        cpu_count: odd.nullable(16, internal.then_some(4)),
        ram_capacity: odd.nullable(17, internal.then_some(8_192)),
        hdd_capacity: odd.nullable(18, internal.then_some(81_920)),
        is_meeting_cpu_requirements: true,
        is_meeting_ram_requirements: true,
        is_meeting_hdd_requirements: true,
        incompatibility_reason: odd.nullable(19, None),
        is_auto_ssh_running: false,
        tunnel_status: if scanner.is_active() { "started" } else { "stopped" },
    }
}
