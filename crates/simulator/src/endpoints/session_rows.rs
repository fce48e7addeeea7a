//! The three forms of the description of a session.

use serde::Serialize;

use super::token::LoginTokens;
use crate::{
    SimulatedUser, UserKind,
    call::RoutedRequest,
    data::{
        moment::{FormattedTime, TODAY, TimeFormat},
        odd::Oddities,
        random::{Topic, dice},
        words,
    },
    tenants::is_trial_expired,
};

/// The members that legacy and middle share; the default belongs to no user.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct SharedMembers<'a> {
    is_logged_in: bool,
    id: u32,
    email: &'a str,
    tenant_photo: &'a str,
    username: &'a str,
    role: &'a str,
    last_name: &'a str,
    photo: &'a str,
    first_name: &'a str,
    release_channel: &'a str,
    account_id: u32,
    registration_token: String,
    weekly_cvr_enabled: bool,
    sync_emails: bool,
    sync_period: &'a str,
    async_emails: bool,
    usage_report_emails: bool,
    is_installation_admin: bool,
    refresh: &'a str,
    access: &'a str,
    #[serde(rename = "original_tenant_id", skip_serializing_if = "Option::is_none")]
    original_tenant_id: Option<u32>,
}

impl<'a> SharedMembers<'a> {
    fn nobody(call: &RoutedRequest<'a>) -> Self {
        Self {
            email: nobodys_email(call),
            role: fitting_role(call, ""),
            release_channel: "master-production",
            sync_period: "weekly",
            ..Self::default()
        }
    }

    fn of(call: &RoutedRequest<'a>, user: &'a SimulatedUser, tokens: &'a LoginTokens) -> Self {
        let person = Person::of(call, user);
        Self {
            is_logged_in: true,
            id: user.id,
            email: &user.user_name,
            tenant_photo: person.photo,
            username: &user.user_name,
            role: fitting_role(call, &user.role),
            last_name: person.last_name,
            photo: person.photo,
            first_name: person.first_name,
            account_id: call.tenant,
            registration_token: person.registration_token,
            sync_emails: true,
            is_installation_admin: user.kind == UserKind::Administrator,
            refresh: &tokens.refresh,
            access: &tokens.access,
            original_tenant_id: tokens.original_tenant_id,
            ..Self::nobody(call)
        }
    }
}

/// A session on the legacy generation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacySession<'a> {
    #[serde(flatten)]
    shared: SharedMembers<'a>,
    trial_days_remaining: u32,
    domains_remaining: u32,
    is_trial_mode: bool,
    is_trial_expired: bool,
    clear_database_remaining: u32,
    is_custom_branding_applied: bool,
}

impl<'a> LegacySession<'a> {
    /// The answer when no user is logged in.
    pub(super) fn nobody(call: &RoutedRequest<'a>) -> Self {
        Self::with(SharedMembers::nobody(call), false)
    }

    pub(super) fn of(call: &RoutedRequest<'a>, user: &'a SimulatedUser, tokens: &'a LoginTokens) -> Self {
        Self::with(SharedMembers::of(call, user, tokens), is_trial_expired(&call.world.options, call.tenant))
    }

    fn with(shared: SharedMembers<'a>, trial_expired: bool) -> Self {
        Self {
            shared,
            trial_days_remaining: 0,
            domains_remaining: 0,
            is_trial_mode: trial_expired,
            is_trial_expired: trial_expired,
            clear_database_remaining: 0,
            is_custom_branding_applied: false,
        }
    }
}

/// A session on the middle generation, whose facts about the trial moved to the tenants.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MiddleSession<'a> {
    #[serde(flatten)]
    shared: SharedMembers<'a>,
    registration_id: u32,
    is_otp_enabled: bool,
}

impl<'a> MiddleSession<'a> {
    /// The answer when no user is logged in.
    pub(super) fn nobody(call: &RoutedRequest<'a>) -> Self {
        Self { shared: SharedMembers::nobody(call), registration_id: 0, is_otp_enabled: false }
    }

    pub(super) fn of(call: &RoutedRequest<'a>, user: &'a SimulatedUser, tokens: &'a LoginTokens) -> Self {
        Self {
            shared: SharedMembers::of(call, user, tokens),
            registration_id: call.tenant + 500,
            is_otp_enabled: false,
        }
    }
}

