//! Rules: which incidents and alerts come of changes of findings, and what happens when something goes wrong.

mod alerts;
mod closing;
mod crashes;
mod incidents;
mod moved;
mod over_http;
mod plans;
mod refused;
mod rights;
mod waiting;
pub mod world;
