//! `GET /common/auth/session/accounts/`: the tenants that the caller may use.

use serde::Serialize;

use crate::{
    Generation, Options, SimulatedTenant,
    call::RoutedRequest,
    data::{
        moment::{FormattedTime, TODAY},
        odd::{Odd, Oddities},
        random::{Topic, dice},
    },
    page::{PageSlice, PastLast, whole},
    reply::Reply,
    tenants::{is_trial_expired, tenant},
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LegacyAccount {
    id: u32,
    name: String,
    photo: &'static str,
    last_login: Odd<FormattedTime>,
    is_primary_account: &'static str,
}

/// The members that middle and current share.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PagedAccount {
    id: u32,
    registration_id: u32,
    label: String,
    photo: &'static str,
    last_login: Odd<FormattedTime>,
    managed_type: &'static str,
    is_primary_account: bool,
    is_trial_mode: bool,
    is_trial_expired: bool,
    is_msp_accessible: bool,
    is_cvr_offered_to_msp: bool,
    is_custom_branding_applied: bool,
    clear_database_remaining: u32,
    trial_days_remaining: u32,
    domains_remaining: u32,
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CurrentAccount {
    #[serde(flatten)]
    shared: PagedAccount,
    billing_plan_type: &'static str,
    is_billing_day_last_of_month: bool,
    billing_day: u32,
    is_onboarding_mode: bool,
    initial_scan_type: Odd<&'static str>,
    scan_type: &'static str,
    show_pmf_survey: bool,
    devices_count: u32,
    max_billable_assets: u32,
    enforce_max_billable_assets: bool,
    is_demo_account: bool,
    is_demo_scan_running: bool,
    is_one_click_remediation_requested: bool,
}

/// Legacy: all of them as an array. Middle and current: pages, and a search in the names.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let options = &call.world.options;
    let visible = (1..=options.tenants)
        .filter(|id| call.user.is_some_and(|user| user.kind.may_see(*id)))
        .filter_map(|id| tenant(options, id));
    let form = call.dialect().accounts;
    if form == Generation::Legacy {
        let all: Vec<SimulatedTenant> = visible.collect();
        let rows = whole(call, all.len() as u64);
        return Ok(Reply::array(in_range(all, rows).map(|tenant| LegacyAccount::of(call, tenant))));
    }
    let search = call.query.folded("filter");
    let found: Vec<SimulatedTenant> = visible
        .filter(|tenant| search.as_ref().is_none_or(|search| tenant.name.to_lowercase().contains(search)))
        .collect();
    let page = PageSlice::of(call, Some("size"), PastLast::ByGeneration, found.len() as u64)?;
    let rows = in_range(found, page.rows.clone());
    Ok(if form == Generation::Middle {
        page.reply(rows.map(|tenant| PagedAccount::of(call, tenant)))
    } else {
        page.reply(rows.map(|tenant| CurrentAccount::of(call, tenant)))
    })
}

fn in_range(all: Vec<SimulatedTenant>, rows: std::ops::Range<u64>) -> impl Iterator<Item = SimulatedTenant> {
    (0..).zip(all).filter(move |(index, _)| rows.contains(index)).map(|(_, tenant)| tenant)
}

/// The facts about a tenant that every form shows.
struct Common {
    odd: Oddities,
    last_login: Option<u64>,
    primary: bool,
}

impl Common {
    fn of(call: &RoutedRequest<'_>, tenant: &SimulatedTenant) -> Self {
        let options: &Options = &call.world.options;
        let mut dice = dice(options.seed, tenant.id, Topic::Tenant, 0);
        Self {
            odd: Oddities::of_row(options.oddities, dice.u64(..)),
            last_login: (tenant.id == 1 || dice.bool()).then(|| (TODAY - dice.u64(..900_000)) * 1_000_000),
            primary: options.original_tenant == Some(tenant.id),
        }
    }
}

impl LegacyAccount {
    fn of(call: &RoutedRequest<'_>, tenant: SimulatedTenant) -> Self {
        let common = Common::of(call, &tenant);
        Self {
            id: tenant.id,
            name: tenant.name,
            photo: common.odd.photo(1),
            last_login: common.odd.nullable_moment(2, common.last_login),
            is_primary_account: if common.primary { "True" } else { "False" },
        }
    }
}

impl PagedAccount {
    fn of(call: &RoutedRequest<'_>, tenant: SimulatedTenant) -> Self {
        let common = Common::of(call, &tenant);
        let trial_expired = is_trial_expired(&call.world.options, tenant.id);
        Self {
            id: tenant.id,
            registration_id: tenant.id + 500,
            label: tenant.name.clone(),
            photo: common.odd.photo(1),
            last_login: common.odd.nullable_moment(2, common.last_login),
            managed_type: "co_managed",
            is_primary_account: common.primary,
            is_trial_mode: trial_expired,
            is_trial_expired: trial_expired,
            is_msp_accessible: true,
            is_cvr_offered_to_msp: false,
            is_custom_branding_applied: false,
            clear_database_remaining: 0,
            trial_days_remaining: 0,
            domains_remaining: 0,
            name: tenant.name,
        }
    }
}

impl CurrentAccount {
    fn of(call: &RoutedRequest<'_>, tenant: SimulatedTenant) -> Self {
        let devices = call.world.options.devices;
        let odd = Common::of(call, &tenant).odd;
        Self {
            initial_scan_type: odd.nullable(3, (tenant.id % 2 == 1).then_some("hybrid")),
            shared: PagedAccount::of(call, tenant),
            billing_plan_type: "monthly",
            is_billing_day_last_of_month: false,
            billing_day: 1,
            is_onboarding_mode: false,
            scan_type: "hybrid",
            show_pmf_survey: false,
            devices_count: devices,
            max_billable_assets: devices.max(100),
            enforce_max_billable_assets: false,
            is_demo_account: false,
            is_demo_scan_running: false,
            is_one_click_remediation_requested: false,
        }
    }
}
