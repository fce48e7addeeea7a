//! Parameters: any JSON for any command is taken in its type or refused by name.

use serde_json::Value;
use soar_connector::manifest::{Input, InputType};
use soar_connector::{Parameters, RawParameters};

use super::{MANIFEST, first_line, require_one_line};

/// Longer than any list of names in a manifest, and than two quoted values.
const LONGEST_PROBLEM: usize = 2_000;

/// Checks parameters written as a command's name on the first line and a JSON object after it.
///
/// A text that is no JSON object is given to every input of the command in turn.
pub fn parameters(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (name, rest) = first_line(&text);
    match serde_json::from_str::<RawParameters>(rest) {
        Ok(raw) => check(name, &raw),
        Err(_) => {
            let Ok(command) = MANIFEST.command(name) else { return check(name, &RawParameters::new()) };
            for input in &command.inputs {
                check(name, &[(input.name.clone(), Value::from(rest))].into_iter().collect());
            }
        }
    }
}

fn check(name: &str, raw: &RawParameters) {
    let command = match MANIFEST.command(name) {
        Ok(command) => command,
        Err(error) => return require_one_line(&error.to_string(), LONGEST_PROBLEM),
    };
    match Parameters::parse(command, raw) {
        Err(problems) => {
            assert!(!problems.described().is_empty(), "refused for no reason");
            for problem in problems.described() {
                require_one_line(&problem.to_string(), LONGEST_PROBLEM);
                assert!(
                    MANIFEST.error(Some(command), problem.code()).is_some(),
                    "{} is not documented",
                    problem.code()
                );
            }
        }
        Ok(parameters) => {
            let again = as_raw(&command.inputs, &parameters);
            assert_eq!(Parameters::parse(command, &again).as_ref(), Ok(&parameters), "read again, they are others");
        }
    }
}

/// Parameters as they would be given; each is what its input takes.
fn as_raw(inputs: &[Input], parameters: &Parameters) -> RawParameters {
    let mut raw = RawParameters::new();
    for input in inputs {
        let name = &input.name;
        let is_choice = |text: &String| input.choices.is_empty() || input.choices.contains(text);
        let value = match input.kind {
            InputType::Integer => parameters.integer(name).map(|number| {
                assert!(
                    input.minimum.is_none_or(|low| low <= number) && input.maximum.is_none_or(|high| number <= high)
                );
                Value::from(number)
            }),
            InputType::Text => parameters.text(name).map(Value::from),
            InputType::Choice => parameters.text(name).map(|text| {
                assert!(is_choice(&text.to_owned()), "{text:?} is no choice");
                Value::from(text)
            }),
            InputType::Boolean => parameters.boolean(name).map(Value::from),
            InputType::List => parameters.list(name).map(|items| {
                assert!(!items.is_empty() && items.iter().all(is_choice), "{items:?}");
                Value::from(items)
            }),
            InputType::Object => parameters.object(name).map(|fields| Value::Object(as_raw(&input.fields, fields))),
            InputType::Json => parameters.json(name).cloned(),
        };
        assert!(value.is_some() || !input.required, "{name} is required and not there");
        raw.extend(value.map(|value| (name.clone(), value)));
    }
    raw
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-3..2_000_i64).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            prop::sample::select(vec![
                "1",
                " 7 ",
                "In",
                "out",
                "Yes",
                "a, b",
                ",",
                "{\"page\":1}",
                "{\"page\":",
                "[1]"
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Names of inputs and of their fields, and any text.
    fn name() -> impl Strategy<Value = String> {
        let inputs = || MANIFEST.commands.iter().flat_map(|command| &command.inputs);
        let mut names: Vec<_> =
            inputs().chain(inputs().flat_map(|input| &input.fields)).map(|input| input.name.clone()).collect();
        names.sort();
        names.dedup();
        prop_oneof![8 => prop::sample::select(names), 1 => any::<String>()]
    }

    fn command() -> impl Strategy<Value = String> {
        let names: Vec<_> = MANIFEST.commands.iter().map(|command| command.name.clone()).collect();
        prop_oneof![20 => prop::sample::select(names), 1 => any::<String>()]
    }

    proptest! {
        #[test]
        fn any_parameters_are_taken_in_their_types_or_refused_by_name(
            command in command(), raw in prop::collection::btree_map(name(), json(), 0..6)
        ) {
            check(&command, &raw.into_iter().collect());
        }

        #[test]
        fn any_text_in_any_parameter_is_taken_in_its_type_or_refused_by_name(command in command(), text: String) {
            parameters(format!("{command}\n{text}").as_bytes());
        }
    }
}
