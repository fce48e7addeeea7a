//! Packages for other SOAR hosts, generated from a connector's manifest.
//!
//! [`TargetHost::files`] gives all files of a package. The same manifest and version give the same bytes.

mod fields;
mod file;
mod host;
mod hosts;
mod icon;
mod names;
mod python;
mod source;
mod stubs;
mod yaml;

pub use file::File;
pub use host::TargetHost;
pub use source::{RunMode, Source};
pub use stubs::stubs;
