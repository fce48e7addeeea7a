//! The console: the pages on which a person operates a SOAR host.
//!
//! A page is an adapter over the host's operations. `pages/` has one file per page, `templates/` its markup, `parts/`
//! what pages have in common, and `visit/` what happens before and after each page: the session, forms, errors, headers.

mod assets;
mod export;
mod inputs;
mod pages;
mod parts;
mod router;
mod routing;
mod visit;

pub use router::{pages, pages_and_gallery};
pub use visit::POLICY;
