//! One line of standard input: a request, a cancellation, or the connection of later requests.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use soar_connector::RawParameters;

use super::fault::LineProblem;

/// The longest id in bytes.
const LONGEST_ID: usize = 256;

/// The id of a request. The answer repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum RequestId {
    Number(i64),
    Text(String),
}

/// A line as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "A line of standard input for footprint exec",
    description = "A line with a command is a request. A line with cancel cancels a request. A line with settings or a \
                   profile, and no command, sets the connection of the requests after it that have none of their own.",
    transform = without_defaults,
    extend("oneOf" = [
        {"required": ["id", "command"], "not": {"required": ["cancel"]}},
        {"required": ["cancel"], "maxProperties": 1},
        {"anyOf": [{"required": ["settings"]}, {"required": ["profile"]}],
         "not": {"anyOf": [{"required": ["id"]}, {"required": ["command"]}, {"required": ["cancel"]}, {"required": ["parameters"]}]}},
    ])
)]
pub(super) struct RequestLine {
    /// The request's id. It must differ from the ids of the requests under way.
    #[serde(default)]
    #[schemars(schema_with = "id_schema")]
    id: Option<RequestId>,
    /// The command's name, as documented ("List Devices") or as list-devices.
    #[serde(default)]
    #[schemars(with = "String")]
    command: Option<String>,
    /// The command's parameters, from name to value.
    #[serde(default)]
    #[schemars(with = "RawParameters")]
    parameters: Option<RawParameters>,
    /// The settings of the connection, from name to text, number or boolean. They come before those of the profile.
    #[serde(default)]
    #[schemars(schema_with = "settings_schema")]
    settings: Option<Value>,
    /// The profile with the settings of the connection.
    #[serde(default)]
    #[schemars(with = "String")]
    profile: Option<String>,
    /// The id of the request to cancel.
    #[serde(default)]
    #[schemars(schema_with = "id_schema")]
    cancel: Option<RequestId>,
}

/// A member that is left out has no value. It is not null.
fn without_defaults(schema: &mut schemars::Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        property.as_object_mut().and_then(|property| property.remove("default"));
    }
}

fn id_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "integer"], "maxLength": LONGEST_ID})
}

fn settings_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean", "null"]}})
}

/// What a line asks for.
pub(super) enum LineAction {
    Run(ExecRequest),
    Cancel(RequestId),
    /// Later requests without a connection of their own use this one.
    Connect(LineConnection),
}

/// A request of a command.
pub(super) struct ExecRequest {
    pub(super) id: RequestId,
    pub(super) command: String,
    pub(super) parameters: RawParameters,
    pub(super) connection: Option<LineConnection>,
}

/// A connection as a line names it.
#[derive(Debug)]
pub(super) struct LineConnection {
    pub(super) profile: Option<String>,
    pub(super) settings: Vec<(String, SecretString)>,
}

/// A line that asks for nothing that can be done.
pub(super) struct Unusable {
    /// The line's id, if it has a valid one.
    pub(super) id: Option<RequestId>,
    pub(super) fault: LineProblem,
}

impl LineAction {
    /// Reads a line.
    pub(super) fn read(line: &[u8]) -> Result<Self, Unusable> {
        let broken = |problem: String| Unusable { id: None, fault: LineProblem::BrokenLine(problem) };
        // A list of the values would be read as an object too.
        if line.trim_ascii_start().first().is_some_and(|byte| *byte != b'{') {
            return Err(broken("The line does not begin with {: expected a JSON object".to_owned()));
        }
        let line: RequestLine = serde_json::from_slice(line)
            .map_err(|error| Unusable { id: Identified::id_in(line), ..broken(error.to_string()) })?;
        let id = line.id.clone().or_else(|| line.cancel.clone()).filter(|id| !is_too_long(id));
        line.wanted().map_err(|problem| Unusable { id, fault: LineProblem::BrokenLine(problem.to_owned()) })
    }
}

/// The members of a line that identify its request. The others may be wrong.
#[derive(Deserialize)]
struct Identified {
    #[serde(default)]
    id: Option<RequestId>,
    #[serde(default)]
    cancel: Option<RequestId>,
}

impl Identified {
    fn id_in(line: &[u8]) -> Option<RequestId> {
        let Self { id, cancel } = serde_json::from_slice(line).ok()?;
        id.or(cancel).filter(|id| !is_too_long(id))
    }
}

fn is_too_long(id: &RequestId) -> bool {
    matches!(id, RequestId::Text(text) if text.len() > LONGEST_ID)
}

