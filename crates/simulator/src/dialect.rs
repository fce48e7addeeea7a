//! Decides, endpoint by endpoint, which form of the vendor's API an instance of each generation speaks.
//!
//! This table is the only place that maps a generation to forms. Endpoints look at their own entry.

use crate::Generation;

/// The form of an endpoint that changed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointForm {
    Legacy,
    Current,
}

/// The form of each endpoint. Endpoints that have the same form on every generation are not listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// List Tenants: legacy is an array; middle and current are pages whose items differ.
    pub(crate) accounts: Generation,
    /// The reply of the session endpoint. Middle and current name `isOtpEnabled`, current `isSsoOnly`.
    pub(crate) session: Generation,
    /// Both logins of a user with a one-time password: current answers 203.
    pub(crate) one_time_password: EndpointForm,
    /// Renewing a token: legacy renews the refresh token too.
    pub(crate) refresh: EndpointForm,
    /// Technical contexts. Legacy: `risk_level`, one word. Current: `riskLevel`, a comma list, and more filters.
    pub(crate) contexts: EndpointForm,
    /// List Devices. The risk level filter of legacy and middle is one word, that of current a comma list.
    pub(crate) devices: Generation,
    /// A device's attack avenues: legacy is an array, current is paged.
    pub(crate) attack_avenues: EndpointForm,
    /// A device's vulnerabilities: legacy is an array, current is paged.
    pub(crate) vulnerabilities: EndpointForm,
    /// List Scanners: each generation has more members than the one before.
    pub(crate) scanners: Generation,
    /// List Scan Surfaces: current adds `textFilter` and `isActive`.
    pub(crate) scan_surface: EndpointForm,
    /// Ports: middle adds `lastScanned`, current the filter `scannerId`.
    pub(crate) ports: Generation,
    /// Both rescans: legacy answers without a body.
    pub(crate) rescan: EndpointForm,
    /// The scope of a target: current accepts `OUT` only.
    pub(crate) target: EndpointForm,
    /// Running scans: middle adds `meta`; a job's id is a text before current.
    pub(crate) scan_status: Generation,
    /// The history of scans: current adds `userInputs`. Legacy has no such route.
    pub(crate) scans: EndpointForm,
    /// A page past the last: legacy answers 404, current an empty page. The documents do not say; both occur.
    pub(crate) past_last: EndpointForm,
}

const LEGACY: Dialect = Dialect {
    accounts: Generation::Legacy,
    session: Generation::Legacy,
    one_time_password: EndpointForm::Legacy,
    refresh: EndpointForm::Legacy,
    contexts: EndpointForm::Legacy,
    devices: Generation::Legacy,
    attack_avenues: EndpointForm::Legacy,
    vulnerabilities: EndpointForm::Legacy,
    scanners: Generation::Legacy,
    scan_surface: EndpointForm::Legacy,
    ports: Generation::Legacy,
    rescan: EndpointForm::Legacy,
    target: EndpointForm::Legacy,
    scan_status: Generation::Legacy,
    scans: EndpointForm::Legacy,
    past_last: EndpointForm::Legacy,
};

/// The document of 2023-08: what is not named here is as on legacy.
const MIDDLE: Dialect = Dialect {
    accounts: Generation::Middle,
    session: Generation::Middle,
    one_time_password: EndpointForm::Current,
    devices: Generation::Middle,
    scanners: Generation::Middle,
    ports: Generation::Middle,
    rescan: EndpointForm::Current,
    scan_status: Generation::Middle,
    ..LEGACY
};

const CURRENT: Dialect = Dialect {
    accounts: Generation::Current,
    session: Generation::Current,
    one_time_password: EndpointForm::Current,
    refresh: EndpointForm::Current,
    contexts: EndpointForm::Current,
    devices: Generation::Current,
    attack_avenues: EndpointForm::Current,
    vulnerabilities: EndpointForm::Current,
    scanners: Generation::Current,
    scan_surface: EndpointForm::Current,
    ports: Generation::Current,
    rescan: EndpointForm::Current,
    target: EndpointForm::Current,
    scan_status: Generation::Current,
    scans: EndpointForm::Current,
    past_last: EndpointForm::Current,
};

impl Generation {
    /// The forms that an instance of this generation speaks.
    pub(crate) fn dialect(self) -> &'static Dialect {
        match self {
            Self::Legacy => &LEGACY,
            Self::Middle => &MIDDLE,
            Self::Current => &CURRENT,
        }
    }
}
