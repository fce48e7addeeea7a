//! One generator per host.

pub(crate) mod airbyte;
mod airbyte_findings;
pub(crate) mod cortex_xsoar;
pub(crate) mod d3_soar;
pub(crate) mod insightconnect;
pub(crate) mod n8n;
pub(crate) mod shuffle;
pub(crate) mod splunk_soar;
pub(crate) mod tracecat;
