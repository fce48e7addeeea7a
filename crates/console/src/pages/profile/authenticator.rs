//! `/profile/authenticator`: adds an authenticator app, confirms it with a code, and removes it.

use askama::Template;
use axum::Router;
use qrcode::{Color, EcLevel, QrCode};
use secrecy::{ExposeSecret as _, SecretString};
use soar_host::sign_in::{SignInError, TotpEnrolment};

use super::overview::{ProfileForms, profile};
use crate::parts::{Field, FormErrors};
use crate::routing::post;
use crate::visit::{Form, Frame, Notice, Page, PageResult};

/// The page that shows the secret of the app, once, and asks for a code of it.
#[derive(Debug, Template)]
#[template(path = "profile/authenticator.html")]
struct AuthenticatorPage {
    frame: Frame,
    /// The secret; `None` after a wrong code, since it is not shown again.
    secret: Option<ShownSecret>,
    errors: FormErrors,
    code: Field,
}

/// The secret as a QR code and in groups of four characters.
struct ShownSecret {
    groups: String,
    qr: Option<Qr>,
}

impl std::fmt::Debug for ShownSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shown")
    }
}

/// A QR code as the path of an SVG.
struct Qr {
    side: usize,
    path: String,
}

/// The page that shows the recovery codes, once.
#[derive(Template)]
#[template(path = "profile/recovery_codes.html")]
struct RecoveryCodesPage {
    frame: Frame,
    codes: Vec<String>,
}

pub(super) fn routes() -> Router {
    Router::new()
        .route("/profile/authenticator", post(begin))
        .route("/profile/authenticator/confirm", post(confirm))
        .route("/profile/authenticator/remove", post(remove))
}

async fn begin(page: Page, form: Form) -> PageResult {
    let mut app = Form::default();
    if !form.is_wrong() {
        match page.sign_in().begin_totp(page.context()?, page.session()?).await {
            Ok(enrolment) => return page.show(&of(&page, &Form::default(), Some(shown(&enrolment)))),
            Err(error) => page.account_refused(&mut app, error)?,
        }
    }
    page.show_again(&profile(&page, ProfileForms { app, ..ProfileForms::default() }).await?)
}

async fn confirm(page: Page, mut form: Form) -> PageResult {
    if !form.is_wrong() {
        match page.sign_in().confirm_totp(page.context()?, page.session()?, &form.secret("code")).await {
            Ok(codes) => {
                let codes = codes.0.iter().map(|code| code.expose_secret().to_owned()).collect();
                return page.show(&RecoveryCodesPage { frame: frame(&page, "Recovery codes"), codes });
            }
            Err(error @ SignInError::WrongCode) => form.wrong("code", error.to_string()),
            Err(error) => page.account_refused(&mut form, error)?,
        }
    }
    page.show_again(&of(&page, &form, None))
}

async fn remove(page: Page, mut form: Form) -> PageResult {
    if !form.is_wrong() {
        match page.sign_in().remove_totp(page.context()?, page.session()?, &form.secret("code")).await {
            Ok(()) => return page.lead_to("/profile", Some(Notice::done("The authenticator app is removed."))),
            Err(error @ SignInError::WrongCode) => form.wrong("code", error.to_string()),
            Err(error) => page.account_refused(&mut form, error)?,
        }
    }
    page.show_again(&profile(&page, ProfileForms { app: form, ..ProfileForms::default() }).await?)
}

fn frame(page: &Page, title: &str) -> Frame {
    page.frame(title).below("Your profile", "/profile")
}

fn of(page: &Page, form: &Form, secret: Option<ShownSecret>) -> AuthenticatorPage {
    AuthenticatorPage {
        frame: frame(page, "Add an authenticator app"),
        secret,
        errors: FormErrors::of(form),
        code: Field::secret("code", "Code that the app shows")
            .required()
            .autocomplete("one-time-code")
            .focused()
            .of(form),
    }
}

fn shown(enrolment: &TotpEnrolment) -> ShownSecret {
    let characters: Vec<char> = enrolment.secret.expose_secret().chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    ShownSecret { groups: groups.join(" "), qr: qr(&enrolment.address) }
}

/// `None` for an address that is too long for a QR code.
fn qr(address: &SecretString) -> Option<Qr> {
    let code = QrCode::with_error_correction_level(address.expose_secret(), EcLevel::M).ok()?;
    let side = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let path = dark.map(|(index, _)| format!("M{} {}h1v1h-1z", index % side, index / side)).collect();
    Some(Qr { side, path })
}
