//! `GET /users`: the users with their roles.

use axum::Router;
use soar_host::operations::UserShown;
use soar_store::model::Role;

use super::address;
use crate::export;
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Field, Filter, LinkButton, Meaning, Row, Table, counted};
use crate::routing::get;
use crate::visit::{ListState, Page, PageError, PageResult};

/// The most users on the page. A search finds the others.
const MOST: usize = 200;

pub(super) fn routes() -> Router {
    Router::new().route("/users", get(show)).route("/users.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let found = read(&page, &list).await?;
    let any = std::iter::once(("", "Any role"));
    let roles =
        any.chain([("administrator", "Administrator")]).chain(Role::ALL.iter().map(|one| (one.as_str(), one.as_str())));
    let fields = [
        Field::text("q", "Search").placeholder("Name or mail address"),
        Field::choice("role", "Role", roles),
        Field::choice("state", "State", [("", "Any state"), ("active", "Active"), ("inactive", "Inactive")]),
    ];
    let filter = Filter::new(&list, fields).with_export(&list);
    let create = LinkButton::new(page.href("/users/new"), "+ New User");
    let about = match found.len() {
        count if count > MOST => format!("{MOST} of {count} users. Search for the others."),
        count => counted(count, "user", "users"),
    };
    let table = users(&page, &found[..found.len().min(MOST)]).position(&list, about, None);
    let purpose = "Users are the people and programs that use the host. Their roles say what they may do on each site.";
    page.show(&ContentPage::new(page.main_frame("Users", purpose)).action(create).with(filter).with(table))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "users", move |page, _| {
        let list = list.clone();
        async move {
            let found = read(&page, &list).await?;
            Ok((users(&page, &found), None))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState) -> Result<Vec<UserShown>, PageError> {
    let text = list.filter("q").map(str::to_lowercase).unwrap_or_default();
    let has_text = |one: &UserShown| {
        let texts = [one.user.name.as_str(), one.user.email.as_deref().unwrap_or_default()];
        texts.iter().any(|part| part.to_lowercase().contains(&text))
    };
    let has_role = |one: &UserShown| match list.filter("role") {
        None => true,
        Some("administrator") => one.user.is_administrator,
        Some(role) => one.roles.values().any(|own| own.as_str() == role),
    };
    let has_state = |one: &UserShown| list.filter("state").is_none_or(|state| (state == "active") == one.user.active);
    let mut users = page.operations().list_users(page.context()?).await?;
    users.retain(|one| has_text(one) && has_role(one) && has_state(one));
    Ok(users)
}

/// Whether the user is active.
pub(super) fn state(is_active: bool) -> Badge {
    if is_active { Badge::new("Active", Meaning::Good) } else { Badge::new("Inactive", Meaning::Neutral) }
}

fn users(page: &Page, found: &[UserShown]) -> Table {
    let rows = found.iter().map(|one| {
        let roles = one.roles.iter().map(|(site, role)| format!("{role} on {site}")).collect::<Vec<_>>().join(", ");
        Row::new([
            Cell::link(page.href(&address(&one.user.name)), &one.user.name),
            Cell::badge(state(one.user.active)),
            Cell::yes_or_no(one.user.is_administrator),
            Cell::text_or_unknown(&roles),
            Cell::text_or_unknown(one.user.email.as_deref().unwrap_or_default()),
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("state", "State"),
        Column::text("administrator", "Administrator"),
        Column::text("roles", "Roles").wide(),
        Column::text("email", "Mail address").wide(),
    ];
    Table::new("users", "Users", columns).rows(rows).empty(Empty::new("No user matches the filter."))
}