/// A session on the current generation; the default belongs to no user.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CurrentSession<'a> {
    is_sso_only: bool,
    is_logged_in: bool,
    is_otp_enabled: bool,
    id: u32,
    account_id: u32,
    registration_id: u32,
    registration_token: String,
    refresh: &'a str,
    access: &'a str,
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    username: &'a str,
    role: &'a str,
    photo: &'a str,
    tenant_photo: &'a str,
    new_vulns_emails: &'a [&'a str],
    sync_emails: bool,
    sync_emails_period: &'a str,
    async_emails: bool,
    usage_report_emails: bool,
    weekly_cvr_enabled: bool,
    remediation_report_emails_enable: bool,
    technical_report_emails_enable: bool,
    contextual_risk_report_emails_enable: bool,
    is_installation_admin: bool,
    is_feedback_survey_completed: bool,
    release_channel: &'a str,
    api_key_generation_date: Option<FormattedTime>,
    dashboard_like_points: i32,
    #[serde(rename = "original_tenant_id", skip_serializing_if = "Option::is_none")]
    original_tenant_id: Option<u32>,
}

impl<'a> CurrentSession<'a> {
    /// The answer when no user is logged in.
    pub(super) fn nobody(call: &RoutedRequest<'a>, sso_only: bool) -> Self {
        Self {
            email: nobodys_email(call),
            is_sso_only: sso_only,
            release_channel: "master-production",
            ..Self::default()
        }
    }

    pub(super) fn of(call: &RoutedRequest<'a>, user: &'a SimulatedUser, tokens: &'a LoginTokens) -> Self {
        let person = Person::of(call, user);
        let form = if call.world.options.oddities { TimeFormat::SpaceMicros } else { TimeFormat::Iso };
        Self {
            is_logged_in: true,
            id: user.id,
            account_id: call.tenant,
            registration_id: call.tenant + 500,
            registration_token: person.registration_token,
            refresh: &tokens.refresh,
            access: &tokens.access,
            original_tenant_id: tokens.original_tenant_id,
            email: &user.user_name,
            first_name: person.first_name,
            last_name: person.last_name,
            username: &user.user_name,
            // The schema has no word for a user without rights but the empty one.
            role: if user.kind == UserKind::NoRights { "" } else { &user.role },
            photo: person.photo,
            tenant_photo: person.photo,
            new_vulns_emails: &["high", "critical"],
            sync_emails: true,
            sync_emails_period: "weekly",
            is_installation_admin: user.kind == UserKind::Administrator,
            api_key_generation_date: (!user.api_key.is_empty())
                .then_some(FormattedTime { micros: (TODAY - 900_000) * 1_000_000, form }),
            ..Self::nobody(call, false)
        }
    }
}

/// The e-mail address when no user is logged in. The schemas want an address; an empty text stands for none, as an
/// independent client of the API found it to do for every absent value.
fn nobodys_email(call: &RoutedRequest<'_>) -> &'static str {
    if call.world.options.oddities { "" } else { "anonymous@footprint.example" }
}

/// The word for a role on legacy and middle. The legacy schema knows three; the permission Reporting of the
/// integration's documentation, and roles without permissions, are none of them. Without oddities the one with the
/// fewest rights stands for those.
fn fitting_role<'a>(call: &RoutedRequest<'_>, role: &'a str) -> &'a str {
    match role {
        "admin" | "technical" | "business" => role,
        _ if call.world.options.oddities => role,
        _ => "business",
    }
}

/// A user's names, photo and registration token.
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    photo: &'static str,
    registration_token: String,
}

impl Person {
    pub(super) fn of(call: &RoutedRequest<'_>, user: &SimulatedUser) -> Self {
        let mut dice = dice(call.world.options.seed, 1, Topic::User, u64::from(user.id));
        Self {
            first_name: words::pick(words::FIRST_NAMES, dice.usize(..)),
            last_name: words::pick(words::LAST_NAMES, dice.usize(..)),
            photo: Oddities::of_row(call.world.options.oddities, dice.u64(..)).photo(0),
            registration_token: format!("reg-{:016x}{:016x}", dice.u64(..), dice.u64(..)),
        }
    }
}
