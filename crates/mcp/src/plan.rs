//! A plan: the name of a change that a caller has seen and not yet carried out.
//!
//! No plan is stored. Its name has the time, and a hash of the caller and of the call that it is for. Plans guard against
//! changes by mistake, not against callers with the right to make them. The backend carries each plan out once.

use std::time::Duration;

use uuid::{NoContext, Timestamp, Uuid};

use crate::arguments::Arguments;
use crate::{NamedPlan, Problem};

/// The time within which a plan can be carried out. Backends keep answers for longer.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The difference of the clocks of two hosts that is tolerated.
const SKEW: Duration = Duration::from_secs(60);

/// The cure for a plan that cannot be carried out.
const CURE: &str = "If an earlier call had this plan, check in the product whether it made the change. Call the tool \
                    without a plan to see a new one.";

/// A new name for a plan of this call.
pub(crate) fn create(arguments: &Arguments, identity: &str, now: u64) -> String {
    let nanoseconds = u32::try_from(now % 1000).unwrap_or_default() * 1_000_000;
    let id = Uuid::new_v7(Timestamp::from_unix(NoContext, now / 1000, nanoseconds)).simple().to_string();
    let hash = hash(arguments, identity, &id);
    format!("{id}-{hash}")
}

/// Checks that `plan` was made for this caller and this call.
pub(crate) fn check(plan: &str, arguments: &Arguments, identity: &str, now: u64) -> Result<NamedPlan, Problem> {
    let known = plan.split_once('-').filter(|(id, given)| hash(arguments, identity, id) == *given);
    let made = known.and_then(|(id, _)| Uuid::try_parse(id).ok()?.get_timestamp());
    let Some(made) = made else {
        let cause = "The plan was made for another call, caller or process, or by no call of this tool.";
        return Err(Problem::new("unknown-plan", "The plan is not one of this call.", cause, CURE));
    };
    let (seconds, nanoseconds) = made.to_unix();
    let made = Duration::new(seconds, nanoseconds);
    let now = Duration::from_millis(now);
    Ok(NamedPlan { name: plan.to_owned(), is_expired: now > made + LIFETIME || made > now + SKEW })
}

impl Problem {
    /// The plan is too old to be carried out, and no answer is kept for it.
    #[must_use]
    pub fn expired_plan() -> Self {
        let cause = "A plan can be carried out within 15 minutes.";
        Self::new("expired-plan", "The plan has expired. This call did nothing.", cause, CURE)
    }
}

fn hash(arguments: &Arguments, identity: &str, id: &str) -> String {
    arguments.fingerprint(&format!("plan {id} {identity}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample::arguments;

    const NOW: u64 = 1_800_000_000_000;

    #[test]
    fn a_plan_is_for_one_call_of_one_caller_for_a_quarter_of_an_hour() {
        let call = arguments(1, &json!({"lamp": "7"}));
        let plan = create(&call, "alice", NOW);
        let minutes = |minutes: u64| NOW + minutes * 60_000;
        let code = |checked: Result<NamedPlan, Problem>| checked.err().map(|problem| problem.code);
        let is_expired = |call: &Arguments, now| check(&plan, call, "alice", now).unwrap().is_expired;
        assert!(!is_expired(&call, minutes(15)));
        // The spelling of a name makes no difference.
        assert!(!is_expired(&arguments(1, &json!({"Lamp": "7"})), NOW));
        assert!(is_expired(&call, minutes(16)));
        assert!(is_expired(&call, NOW - 120_000));
        assert_eq!(code(check(&plan, &call, "bob", NOW)).as_deref(), Some("unknown-plan"));
        for other in [json!({"lamp": "8"}), json!({"lamp": "7", "tenant": 2}), json!({"lamp": "7", "site": "Other"})] {
            assert_eq!(code(check(&plan, &arguments(1, &other), "alice", NOW)).as_deref(), Some("unknown-plan"));
        }
        for text in ["", "-", "yes", &plan[..40]] {
            assert_eq!(code(check(text, &call, "alice", NOW)).as_deref(), Some("unknown-plan"), "{text}");
        }
    }
}