impl RequestLine {
    fn wanted(self) -> Result<LineAction, &'static str> {
        let Self { id, command, parameters, settings, profile, cancel } = self;
        if id.as_ref().or(cancel.as_ref()).is_some_and(is_too_long) {
            return Err("The id is longer than 256 bytes");
        }
        let connection = match (settings.map(values).transpose()?, profile) {
            (None, None) => None,
            (settings, profile) => Some(LineConnection { profile, settings: settings.unwrap_or_default() }),
        };
        match (command, cancel) {
            (Some(_), Some(_)) => Err("command and cancel are both given"),
            (Some(command), None) => {
                let id = id.ok_or("id is missing: expected text or a whole number")?;
                Ok(LineAction::Run(ExecRequest { id, command, parameters: parameters.unwrap_or_default(), connection }))
            }
            (None, _) if parameters.is_some() => Err("command is missing"),
            (None, Some(cancelled)) if id.is_none() && connection.is_none() => Ok(LineAction::Cancel(cancelled)),
            (None, Some(_)) => Err("A line with cancel has nothing else"),
            (None, None) if id.is_some() => Err("command is missing"),
            (None, None) => connection.map(LineAction::Connect).ok_or("command is missing"),
        }
    }
}

/// The settings of a line. No problem contains a value, which may be a secret.
fn values(settings: Value) -> Result<Vec<(String, SecretString)>, &'static str> {
    let Value::Object(settings) = settings else { return Err("settings: expected an object of names and values") };
    let given = settings.into_iter().filter(|(_, value)| !value.is_null());
    given
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, SecretString::from(text))),
            Value::Bool(_) | Value::Number(_) => Ok((name, SecretString::from(value.to_string()))),
            _ => Err("settings: expected text, a number, true or false as each value"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: &str) -> String {
        match LineAction::read(line.as_bytes()) {
            Ok(_) => panic!("{line} was read"),
            Err(unusable) => unusable.fault.error(None).message,
        }
    }

    #[test]
    fn each_kind_of_line_is_read() {
        let read = |line: &str| LineAction::read(line.as_bytes()).ok();
        let request = read(r#"{"id": 1, "command": "List Devices", "parameters": {"Page": 2}, "profile": "lab"}"#);
        let Some(LineAction::Run(request)) = request else { panic!("no request") };
        assert_eq!((request.id, request.command.as_str()), (RequestId::Number(1), "List Devices"));
        assert_eq!(request.connection.unwrap().profile.as_deref(), Some("lab"));
        assert!(matches!(read(r#"{"cancel": "a"}"#), Some(LineAction::Cancel(RequestId::Text(id))) if id == "a"));
        assert!(matches!(read(r#"{"settings": {"Read Timeout": 5}}"#), Some(LineAction::Connect(_))));
    }

    #[test]
    fn an_unusable_line_keeps_its_id() {
        for (line, expected) in [
            (r#"{"id": 7, "comand": "x"}"#, Some(RequestId::Number(7))),
            (r#"{"id": "a", "command": 5}"#, Some(RequestId::Text("a".to_owned()))),
            (r#"{"id": 7, "command": "x", "parameters": []}"#, Some(RequestId::Number(7))),
            (r#"{"cancel": 7, "profile": 5}"#, Some(RequestId::Number(7))),
            (r#"{"id": 7, "command""#, None),
            (r#"{"id": 1.5, "command": "x"}"#, None),
        ] {
            let id = LineAction::read(line.as_bytes()).err().and_then(|unusable| unusable.id);
            assert_eq!(id, expected, "{line}");
        }
    }

    #[test]
    fn an_unusable_line_has_its_problem_named_without_the_value_of_a_setting() {
        for (line, expected) in [
            ("", "EOF"),
            ("[1]", "expected a JSON object"),
            (r#"{"id": 1}"#, "command is missing"),
            (r#"{"command": "x"}"#, "id is missing"),
            (r#"{"id": 1, "command": "x", "cancel": 1}"#, "both given"),
            (r#"{"id": 1, "id": 2, "command": "x"}"#, "duplicate field"),
            (r#"{"id": 1, "comand": "x"}"#, "unknown field"),
            (r#"{"id": 1.5, "command": "x"}"#, "did not match"),
            (r#"{"settings": "hunter2"}"#, "settings: expected an object"),
            (r#"{"settings": {"Password": ["hunter2"]}}"#, "settings: expected text"),
            ("{\"id\": \"\u{e9}", "EOF"),
        ] {
            let said = problem(line);
            assert!(said.contains(expected) && !said.contains("hunter2"), "{line}: {said}");
        }
        assert!(problem(&format!(r#"{{"id": "{}", "command": "x"}}"#, "i".repeat(257))).contains("longer than 256"));
    }
}
