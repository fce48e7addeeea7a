//! The slots of a run: of its connection and of its site.

use soar_connector::name::quoted;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::shared::ExecutorState;
use super::slots::Full;
use super::task::RunTask;
use crate::Refusal;
use crate::connections::inactive;

pub(super) type TurnPermits = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// Waits for a slot of the connection and of the site.
pub(super) async fn turns(
    shared: &ExecutorState,
    task: &mut RunTask,
    deadline: Instant,
) -> Result<TurnPermits, Refusal> {
    let (connection, site) = (task.connection.id, task.caller.site.id);
    let both = async {
        let full = |what: &str, name: &str, full: Full| {
            Refusal::Unable(format!(
                "The {what} {} is busy: {} commands are under way and {} wait, which is the limit. Try again later.",
                quoted(name),
                full.at_once,
                full.waiting
            ))
        };
        // Always in this order, to avoid a deadlock.
        let first = shared.per_connection.turn(connection).await;
        let first = first.map_err(|error| full("connection", &task.connection.name, error))?;
        let second = shared.per_site.turn(site).await.map_err(|error| full("site", &task.caller.site.name, error))?;
        Ok((first.0, second.0, first.1 || second.1))
    };
    let (first, second, waited) = tokio::select! {
        turns = timeout_at(deadline, both) => turns.unwrap_or_else(|_| {
            let limit = shared.settings.time_limit().as_secs();
            Err(Refusal::Unable(format!("No slot was free within the timeout of {limit} s, so the command did not run. \
                                         Try again later.")))
        }),
        _ = &mut task.gone => Err(Refusal::Unable("The caller no longer waits for the outcome.".to_owned())),
    }?;
    if waited {
        // The connection may have changed meanwhile.
        let mut reader = shared.store().reader().await?;
        let now = shared.connections.see_in(&mut reader.records(), &task.caller, connection).await?;
        drop(reader);
        if !now.active {
            return Err(inactive(&now));
        }
        task.connection = now;
    }
    Ok((first, second))
}
