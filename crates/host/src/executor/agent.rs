//! Names the agent in what a command gave.

use soar_connector::Outcome;
use soar_connector::name::quoted;

/// The status of a proxy that wants another login.
const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;

/// The outcome of a command whose connection goes through `agent`. A failure without an answer of the product names the
/// agent, since the agent may be its cause.
pub(super) fn through(mut outcome: Outcome, agent: Option<&str>) -> Outcome {
    let Some(agent) = agent else { return outcome };
    if let Some(error) = &mut outcome.error
        && error.status_code.0.is_none_or(|status| status == PROXY_AUTHENTICATION_REQUIRED)
    {
        let agent = quoted(agent);
        error.message.push_str(&format!(" The connection goes through the agent {agent}."));
        error.cure.push_str(&format!(" The proxy's address and login are those of the agent {agent}."));
    }
    outcome.receipt.agent = Some(agent.to_owned());
    outcome
}
