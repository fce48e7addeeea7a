//! The inputs of a command on many incidents as fields of a form, drawn from the manifest, and their values.

use serde_json::Value;
use soar_connector::manifest::{Command, Input, InputType};
use soar_connector::name::normalised;
use soar_connector::{ParameterProblem, ParameterProblems, RawParameters, cell_text};
use soar_store::model::Right;

use super::bulk_command::SOURCE;
use crate::parts::Field;
use crate::visit::{Form, ListState, Page};

/// The name of the field of an input.
fn name_of(input: &Input) -> String {
    format!("p.{}", normalised(&input.name))
}

/// Whether the input takes the selected incidents.
fn takes_incidents(input: &Input) -> bool {
    input.kind == InputType::List && input.name.contains("Incident")
}

/// The fields. `list` has the selected incidents as `number`, and the incident of the page before as `source`.
pub(super) fn fields(
    page: &Page,
    command: &Command,
    sites: &[&str],
    list: Option<&ListState>,
    site_field: &'static str,
) -> Vec<Field> {
    let parameters = list.map(ListState::parameters).unwrap_or_default();
    let numbers = parameters.iter().filter(|(name, _)| name == "number").map(|(_, number)| number.as_str());
    let numbers = numbers.collect::<Vec<_>>().join("\n");
    let mut shown = Vec::new();
    for input in &command.inputs {
        // The manifest accepts some inputs only for existing clients.
        let is_ignored = input.description.starts_with("Accepted for existing clients and ignored");
        if is_ignored || (input.name == "Username" && !page.may_somewhere(Right::ActForOthers)) {
            continue;
        }
        let field = field(input);
        shown.push(match input.name.as_str() {
            _ if takes_incidents(input) => field.value(&numbers).focused(),
            "Username" => field.value(user(page)),
            SOURCE => field.value(list.and_then(|list| list.filter("source")).unwrap_or_default()),
            "Site" | "Case Owner's Site" => field.suggestions(sites.iter().map(|site| (*site).to_owned())),
            _ => field,
        });
    }
    if sites.len() > 1 {
        let help = "The command uses it where an input names no site.";
        let choices = sites.iter().map(|site| (*site, *site));
        shown.push(Field::choice(site_field, "Site of the call", choices).help(help));
    }
    shown
}

fn user(page: &Page) -> String {
    page.session().map(|session| session.user.name.clone()).unwrap_or_default()
}

fn field(input: &Input) -> Field {
    let name = name_of(input);
    let label = if input.required { input.name.clone() } else { format!("{} (Optional)", input.name) };
    let choices = |names: &[&str]| {
        let none = (!input.required).then(|| (String::new(), "Not given".to_owned()));
        let names = names.iter().map(|name| ((*name).to_owned(), (*name).to_owned()));
        none.into_iter().chain(names).collect::<Vec<_>>()
    };
    let field = match input.kind {
        InputType::List => Field::lines(name, label),
        InputType::Boolean => Field::choice(name, label, choices(&["No", "Yes"])),
        InputType::Choice => {
            Field::choice(name, label, choices(&input.choices.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        _ => Field::text(name, label).placeholder(cell_text(&input.example)),
    };
    let help = match input.kind {
        InputType::List => format!("{} One per line.", input.description),
        _ => input.description.clone(),
    };
    let field = field.help(help);
    if input.required { field.required() } else { field }
}

/// The parameters of the form. A user who may not act for others acts in its own name.
pub(super) fn parameters(page: &Page, command: &Command, form: &Form) -> RawParameters {
    let mut given = RawParameters::new();
    for input in &command.inputs {
        let text = form.text(&name_of(input));
        if input.name == "Username" && text.is_empty() {
            given.insert(input.name.clone(), Value::from(user(page)));
            continue;
        }
        if text.is_empty() {
            continue;
        }
        let value = if input.kind == InputType::List {
            let items = text.split(['\n', ',']).map(str::trim).filter(|item| !item.is_empty());
            items.map(Value::from).collect()
        } else {
            Value::from(text)
        };
        given.insert(input.name.clone(), value);
    }
    given
}

/// Notes the problems of parameters at their fields.
pub(super) fn place_problems(form: &mut Form, command: &Command, problems: &ParameterProblems) {
    for problem in problems.described() {
        let (ParameterProblem::Unknown { name, .. }
        | ParameterProblem::Missing { name, .. }
        | ParameterProblem::Invalid { name, .. }) = problem;
        match command.input(name) {
            Some(input) => form.wrong(&name_of(input), problem.to_string()),
            None => form.refuse(problem.to_string()),
        }
    }
}
