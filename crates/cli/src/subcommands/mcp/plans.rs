//! The ends of plans that were carried out, so that none is carried out twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use soar_mcp::{Answer, Problem};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The time for which answers are kept: longer than a plan can be carried out.
const KEPT: Duration = Duration::from_secs(30 * 60);

/// The number of answers that are kept.
const MOST: usize = 256;

/// The end of a plan that was carried out.
pub(super) type End = Result<Answer, Problem>;

/// The end of a plan, once there is one.
type Kept = Arc<Mutex<Option<End>>>;

#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<HashMap<String, (Instant, Kept)>>);

impl Plans {
    /// The end of the plan. The first caller gets none, and carries the plan out while the others wait.
    pub(super) async fn claim(&self, plan: &str) -> Result<OwnedMutexGuard<Option<End>>, Problem> {
        let mut plans = self.0.lock().await;
        plans.retain(|_, (made, _)| made.elapsed() < KEPT);
        if plans.len() >= MOST && !plans.contains_key(plan) {
            let cause = "The answers of plans are kept for 30 minutes, so that no plan is carried out twice.";
            let message = format!("{MOST} plans were carried out within 30 minutes. Nothing was done.");
            return Err(Problem::new("too-many-plans", message, cause, "Wait, and call again.").retryable());
        }
        let (_, kept) = plans.entry(plan.to_owned()).or_insert_with(|| (Instant::now(), Kept::default()));
        let kept = Arc::clone(kept);
        drop(plans);
        Ok(kept.lock_owned().await)
    }
}
