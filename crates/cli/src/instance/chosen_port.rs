//! The remark about a port that the host chooses when it starts.

use soar_host::settings::CHOSEN_PORT;

/// What a person has to know about the port in an address; `None` where the address has the port itself.
pub(crate) fn about_port(address: &str) -> Option<&'static str> {
    let is_chosen = address.contains(&format!(":{CHOSEN_PORT}"));
    is_chosen.then_some("PORT stands for the port. The host chooses a free one when it starts, and prints it.")
}
