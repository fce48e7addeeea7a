//! The limit of the texts in a command's parameters.

use soar_connector::Parameters;
use soar_store::model::limits;

use crate::Refusal;

/// Refuses a text, or an item of a list, that is longer than any command can use.
///
/// # Errors
/// [`Refusal::Because`] with the parameter's name.
pub(crate) fn check_texts(parameters: &Parameters) -> Result<(), Refusal> {
    problem(parameters).map_or(Ok(()), |problem| Err(Refusal::Because(problem)))
}

/// The first problem, with the parameter's name; of a field of an object as `Filter.cve`.
fn problem(parameters: &Parameters) -> Option<String> {
    parameters.names().find_map(|name| {
        let items = parameters.list(name).unwrap_or_default().iter().map(String::as_str);
        let mut texts = parameters.text(name).into_iter().chain(items);
        if let Some(error) = texts.find_map(|text| limits::PARAMETER.check(text).err()) {
            return Some(format!("{name}: {error}"));
        }
        parameters.object(name).and_then(problem).map(|problem| format!("{name}.{problem}"))
    })
}
