//! Sites.

use serde::Deserialize;
use soar_store::model::{Site, SiteKind, shapes};
use soar_store::{NewSite, SiteChange};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Run, described, described_list};

/// A site to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SiteToMake {
    /// Its name; compared without regard to case.
    #[schema(schema_with = shapes::name)]
    name: String,
    kind: SiteKind,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    description: String,
    /// Its IANA time zone. UTC unless given.
    #[serde(default = "utc")]
    #[schema(schema_with = shapes::time_zone)]
    time_zone: String,
    /// Its language as a BCP 47 tag. en unless given.
    #[serde(default = "english")]
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    language: String,
}

/// What changes about a site; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[derive(Default)]
struct SiteToChange {
    /// Its new name.
    #[schema(schema_with = shapes::optional_name)]
    name: Option<String>,
    kind: Option<SiteKind>,
    /// What it is for.
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    description: Option<String>,
    /// Its IANA time zone.
    #[schema(schema_with = shapes::optional_time_zone)]
    time_zone: Option<String>,
    /// Its language as a BCP 47 tag.
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
    language: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn english() -> String {
    "en".to_owned()
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/sites",
            id: "listSites",
            summary: "All sites, by name",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<Site>,
            run: Run::Inside(|mut managed| Box::pin(async move { Done::new(managed.records.sites().await?, "") })),
        },
        Operation {
            method: "post",
            path: "/sites",
            id: "makeSite",
            summary: "Make a site",
            query: &[],
            body: Some(described::<SiteToMake>),
            status: 201,
            answer: described::<Site>,
            run: Run::Inside(|managed| Box::pin(make(managed))),
        },
        Operation {
            method: "get",
            path: "/sites/{name}",
            id: "getSite",
            summary: "One site",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Site>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let name = managed.part("name").to_owned();
                    Done::new(managed.records.site(&name).await?, "")
                })
            }),
        },
        Operation {
            method: "patch",
            path: "/sites/{name}",
            id: "changeSite",
            summary: "Change a site",
            query: &[],
            body: Some(described::<SiteToChange>),
            status: 200,
            answer: described::<Site>,
            run: Run::Inside(|managed| Box::pin(change(managed))),
        },
    ]
}

async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let SiteToMake { name, kind, description, time_zone, language } = managed.body()?;
    let new = NewSite { name, kind, description, time_zone, language };
    let site = managed.records.create_site(&new, managed.now).await?;
    let about = site.name.clone();
    Done::new(site, about)
}

async fn change(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let SiteToChange { name, kind, description, time_zone, language } = managed.body()?;
    let change = SiteChange { name, kind, description, time_zone, language };
    let now = managed.now;
    let name = managed.part("name").to_owned();
    let site = managed.records.update_site(&name, &change, now).await?;
    let about = site.name.clone();
    Done::new(site, about)
}
