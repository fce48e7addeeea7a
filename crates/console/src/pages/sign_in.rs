//! `/sign-in`: starts a session. A form whose session ended can be continued afterwards.

use askama::Template;
use axum::Router;
use axum::http::header;
use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use soar_host::sign_in::{SignInError, SignInRequest};

use crate::parts::{Field, FormErrors, Hidden};
use crate::routing::form;
use crate::visit::{Form, Frame, KEPT_ACTION, KEPT_PREFIX, Page, PageError, PageResult, Query, SessionCookie};

/// The longest address to go to after signing in.
const LONGEST_TARGET: usize = 2_000;

#[derive(Debug, Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignInPage {
    frame: Frame,
    errors: FormErrors,
    user: Field,
    password: Field,
    /// The code of an authenticator app, for a user who has one.
    code: Option<Field>,
    /// The address to go to, or the form to continue.
    hidden: Vec<Hidden>,
    /// Whether users can sign in by a provider.
    has_provider: bool,
}

/// The page after signing in, from which the user continues with a form.
#[derive(Debug, Template)]
#[template(path = "sign_in/resume.html")]
struct ResumePage {
    frame: Frame,
    action: String,
    hidden: Vec<Hidden>,
}

#[derive(Debug, Deserialize)]
struct ReturnAddress {
    #[serde(default)]
    to: String,
}

pub(super) fn routes() -> Router {
    Router::new().route("/sign-in", form(show, sign_in))
}

async fn show(page: Page, Query(ReturnAddress { to }): Query<ReturnAddress>) -> PageResult {
    if page.is_signed_in() {
        return page.lead_to(own_address(&to), None);
    }
    page.show(&of(&page, &Form::empty(), vec![Hidden::new("to", to)], false))
}

async fn sign_in(page: Page, mut form: Form) -> PageResult {
    let user = form.required("user", "The user name");
    let code = form.secret("code");
    let mut wants_code = form.is_checked("wants-code");
    if !form.is_wrong() {
        let code = Some(code).filter(|code| !code.expose_secret().trim().is_empty());
        let request = SignInRequest { user, password: form.secret("password"), code, browser: page.browser() };
        match page.sign_in().with_password(request).await {
            Ok(session) => return signed_in(&page, &form, &session.token).await,
            Err(error @ (SignInError::CodeNeeded | SignInError::WrongCode)) => {
                wants_code = true;
                form.wrong("code", error.to_string());
            }
            // The form has no code, whether or not the user needs one.
            Err(SignInError::Refused) if !wants_code => form.refuse("The user name or the password is wrong."),
            Err(error) => page.account_refused(&mut form, error)?,
        }
    }
    let passed_on = |name: &str| name == "to" || name == KEPT_ACTION || name.starts_with(KEPT_PREFIX);
    let hidden = form.values().filter(|(name, _)| passed_on(name)).map(|(name, value)| Hidden::new(name, value));
    page.show_again(&of(&page, &form, hidden.collect(), wants_code))
}

/// Answers a user who has just signed in.
async fn signed_in(page: &Page, form: &Form, token: &SecretString) -> PageResult {
    let mut response = match form.given(KEPT_ACTION) {
        Some(action) if action.starts_with(&page.href("/")) => resume(page, form, action, token).await?,
        _ => page.lead_to(own_address(form.text("to")), None)?,
    };
    if let Some(cookie) = SessionCookie::new(page.is_secure()).set(token) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn resume(page: &Page, form: &Form, action: &str, token: &SecretString) -> Result<Response, PageError> {
    let session = page.sign_in().session(token).await?;
    let csrf = session.map(|session| session.csrf.text()).unwrap_or_default();
    let kept = form.values().filter_map(|(name, value)| Some(Hidden::new(name.strip_prefix(KEPT_PREFIX)?, value)));
    let hidden = kept.chain([Hidden::new("csrf", csrf)]).collect();
    page.show(&ResumePage { frame: page.frame("You are signed in"), action: action.to_owned(), hidden })
}

fn of(page: &Page, form: &Form, mut hidden: Vec<Hidden>, wants_code: bool) -> SignInPage {
    let code = wants_code.then(|| {
        hidden.push(Hidden::new("wants-code", ""));
        let help = "From the authenticator app, or one of your recovery codes. Type the password again too.";
        Field::secret("code", "Code").required().autocomplete("one-time-code").help(help).of(form)
    });
    SignInPage {
        frame: page.frame("Sign in"),
        errors: FormErrors::of(form),
        user: Field::text("user", "User name").required().autocomplete("username").focused().of(form),
        password: Field::secret("password", "Password").required().autocomplete("current-password").of(form),
        code,
        hidden,
        has_provider: page.sign_in().has_openid(),
    }
}

/// The address below the console to go to after signing in. Another site's address leads to the first page.
fn own_address(to: &str) -> &str {
    let is_own = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']);
    if is_own && to.len() <= LONGEST_TARGET { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_console_s_own_addresses_are_gone_to() {
        for (to, expected) in [
            ("/runs?status=Failed", "/runs?status=Failed"),
            ("", "/"),
            ("https://elsewhere.example/", "/"),
            ("//elsewhere.example/", "/"),
            ("/\\elsewhere.example/", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(own_address(to), expected, "{to}");
        }
    }
}
