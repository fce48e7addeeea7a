//! Names the agent in the outcome of a command and in a diagnosis.

use std::time::Duration;

use soar_connector::name::quoted;
use soar_connector::{Outcome, Stage, StageStatus};

/// The status of a proxy that does not accept the login.
const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;

/// The outcome of a command whose connection uses `agent`. A failure without an answer from the product names the
/// agent, since the agent may be the cause.
pub(super) fn through(mut outcome: Outcome, agent: Option<&str>) -> Outcome {
    let Some(agent) = agent else { return outcome };
    if let Some(error) = &mut outcome.error
        && error.status_code.0.is_none_or(|status| status == PROXY_AUTHENTICATION_REQUIRED)
    {
        let agent = quoted(agent);
        error.message.push_str(&format!(" The connection uses the agent {agent}."));
        error.cure.push_str(&format!(" The agent {agent} has the proxy's address and login."));
    }
    outcome.receipt.agent = Some(agent.to_owned());
    outcome
}

/// The first stage of a diagnosis through `agent`.
pub(super) fn stage(agent: &str, elapsed: Duration) -> Stage {
    Stage {
        status: StageStatus::Passed,
        elapsed,
        ..Stage::skipped("Agent", format!("The connection uses the agent {}.", quoted(agent)))
    }
}
