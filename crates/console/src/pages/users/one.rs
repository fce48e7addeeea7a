//! `/users/{name}`: a user with the forms that change it, its roles, and its sessions.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::{OperationError, UserShown, UserToChange};
use soar_store::StoreError;
use soar_store::model::User;

use super::list::state;
use super::{FIELDS, address, panels};
use crate::pages::named::refused_named;
use crate::parts::{
    Cell, Column, ContentPage, Empty, Facts, Field, FormPanel, Row, Table, When, was_changed_meanwhile,
};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult, Path};

/// The forms of the page, of which one may have been sent.
#[derive(Debug, Default)]
pub(super) struct UserForms {
    pub(super) change: Form,
    pub(super) roles: Form,
    pub(super) sign_in: Form,
}

pub(super) fn routes() -> Router {
    Router::new().route("/users/{name}", form(show, save))
}

async fn show(page: Page, Path(name): Path<String>) -> PageResult {
    page.context()?.must_administer()?;
    let user = page.operations().user(page.context()?, &name).await?;
    let shown = shown(&page, &user, &UserForms::default()).await?;
    page.show(&shown)
}

async fn save(page: Page, Path(name): Path<String>, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let user = page.operations().user(page.context()?, &name).await?;
    let new_name = form.required("name", "The name");
    if !was_changed_meanwhile(&mut form, &fields(&user.user)) && !form.is_wrong() {
        let (active, is_administrator) = (form.is_checked("active"), form.is_checked("administrator"));
        let change = UserToChange {
            name: Some(new_name),
            email: Some(form.text("email").to_owned()),
            active: (active != user.user.active).then_some(active),
            is_administrator: (is_administrator != user.user.is_administrator).then_some(is_administrator),
        };
        match page.operations().change_user(page.context()?, &name, change).await {
            Ok(changed) => {
                let notice = Notice::done(format!("The user {} is changed.", changed.user.name));
                return page.lead_to(&address(&changed.user.name), Some(notice));
            }
            Err(error @ OperationError::Refusal(Refusal::About(StoreError::LastAdministrator(_)))) => {
                // The last active administrator is deactivated, or loses the right.
                page.refused_at(&mut form, if active { "administrator" } else { "active" }, error)?;
            }
            Err(error) => refused_named(&page, &mut form, FIELDS, error)?,
        }
    }
    let shown = shown(&page, &user, &UserForms { change: form, ..UserForms::default() }).await?;
    page.show_again(&shown)
}

fn fields(user: &User) -> Vec<Field> {
    vec![
        Field::text("name", "Name").required().value(&user.name),
        Field::text("email", "Mail address").value(user.email.clone().unwrap_or_default()),
        Field::checkbox("active", "Active", user.active)
            .help("An inactive user has no rights. Its sessions end at once."),
        Field::checkbox("administrator", "Administrator", user.is_administrator)
            .help("An administrator has every right on every site and for the instance."),
    ]
}

/// The page of a user.
pub(super) async fn shown(page: &Page, one: &UserShown, forms: &UserForms) -> Result<ContentPage, PageError> {
    let user = &one.user;
    let sessions = page.operations().list_sessions(page.context()?, &user.name).await?;
    let frame = page.frame(&user.name).below("Users", "/users");
    let own = address(&user.name);
    let facts = Facts::new("user", "User")
        .fact("State", Cell::badge(state(user.active)))
        .fact("Administrator", Cell::yes_or_no(user.is_administrator))
        .fact("Mail address", Cell::text_or_unknown(user.email.as_deref().unwrap_or_default()));
    let change = FormPanel::new(&frame, "change", "Change", &own).stored_fields(&forms.change, fields(user));
    let give = panels::role(page, &frame, &own, &forms.roles).await?;
    let link = panels::password_link(&frame, &own, user.active);
    let end = panels::end_sessions(&frame, &own, &forms.sign_in);
    let app = page.operations().store.reader().await?.records().totp(user.id).await?;
    let reset = app.map(|_| panels::reset_app(&frame, &own));
    let roles = one.roles.iter().map(|(site, role)| Row::new([Cell::text(site), Cell::text(role.as_str())]));
    let roles = Table::new("roles", "Roles", [Column::text("site", "Site"), Column::text("role", "Role")])
        .rows(roles)
        .empty(Empty::new("The user has no role on a site."));
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = sessions.iter().map(|session| {
        Row::new([
            Cell::text(session.method.as_str()),
            Cell::text_or_unknown(&session.address),
            when(session.created_at),
            when(session.seen_at),
        ])
    });
    let columns = [
        Column::text("method", "Signed in by"),
        Column::text("address", "Address"),
        Column::text("signed-in", "Signed in"),
        Column::text("last-request", "Last request").wide(),
    ];
    let sessions = Table::new("sessions", "Sessions of the console", columns)
        .rows(rows)
        .empty(Empty::new("The user is not signed in."));
    Ok(ContentPage::new(frame)
        .with(facts)
        .with(roles)
        .with(give)
        .with(change)
        .with_some(link)
        .with(sessions)
        .with(end)
        .with_some(reset))
}
