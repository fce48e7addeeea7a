//! Checks that wrong use is refused before anything is sent.

use serde_json::{Value, json};

use super::run;
use crate::manifest::{Input, InputType};
use crate::{Command, Connector, ExecutionContext, Outcome, RawParameters};

/// Reports every command that takes an unknown, an ill-typed or a missing parameter, and an unknown command.
pub(super) async fn is_refused(
    connector: &dyn Connector,
    valid: &dyn Fn(&Command) -> RawParameters,
    report: &mut impl FnMut(&'static str, &str, String),
) {
    const RULE: &str = "wrong use is refused before anything is sent";
    let mut check = |subject: &str, outcome: &Outcome, code: &str| {
        let found = outcome.error.as_ref().map(|error| error.code.as_str());
        if found != Some(code) {
            report(RULE, subject, format!("expected the error {code}, found {found:?}"));
        }
        if outcome.receipt.requests > 0 {
            report(RULE, subject, format!("{} requests were sent", outcome.receipt.requests));
        }
        if let Some(error) = &outcome.error {
            let silent = error.message.trim().is_empty() || error.cause.is_empty() || error.cure.is_empty();
            if silent {
                report(RULE, subject, format!("the error {code} has no message, cause or cure"));
            }
        }
    };
    let nonsense = "No Such Command";
    let outcome = connector.execute(nonsense, &RawParameters::new(), &ExecutionContext::new()).await;
    check(nonsense, &outcome, "unknown-command");

    for command in &connector.manifest().commands {
        let mut parameters = valid(command);
        parameters.insert("No Such Parameter".to_owned(), json!(1));
        let outcome = run(connector, command, &parameters).await;
        check(&format!("{}, unknown parameter", command.name), &outcome, "unknown-parameter");

        for input in &command.inputs {
            let mut parameters = valid(command);
            parameters.insert(input.name.clone(), ill_typed(input));
            let outcome = run(connector, command, &parameters).await;
            check(&format!("{}, ill-typed {}", command.name, input.name), &outcome, "invalid-parameter");
            if input.required {
                let mut parameters = valid(command);
                parameters.remove(&input.name);
                let outcome = run(connector, command, &parameters).await;
                check(&format!("{} without {}", command.name, input.name), &outcome, "missing-parameter");
            }
        }
    }
}

/// A value that the input cannot take.
fn ill_typed(input: &Input) -> Value {
    match input.kind {
        InputType::Integer => json!("twelve"),
        InputType::Boolean => json!("perhaps"),
        InputType::Choice => json!("no such choice"),
        InputType::List if !input.choices.is_empty() => json!("no such choice"),
        InputType::Text | InputType::List => json!({ "a": 1 }),
        InputType::Object => json!([1]),
        InputType::Json => json!("neither an array nor an object"),
    }
}
