//! A host whose store fails, as its callers and its administrator see it.

#[cfg(target_os = "linux")]
mod disk;
mod gone;
mod postgres;
mod two_on_a_file;
pub mod work;
