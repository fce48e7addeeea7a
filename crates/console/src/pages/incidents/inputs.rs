//! The inputs of a command on many incidents, with what the page knows about their values.

use serde_json::Value;
use soar_connector::RawParameters;
use soar_connector::manifest::{Command, Input, InputType};
use soar_store::model::Right;

use super::bulk_command::SOURCE;
use crate::inputs::{field, name_of, parameters};
use crate::parts::Field;
use crate::visit::{Form, ListState, Page};

/// The parameter of the address with a ticked incident.
pub(super) const NUMBER: &str = "number";

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
    let numbers = parameters.iter().filter(|(name, _)| name == NUMBER).map(|(_, number)| number.as_str());
    let numbers = numbers.collect::<Vec<_>>().join("\n");
    let mut shown = Vec::new();
    for input in &command.inputs {
        // The manifest accepts some inputs only for existing clients.
        let is_ignored = input.description.starts_with("Accepted for existing clients and ignored");
        if is_ignored || (input.name == "Username" && !page.may_somewhere(Right::ActForOthers)) {
            continue;
        }
        let field = field(input, &name_of(input));
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

/// The parameters of the form. A user who may not act for others acts in its own name.
pub(super) fn parameters_of(page: &Page, command: &Command, form: &mut Form) -> RawParameters {
    let mut given = parameters(form, command);
    if let Some(input) = command.input("Username") {
        given.entry(input.name.clone()).or_insert_with(|| Value::from(user(page)));
    }
    given
}
