//! Master and tenant instances, each a host of its own that is served.

mod instance;
mod many;
mod onboarding;
mod protection;
mod recording;
mod refusals;
mod sync;
