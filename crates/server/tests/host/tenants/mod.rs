//! Master and tenant instances, each a host of its own that is served.

mod clocks;
mod instance;
mod limits_of_sites;
mod many;
mod onboarding;
mod protection;
mod recording;
mod refusals;
mod sync;
