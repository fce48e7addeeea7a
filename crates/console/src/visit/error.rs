//! The reason for which a page cannot be shown.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_server::pages::{PageCall, PageProblem};
use soar_store::StoreError;

/// The result of a page's handler.
pub(crate) type PageResult = Result<Response, PageError>;

/// The reason for which a page cannot be shown. The layer around all pages shows it within the layout.
#[derive(Debug)]
pub(crate) enum PageError {
    /// An operation was refused or failed.
    Operation(OperationError),
    /// The page refuses the request.
    Problem(PageProblem),
    /// The template failed.
    Template(askama::Error),
}

impl PageError {
    /// There is nothing at the address.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::Problem(PageProblem::new(StatusCode::NOT_FOUND, message))
    }

    /// The user may not see the page.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::Problem(PageProblem::new(StatusCode::FORBIDDEN, message))
    }

    /// What the user asked for cannot be done now.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Problem(PageProblem::new(StatusCode::UNPROCESSABLE_ENTITY, message))
    }

    /// A parameter of the address is not valid.
    pub(crate) fn bad_address(name: &str) -> Self {
        let message = format!("The address is not valid: {name} has an unknown value. Choose it on the page again.");
        Self::Problem(PageProblem::new(StatusCode::BAD_REQUEST, message))
    }

    /// A defect of the host. The log gets the cause.
    pub(crate) fn defect(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a page failed");
        Self::Problem(PageProblem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The page cannot be shown. The log has the cause.",
        ))
    }

    /// The status and the text for the user.
    pub(super) fn problem(&self, call: &PageCall) -> PageProblem {
        match self {
            Self::Operation(error) => PageProblem { status: status(error, call), ..call.failed(error) },
            Self::Problem(problem) => problem.clone(),
            Self::Template(error) => {
                tracing::error!(request_id = call.request_id(), %error, "a page could not be rendered");
                PageProblem::new(StatusCode::INTERNAL_SERVER_ERROR, "The page cannot be shown because of a defect.")
            }
        }
    }
}

/// The status of a page whose operation failed. Only missing rights differ from the status over HTTP.
fn status(error: &OperationError, call: &PageCall) -> StatusCode {
    match error {
        OperationError::Refusal(Refusal::Forbidden(_)) => StatusCode::FORBIDDEN,
        error => call.failed(error).status,
    }
}

/// The value; `None` if the user may not see it.
pub(crate) fn if_allowed<T>(result: Result<T, OperationError>) -> Result<Option<T>, PageError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(OperationError::Refusal(Refusal::Forbidden(_)) | OperationError::NoConnectors) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<OperationError> for PageError {
    fn from(error: OperationError) -> Self {
        Self::Operation(error)
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Operation(error.into())
    }
}

impl From<Refusal> for PageError {
    fn from(error: Refusal) -> Self {
        Self::Operation(error.into())
    }
}

impl From<PageProblem> for PageError {
    fn from(problem: PageProblem) -> Self {
        Self::Problem(problem)
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Template(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
