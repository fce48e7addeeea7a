//! The ends of plans that were carried out, so that none is carried out twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use soar_mcp::{NamedPlan, Problem, ToolAnswer};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The time for which answers are kept: longer than a plan can be carried out.
const KEPT_FOR: Duration = Duration::from_secs(30 * 60);

/// The number of answers that are kept.
const MOST: usize = 256;

/// The end of a plan that was carried out.
pub(super) type PlanEnd = Result<ToolAnswer, Problem>;

/// The end of a plan, once there is one.
type KeptEnd = Arc<Mutex<Option<PlanEnd>>>;

#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<HashMap<String, (Instant, KeptEnd)>>);

impl Plans {
    /// The end of the plan. The first caller gets none, and carries the plan out while the others wait.
    ///
    /// # Errors
    /// [`Problem::expired_plan`] when no earlier caller has claimed an expired plan; `too-many-plans`.
    pub(super) async fn claim(&self, plan: &NamedPlan) -> Result<OwnedMutexGuard<Option<PlanEnd>>, Problem> {
        let mut plans = self.0.lock().await;
        plans.retain(|_, (made, _)| made.elapsed() < KEPT_FOR);
        let is_new = !plans.contains_key(&plan.name);
        if is_new && plan.is_expired {
            return Err(Problem::expired_plan());
        }
        if is_new && plans.len() >= MOST {
            let cause = "The answers of plans are kept for 30 minutes, so that no plan is carried out twice.";
            let message = format!("{MOST} plans were carried out within 30 minutes. Nothing was done.");
            return Err(Problem::new("too-many-plans", message, cause, "Wait, and call again.").retryable());
        }
        let (_, kept) = plans.entry(plan.name.clone()).or_insert_with(|| (Instant::now(), KeptEnd::default()));
        let kept = Arc::clone(kept);
        drop(plans);
        Ok(kept.lock_owned().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_expired_plan_has_the_kept_answer_and_is_not_carried_out() {
        let plan = |is_expired| NamedPlan { name: "a".to_owned(), is_expired };
        let plans = Plans::default();
        assert_eq!(plans.claim(&plan(true)).await.unwrap_err().code, "expired-plan");
        *plans.claim(&plan(false)).await.unwrap() = Some(Err(Problem::no_connection("First.")));
        let kept = plans.claim(&plan(true)).await.unwrap().clone();
        assert_eq!(kept, Some(Err(Problem::no_connection("First."))));
    }
}
