//! `/keys/new`: creates a key, and shows it once.

use axum::Router;
use soar_connector::name::quoted;
use soar_host::operations::{KeyShown, KeyToMake};
use soar_host::utility::parse_date_time;
use soar_store::model::{KeyKind, Moment};

use crate::pages::choices::{CHOICES, several};
use crate::pages::named::refused_named;
use crate::parts::{Cell, ContentPage, Facts, Field, FormPanel, LinkButton, ShownOnce};
use crate::routing::form;
use crate::visit::{Form, Page, PageError, PageResult};

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("The name of the key", "name"),
    ("There is no user", "users"),
    ("There is no site", "sites"),
    ("Commands", "commands"),
    ("The expiry", "expires"),
    ("A JWT key cannot be used for the management API", "may-manage"),
    ("A key for the management API", "may-manage"),
];

pub(super) fn routes() -> Router {
    Router::new().route("/keys/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    let shown = shown(&page, &Form::empty()).await?;
    page.show(&shown)
}

async fn save(page: Page, mut form: Form) -> PageResult {
    let expires_at = expiry(&page, &mut form);
    let commands = form.items("commands");
    let kind = form.text("kind").parse::<KeyKind>().map_err(|problem| form.wrong("kind", problem));
    let owner = form.required("owner", "The owner");
    let no_owner = format!("There is no user {}", quoted(&owner));
    let key = KeyToMake {
        name: form.required("name", "The name"),
        kind: kind.unwrap_or(KeyKind::Api),
        owner,
        users: form.items("users"),
        sites: Some(form.items("sites")).filter(|sites| !sites.is_empty()),
        commands: Some(commands).filter(|commands| !commands.is_empty()),
        may_manage: form.is_checked("may-manage"),
        requires_expiry: form.is_checked("requires-expiry"),
        expires_at,
    };
    if !form.is_wrong() {
        match page.operations().create_key(page.context()?, key).await {
            Ok(made) => return page.show(&once(&page, &made)),
            Err(error) => {
                let owner: &[(&str, &str)] = &[(&no_owner, "owner")];
                refused_named(&page, &mut form, &[owner, FIELDS].concat(), error)?;
            }
        }
    }
    let shown = shown(&page, &form).await?;
    page.show_again(&shown)
}

fn expiry(page: &Page, form: &mut Form) -> Option<Moment> {
    let text = form.text("expires").to_owned();
    if text.is_empty() {
        return None;
    }
    let whole = if text.len() == 10 { format!("{text} 00:00:00") } else { text };
    parse_date_time(&whole, page.zone())
        .map_err(|problem| form.wrong("expires", format!("It is not valid: {problem}.")))
        .ok()
}

fn once(page: &Page, key: &KeyShown) -> ContentPage {
    let frame = page.frame(format!("The key {} is created", key.name)).below("Keys", "/keys");
    let text = "Copy the key now. The host does not store it and cannot show it again.";
    let secret = ShownOnce::new("The key", text, key.secret.clone().unwrap_or_default());
    let facts = Facts::new("key", "Use")
        .fact("Kind", Cell::text(key.kind.as_str()))
        .fact("Header", Cell::text(if key.kind == KeyKind::Api { "d3key" } else { "d3jwt" }))
        .fact("Owner", Cell::text(&key.owner));
    let back = LinkButton::new(page.href("/keys"), "I have copied the key");
    ContentPage::new(frame).action(back).with(secret).with(facts)
}

async fn shown(page: &Page, form: &Form) -> Result<ContentPage, PageError> {
    let users = page.operations().list_users(page.context()?).await?;
    let names = || users.iter().map(|user| user.user.name.clone());
    let sites = page.operations().list_sites(page.context()?).await?;
    let sites = sites.into_iter().map(|site| site.name).collect();
    let own = page.session()?.user.name.clone();
    let operations = page.operations();
    let commands = operations.known_commands.all().iter().map(|command| (&command.endpoint, &command.name));
    let zone = page.zone().iana_name().unwrap_or("your profile").to_owned();
    let frame = page.frame("New Key").below("Keys", "/keys");
    let kinds =
        [("api", "API key: the caller sends the key itself"), ("jwt", "JWT key: the caller sends signed tokens")];
    let fields = [
        Field::text("name", "Name").required().focused(),
        Field::choice("kind", "Kind", kinds),
        Field::text("owner", "Owner").suggestions(names().take(CHOICES)).value(own).required(),
        Field::text("expires", "Expires").placeholder("2027-01-31").help(format!("In {zone}. Never unless given.")),
        several("users", "Other users", names().collect(), "The users besides the owner who may use the key."),
        several(
            "sites",
            "Sites",
            sites,
            "The sites on which the key may be used. All sites, also later ones, unless you choose some.",
        ),
        Field::choices("commands", "Commands", commands)
            .help("The commands that the key may run. All commands, also later ones, unless you choose some."),
        Field::checkbox("may-manage", "The key may use the management API", false)
            .help("Only an API key of an administrator, without a limit to sites or commands."),
        Field::checkbox("requires-expiry", "Tokens must expire (JWT keys)", true),
    ];
    let panel = FormPanel::new(&frame, "new", "Fields", "/keys/new")
        .fields(form, fields)
        .button("Create")
        .back(page.href("/keys"));
    Ok(ContentPage::new(frame).with(panel))
}
