//! The parameters in the address of a page. An address that cannot be read gets the console's own error page.

use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use soar_server::pages::PageProblem;

use super::error::PageError;

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The parameters of the path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

/// The parameters of the query.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Sync> FromRequestParts<S> for Path<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        // An invalid id is the id of nothing.
        let read = AxumPath::from_request_parts(parts, &()).await;
        read.map(|AxumPath(value)| Self(value))
            .map_err(|_| PageError::not_found("The console has no page at this address."))
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        AxumQuery::try_from_uri(&parts.uri).map(|AxumQuery(value)| Self(value)).map_err(|error| {
            let message = format!("The address is not valid: {error}.");
            PageError::Problem(PageProblem::new(StatusCode::BAD_REQUEST, message))
        })
    }
}
