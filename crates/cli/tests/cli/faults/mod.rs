//! A served host whose store fails under it, as the host's callers and its keeper see it.

#[cfg(target_os = "linux")]
mod disk;
mod gone;
mod postgres;
mod two_on_a_file;
pub mod work;
