//! A call's body: who calls on which site, and the command's parameters.

use axum::http::StatusCode;
use serde_json::{Map, Value};
use soar_connector::name::normalised;
use soar_connector::{ParameterProblems, RawParameters};

use crate::gate::{Reply, without_nul};

/// A call's body.
#[derive(Debug)]
pub(super) struct CommandRequest {
    pub username: String,
    pub site: String,
    pub parameters: RawParameters,
    acting_for: String,
}

impl CommandRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Reply> {
        let malformed = |error: String| Reply::error(StatusCode::BAD_REQUEST, error);
        let mut fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            malformed(format!(
                "The body is not the JSON object that was expected: {error}. Expected {{\"Username\": …, \"Site\": …, \
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
        let parameters = match fields.remove("CommandParams") {
            Some(Value::Object(parameters)) => parameters,
            None | Some(Value::Null) => Map::new(),
            Some(_) => return Err(malformed("CommandParams: expected a JSON object.".to_owned())),
        };
        let acting_for = acting_for(&parameters);
        Ok(Self { username, site, parameters, acting_for })
    }

    /// In whose name the command is to act, where its parameters say so.
    pub(super) fn acting_for(&self) -> &str {
        &self.acting_for
    }
}

/// Under the name in any spelling that the commands themselves read.
fn acting_for(parameters: &RawParameters) -> String {
    let named = parameters.iter().find(|(name, _)| normalised(name) == normalised("Username"));
    match named {
        Some((_, Value::String(name))) => name.trim().to_owned(),
        Some((_, Value::Number(number))) => number.to_string(),
        _ => String::new(),
    }
}

pub(super) fn bad_parameters(problems: &ParameterProblems) -> Reply {
    Reply::error(StatusCode::BAD_REQUEST, problems.to_string())
}
