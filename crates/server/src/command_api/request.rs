//! A call's body: the calling user, the site, and the command's parameters.

use axum::http::StatusCode;
use serde_json::{Map, Value};
use soar_connector::name::is_same;
use soar_connector::{ParameterProblems, RawParameters};

use crate::gate::{ApiReply, without_nul};

/// The action of a call, given by the end of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallAction {
    /// Run the command.
    Run,
    /// Plan the command: `…/{CommandName}/plan`.
    Plan,
    /// Apply the plan with this fingerprint: `…/{CommandName}/apply`.
    Apply(String),
}

impl CallAction {
    /// The end of the address.
    pub(super) fn suffix(&self) -> &'static str {
        match self {
            Self::Run => "",
            Self::Plan => "/plan",
            Self::Apply(_) => "/apply",
        }
    }
}

/// A call's body.
#[derive(Debug)]
pub(super) struct CommandRequest {
    pub username: String,
    pub site: String,
    pub parameters: RawParameters,
    acting_for: String,
}

impl CommandRequest {
    /// Parses the body. To apply a plan, the body also has the plan's fingerprint, which goes into `wanted`.
    pub(super) fn parse(body: &[u8], wanted: &mut CallAction) -> Result<Self, ApiReply> {
        let malformed = |error: String| ApiReply::error(StatusCode::BAD_REQUEST, error);
        let mut fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            malformed(format!(
                "The body is not valid: {error}. Expected the JSON object {{\"Username\": …, \"Site\": …, \
                 \"CommandParams\": {{…}}}}."
            ))
        })?;
        without_nul(body)?;
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            None | Some(Value::Null | Value::String(_)) => {
                Err(malformed(format!("{name} is required: expected text.")))
            }
            Some(_) => Err(malformed(format!("{name}: expected text."))),
        };
        let username = text("Username")?;
        let site = text("Site")?;
        if let CallAction::Apply(fingerprint) = wanted {
            *fingerprint = text("Fingerprint")?;
        }
        let parameters = match fields.remove("CommandParams") {
            Some(Value::Object(parameters)) => parameters,
            None | Some(Value::Null) => Map::new(),
            Some(_) => return Err(malformed("CommandParams: expected a JSON object.".to_owned())),
        };
        let acting_for = acting_for(&parameters);
        Ok(Self { username, site, parameters, acting_for })
    }

    /// The user in whose name the command acts, where its parameters give one.
    pub(super) fn acting_for(&self) -> &str {
        &self.acting_for
    }
}

/// Finds the parameter under any spelling that the commands accept.
fn acting_for(parameters: &RawParameters) -> String {
    let named = parameters.iter().find(|(name, _)| is_same(name, "Username"));
    match named {
        Some((_, Value::String(name))) => name.trim().to_owned(),
        Some((_, Value::Number(number))) => number.to_string(),
        _ => String::new(),
    }
}

pub(super) fn bad_parameters(problems: &ParameterProblems) -> ApiReply {
    ApiReply::error(StatusCode::BAD_REQUEST, problems.to_string())
}
