//! Notes the problems of a refused connection at the fields that they are about.

use soar_connector::manifest::Connector;
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_store::StoreError;

use super::prefill::{parameter, reference};
use crate::visit::{Form, Page, PageError};

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("Agent Name", "agent-name"),
    ("Recipient site", "recipient-site"),
    ("Connection Health Check", "health-check-minutes"),
    ("Tenant", "tenant"),
    ("Users", "users"),
    ("There is no site", "site"),
];

/// Notes a refused operation in the form.
///
/// # Errors
/// The error itself if it is not about the input.
pub(super) fn place_problems(
    page: &Page,
    form: &mut Form,
    connector: &Connector,
    error: OperationError,
) -> Result<(), PageError> {
    let fields: Vec<(String, String)> = match &error {
        OperationError::Refusal(Refusal::Settings(error)) => {
            let field = |name: &str| match connector.setting(name) {
                // A problem of a reference is about the reference's field.
                Some(setting) if setting.secret && !form.text(&reference(&setting.name)).is_empty() => {
                    reference(&setting.name)
                }
                Some(setting) => parameter(&setting.name),
                None => field_of(name).unwrap_or_default().to_owned(),
            };
            error.problems.iter().map(|one| (field(&one.setting), one.problem.clone())).collect()
        }
        OperationError::Refusal(Refusal::Because(text)) => {
            vec![(field_of(text).unwrap_or_default().to_owned(), text.clone())]
        }
        OperationError::Refusal(Refusal::About(about)) => match about {
            StoreError::Duplicate { .. } | StoreError::Invalid(_) => vec![("name".to_owned(), about.to_string())],
            StoreError::NotFound { what: "user", .. } => vec![("users".to_owned(), about.to_string())],
            _ => vec![(String::new(), about.to_string())],
        },
        error => vec![(String::new(), error.to_string())],
    };
    page.about_input(error)?;
    for (field, problem) in fields {
        if field.is_empty() {
            form.refuse(problem);
        } else {
            form.wrong(&field, problem);
        }
    }
    Ok(())
}

fn field_of(text: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, field)| *field)
}
