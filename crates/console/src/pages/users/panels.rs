//! The forms on the page of a user. `own` is the address of the user.

use super::create::role_choices;
use crate::parts::{Field, FormPanel};
use crate::visit::{Form, Frame, Page, PageError};

/// The form of a role.
pub(super) async fn role(page: &Page, frame: &Frame, own: &str, form: &Form) -> Result<FormPanel, PageError> {
    let sites = page.operations().list_sites(page.context()?).await?;
    let fields = [
        Field::text("site", "Site").suggestions(sites.into_iter().map(|site| site.name).take(200)).required(),
        Field::choice("role", "Role", role_choices("No role")).help("It replaces the user's role on the site."),
    ];
    Ok(FormPanel::new(frame, "give-role", "Change a role", &format!("{own}/roles"))
        .fields(form, fields)
        .button("Set the role")
        .plain())
}

/// The form that makes a link, for an active user.
pub(super) fn password_link(frame: &Frame, own: &str, is_active: bool) -> Option<FormPanel> {
    is_active.then(|| {
        FormPanel::new(frame, "password-link", "Password", &format!("{own}/password-link"))
            .text("The user sets a password with a link that works once. It replaces an earlier link.")
            .button("Make a password link")
            .plain()
    })
}

/// The form that ends sessions. `form` has the problem of a form that was sent.
pub(super) fn end_sessions(frame: &Frame, own: &str, form: &Form) -> FormPanel {
    FormPanel::new(frame, "end-sessions", "End the sessions", &format!("{own}/end-sessions"))
        .text("The user has to sign in again.")
        .fields(form, [])
        .button("End all sessions")
        .plain()
}

/// The form that removes an authenticator app.
pub(super) fn reset_app(frame: &Frame, own: &str) -> FormPanel {
    FormPanel::new(frame, "reset-app", "Authenticator app", &format!("{own}/reset-app"))
        .text("Removes the authenticator app and the recovery codes, such as after the loss of a telephone.")
        .button("Remove the authenticator app")
        .danger()
}
