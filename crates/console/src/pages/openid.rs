//! `/sign-in/openid`: starts a session by an OpenID Connect provider.

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use serde::Deserialize;
use soar_host::sign_in::{OpenIdReturn, SignInError};
use soar_server::pages::PageProblem;

use crate::routing::get;
use crate::visit::{FlowCookie, Notice, Page, PageError, PageResult, Query, SessionCookie};

/// The parameters that the provider adds to the address.
#[derive(Deserialize)]
struct Returned {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    #[serde(rename = "iss")]
    issuer: Option<String>,
}

pub(super) fn routes() -> Router {
    Router::new().route("/sign-in/openid", get(finish)).route("/sign-in/openid/start", get(begin))
}

/// Sends the browser to the provider.
async fn begin(page: Page) -> PageResult {
    let start = match page.sign_in().begin_openid().await {
        Ok(start) => start,
        Err(error) => return refused(&page, error),
    };
    let location = HeaderValue::from_str(&start.address);
    let location = location.map_err(|_| PageError::not_found("The provider's address is not valid."))?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    if let Some(cookie) = FlowCookie::set(&start.flow, page.is_secure()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Signs in the user of a browser that comes back from the provider.
async fn finish(page: Page, Query(returned): Query<Returned>) -> PageResult {
    let Returned { state, code, error, issuer } = returned;
    let (flow, browser) = (page.flow(), page.browser());
    let code = code.map(Into::into);
    let returned = OpenIdReturn { flow, state, code, error, issuer, browser };
    let mut response = match page.sign_in().finish_openid(returned).await {
        Ok(session) => {
            let mut response = page.lead_to("/", None)?;
            if let Some(cookie) = SessionCookie::new(page.is_secure()).set(&session.token) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => refused(&page, error)?,
    };
    if let Some(cookie) = FlowCookie::delete(page.is_secure()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Leads back to the sign-in page, which says why the sign-in failed.
fn refused(page: &Page, error: SignInError) -> PageResult {
    match error {
        SignInError::NoProvider => Err(PageProblem::new(StatusCode::NOT_FOUND, error.to_string()).into()),
        SignInError::Operation(error) => Err(error.into()),
        error => page.lead_to("/sign-in", Some(Notice::failed(error.to_string()))),
    }
}
