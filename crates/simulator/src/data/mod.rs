//! Invents the data: each row is computed from the seed when it is asked for, none is kept.

pub(crate) mod application;
pub(crate) mod avenue;
pub(crate) mod context;
pub(crate) mod device;
pub(crate) mod device_name;
pub(crate) mod finding;
pub(crate) mod inventory;
pub(crate) mod moment;
pub(crate) mod odd;
pub(crate) mod random;
pub(crate) mod scanner;
pub(crate) mod surface;
pub(crate) mod vulnerability;
pub(crate) mod words;
