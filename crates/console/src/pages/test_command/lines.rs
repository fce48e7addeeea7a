//! The same run at the terminal, with curl, and as a call of the Command API.

use serde_json::{Map, Value, json};
use soar_connector::cell_text;
use soar_host::plugins::endpoint_name;
use soar_host::results::KeptRun;

/// The same run elsewhere.
#[derive(Debug)]
pub(super) struct SameRunElsewhere {
    pub(super) terminal: String,
    pub(super) curl: String,
    pub(super) api: String,
}

/// The same run elsewhere. `address` is the host's address with the base path, and `namespace` its namespace.
pub(super) fn lines(run: &KeptRun, user: &str, address: &str, namespace: &str) -> SameRunElsewhere {
    let mut terminal = format!(
        "footprint connection run {} {} --site {}",
        quoted(&run.connection.name),
        quoted(&run.command.name),
        quoted(&run.site.name)
    );
    for (name, value) in &run.parameters {
        terminal.push_str(&format!(" --param {}", quoted(&format!("{name}={}", text(value)))));
    }
    let mut parameters = Map::new();
    parameters.insert("Connection Name".to_owned(), Value::from(run.connection.name.as_str()));
    parameters.extend(run.parameters.clone());
    let body = json!({ "Username": user, "Site": run.site.name, "CommandParams": parameters });
    let path = format!("/{namespace}/api/Command/{}", endpoint_name(&run.command.name));
    let curl = format!(
        "curl {} -H 'd3key: YOUR-API-KEY' -H 'Content-Type: application/json' -d {}",
        quoted(&format!("{address}{path}")),
        quoted(&body.to_string())
    );
    let pretty = serde_json::to_string_pretty(&body).unwrap_or_default();
    SameRunElsewhere { terminal, curl, api: format!("POST {path}\n\n{pretty}") }
}

fn text(value: &Value) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => value.to_string(),
        value => cell_text(value),
    }
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("list-devices"), "list-devices");
        assert_eq!(quoted("List Devices"), "'List Devices'");
        assert_eq!(quoted("it's; rm -rf $HOME"), "'it'\\''s; rm -rf $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
