//! `GET /profile`: all parts of the profile.

use askama::Template;
use axum::Router;
use soar_store::model::Theme;

use crate::parts::{Cell, Column, Field, FormErrors, Row, Table, When};
use crate::routing::get;
use crate::visit::{Form, Frame, Page, PageError, PageResult};

/// The profile. A form of it that was refused is shown with its problems.
#[derive(Debug, Template)]
#[template(path = "profile/profile.html")]
pub(super) struct ProfilePage {
    frame: Frame,
    name: String,
    email: String,
    display_errors: FormErrors,
    time_zone: Field,
    theme: Field,
    password_errors: FormErrors,
    old: Field,
    new: Field,
    again: Field,
    /// The number of unused recovery codes, if the user has an authenticator app.
    recovery_codes: Option<i64>,
    app_errors: FormErrors,
    code: Field,
    sessions: Table,
    has_other_sessions: bool,
}

/// The forms of the profile, of which one may have been sent.
#[derive(Debug, Default)]
pub(super) struct ProfileForms {
    pub(super) display: Form,
    pub(super) password: Form,
    pub(super) app: Form,
}

pub(super) fn routes() -> Router {
    Router::new().route("/profile", get(show))
}

async fn show(page: Page) -> PageResult {
    page.show(&profile(&page, ProfileForms::default()).await?)
}

/// The page with these forms.
pub(super) async fn profile(page: &Page, forms: ProfileForms) -> Result<ProfilePage, PageError> {
    let session = page.session()?;
    let sessions = page.sign_in().own_sessions(session).await?;
    let has_other_sessions = sessions.len() > 1;
    let rows = sessions.iter().map(|one| {
        let is_this = one.id == session.session.id;
        Row::new([
            Cell::text(if is_this { "This session" } else { one.method.as_str() }),
            Cell::text(&one.address),
            Cell::when(When::new(one.created_at, page.zone(), page.now())),
            Cell::when(When::new(one.seen_at, page.zone(), page.now())),
        ])
    });
    let columns = [
        Column::text("session", "Session"),
        Column::text("address", "Address"),
        Column::text("signed-in", "Signed in").wide(),
        Column::text("last-request", "Last request"),
    ];
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let themes = Theme::ALL.iter().map(|theme| (theme.as_str(), name(*theme)));
    let purpose = "Your profile holds how the console looks to you, and how you sign in.";
    Ok(ProfilePage {
        frame: page.main_frame("Your profile", purpose),
        name: session.user.name.clone(),
        email: session.user.email.clone().unwrap_or_default(),
        display_errors: FormErrors::of(&forms.display),
        time_zone: Field::text("time-zone", "Time zone")
            .help("Times are shown in this zone. Leave it empty for the time zone of the site.")
            .placeholder("Europe/Berlin")
            .suggestions(zones)
            .value(session.profile.time_zone.clone().unwrap_or_default())
            .of(&forms.display),
        theme: Field::choice("theme", "Colours", themes).value(session.profile.theme.as_str()).of(&forms.display),
        password_errors: FormErrors::of(&forms.password),
        old: Field::secret("old", "Current password").required().autocomplete("current-password").of(&forms.password),
        new: Field::secret("new", "New password")
            .help("At least 12 characters, such as several words.")
            .required()
            .autocomplete("new-password")
            .of(&forms.password),
        again: Field::secret("again", "New password again").required().autocomplete("new-password").of(&forms.password),
        recovery_codes: page.sign_in().totp_state(session).await?,
        app_errors: FormErrors::of(&forms.app),
        code: Field::secret("code", "Code of the app, or a recovery code")
            .required()
            .autocomplete("one-time-code")
            .of(&forms.app),
        sessions: Table::new("sessions", "Your sessions", columns).rows(rows),
        has_other_sessions,
    })
}

const fn name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "As the operating system",
        Theme::Light => "Light",
        Theme::Dark => "Dark",
    }
}
