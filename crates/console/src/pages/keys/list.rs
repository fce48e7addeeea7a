//! `GET /keys`: the keys, without their secrets.

use axum::Router;
use soar_host::operations::KeyShown;
use soar_store::model::{KeyKind, KeyState};

use crate::export;
use crate::pages::named::name_segment;
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Field, Filter, LinkButton, Meaning, Row, Table, When};
use crate::routing::get;
use crate::visit::{ListState, Page, PageError, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/keys", get(show)).route("/keys.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let found = read(&page, &list).await?;
    let states = [("", "Any state"), ("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")];
    let fields = [Field::text("q", "Search").placeholder("Name or owner"), Field::choice("state", "State", states)];
    let filter = Filter::new(&list, fields).with_export(&list);
    let create = LinkButton::new(page.href("/keys/new"), "+ New Key");
    let purpose = "Keys let programs call the host in the name of a user. Create one for each program.";
    page.show(&ContentPage::new(page.main_frame("Keys", purpose)).action(create).with(filter).with(keys(&page, &found)))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "keys", move |page, _| {
        let list = list.clone();
        async move {
            let found = read(&page, &list).await?;
            Ok((keys(&page, &found), None))
        }
    })
    .await
}

const fn name(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Expired => "expired",
        KeyState::Revoked => "revoked",
    }
}

async fn read(page: &Page, list: &ListState) -> Result<Vec<KeyShown>, PageError> {
    let mut keys = page.operations().list_keys(page.context()?).await?;
    if let Some(text) = list.filter("q").map(str::to_lowercase) {
        keys.retain(|key| [&key.name, &key.owner].iter().any(|name| name.to_lowercase().contains(&text)));
    }
    if let Some(state) = list.filter("state") {
        keys.retain(|key| name(key.state) == state);
    }
    Ok(keys)
}

fn keys(page: &Page, found: &[KeyShown]) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let only = |names: &Option<Vec<String>>| match names {
        None => Cell::text("All"),
        Some(names) if names.is_empty() => Cell::text("None"),
        Some(names) => Cell::text(&names.join(", ")),
    };
    let rows = found.iter().map(|key| {
        let (text, meaning) = match key.state {
            KeyState::Active => ("Active", Meaning::Good),
            KeyState::Expired => ("Expired", Meaning::Warning),
            KeyState::Revoked => ("Revoked", Meaning::Neutral),
        };
        let revoke = match key.state {
            KeyState::Revoked => Cell::unknown(),
            _ => Cell::dialog(
                page.href(&format!("/keys/{}/revoke", name_segment(&key.name))),
                &format!("Revoke {}", key.name),
            ),
        };
        Row::new([
            Cell::text(&key.name),
            Cell::badge(Badge::new(text, meaning)),
            Cell::text(match key.kind {
                KeyKind::Api => "API key",
                KeyKind::Jwt => "JWT key",
            }),
            Cell::text(&key.owner),
            Cell::text_or_unknown(&key.users.join(", ")),
            only(&key.sites),
            only(&key.commands),
            Cell::yes_or_no(key.may_manage),
            key.expires_at.map_or_else(|| Cell::text("Never"), when),
            key.last_used_at.map_or_else(Cell::unknown, when),
            when(key.created_at),
            Cell::text_or_unknown(&key.public_part),
            revoke,
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("state", "State"),
        Column::text("kind", "Kind").wide(),
        Column::text("owner", "Owner"),
        Column::text("users", "Other users").wide(),
        Column::text("sites", "Sites").wide(),
        Column::text("commands", "Commands").wide(),
        Column::text("manages", "Management API").wide(),
        Column::text("expires", "Expires").wide(),
        Column::text("used", "Last use").wide(),
        Column::text("created", "Created").wide(),
        Column::text("public", "Public part").wide(),
        Column::text("revoke", "Revoke").unexported(),
    ];
    let empty = Empty::new("No key matches the filter, or there is none yet.");
    Table::new("keys", "Keys", columns).rows(rows).empty(empty)
}
