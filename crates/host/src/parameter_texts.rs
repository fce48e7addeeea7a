//! The limit of the texts in a command's parameters.

use soar_connector::Parameters;
use soar_store::model::limits;

use crate::Refusal;

/// Refuses a text, or an item of a list, that is longer than any command can use.
///
/// # Errors
/// [`Refusal::Because`] with the parameter's name.
pub(crate) fn check_texts(parameters: &Parameters) -> Result<(), Refusal> {
    for name in parameters.names() {
        let items = parameters.list(name).unwrap_or_default().iter().map(String::as_str);
        for text in parameters.text(name).into_iter().chain(items) {
            limits::PARAMETER.check(text).map_err(|error| Refusal::Because(format!("{name}: {error}")))?;
        }
        parameters.object(name).map_or(Ok(()), check_texts)?;
    }
    Ok(())
}
