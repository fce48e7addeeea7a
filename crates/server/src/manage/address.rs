//! The parameters in addresses, and the header Idempotency-Key.

use serde::Deserialize;
use utoipa::{IntoParams, PartialSchema};

/// The name of a resource.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Name {
    #[param(pattern = r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$")]
    pub(super) name: String,
}

/// The names of a user and a site.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct NameAndSite {
    #[param(pattern = r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$")]
    pub(super) name: String,
    #[param(pattern = r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$")]
    pub(super) site: String,
}

/// The id of a resource.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Id<T: PartialSchema> {
    #[param(value_type = i64, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub(super) id: T,
}

/// The number of an incident or a case, as text.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Number {
    #[param(pattern = r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$")]
    pub(super) number: String,
}

/// The number of an incident and the name of its task.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct NumberAndTask {
    #[param(pattern = r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$")]
    pub(super) number: String,
    #[param(pattern = r"^[^\u0000]*[^\s\u0000./\\][^\u0000]*$")]
    pub(super) name: String,
}

/// The header that makes a call idempotent.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it describes the header, which the gate reads")]
pub(super) struct IdempotencyHeader {
    /// A text that the caller chooses for this call, such as a UUID.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    idempotency_key: Option<String>,
}
