//! `GET /sites`: the sites on which the user has a role.

use axum::Router;
use soar_store::model::{Site, SiteKind};

use super::address;
use crate::export;
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Field, Filter, LinkButton, Meaning, Row, Table, counted};
use crate::routing::get;
use crate::visit::{ListState, Page, PageError, PageResult};

/// The most sites on the page. A search finds the others.
const MOST: usize = 200;

pub(super) fn routes() -> Router {
    Router::new().route("/sites", get(show)).route("/sites.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let found = read(&page, &list).await?;
    let kinds =
        std::iter::once(("", "Any kind")).chain(SiteKind::ALL.iter().map(|kind| (kind.as_str(), kind.as_str())));
    let fields = [Field::text("q", "Search").placeholder("Name"), Field::choice("kind", "Kind", kinds)];
    let filter = Filter::new(&list, fields).with_export(&list);
    let create = page.administers().then(|| LinkButton::new(page.href("/sites/new"), "+ New Site"));
    let about = match found.len() {
        count if count > MOST => format!("{MOST} of {count} sites. Search for the others."),
        count => counted(count, "site", "sites"),
    };
    let shown = &found[..found.len().min(MOST)];
    let table = sites(&page, &list, shown).position(&list, about, None);
    let purpose = "Sites keep teams and clients apart. Connections, incidents and roles belong to a site.";
    page.show(&ContentPage::new(page.main_frame("Sites", purpose)).action(create).with(filter).with(table))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "sites", move |page, _| {
        let list = list.clone();
        async move {
            let found = read(&page, &list).await?;
            Ok((sites(&page, &list, &found), None))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState) -> Result<Vec<Site>, PageError> {
    let kind = list.read::<SiteKind>("kind")?;
    let text = list.filter("q").map(str::to_lowercase).unwrap_or_default();
    let mut sites = page.operations().list_sites(page.context()?).await?;
    sites.retain(|site| kind.is_none_or(|kind| site.kind == kind) && site.name.to_lowercase().contains(&text));
    Ok(sites)
}

/// Whether the site is active.
pub(super) fn state(site: &Site) -> Badge {
    if site.active { Badge::new("Active", Meaning::Good) } else { Badge::new("Inactive", Meaning::Neutral) }
}

fn sites(page: &Page, list: &ListState, found: &[Site]) -> Table {
    let rows = found.iter().map(|site| {
        Row::new([
            Cell::link(page.href(&address(&site.name)), &site.name),
            Cell::text(site.kind.as_str()),
            Cell::badge(state(site)),
            Cell::text(&site.time_zone),
            Cell::text(&site.language),
            Cell::text_or_unknown(&site.description),
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("kind", "Kind"),
        Column::text("state", "State"),
        Column::text("time-zone", "Time zone").wide(),
        Column::text("language", "Language").wide(),
        Column::text("description", "Description").wide(),
    ];
    let empty = Empty::of(list, "No site matches the filter.", "You have a role on no site.");
    Table::new("sites", "Sites", columns).rows(rows).empty(empty)
}
