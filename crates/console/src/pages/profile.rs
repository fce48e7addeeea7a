//! `/profile`: what a user chooses for itself: time zone and colours.

use askama::Template;
use axum::Router;
use axum::routing::get;
use jiff::tz::TimeZone;

use crate::parts::{Field, FormErrors};
use crate::visit::{Answer, Form, Frame, Notice, Page, PageError, Theme};

#[derive(Debug, Template)]
#[template(path = "profile/profile.html")]
struct ProfilePage {
    frame: Frame,
    name: String,
    email: String,
    errors: FormErrors,
    time_zone: Field,
    theme: Field,
}

pub(super) fn routes() -> Router {
    Router::new().route("/profile", get(show).post(change))
}

async fn show(page: Page) -> Answer {
    page.show(&of(&page, &Form::empty())?)
}

async fn change(page: Page, mut form: Form) -> Answer {
    let zone = form.text("time-zone").to_owned();
    if !zone.is_empty() && TimeZone::get(&zone).is_err() {
        form.wrong("time-zone", "No time zone has this name. Expected a name such as Europe/Berlin.");
    }
    let theme = Theme::parse(form.text("theme"));
    if theme.is_none() {
        form.wrong("theme", "Choose one of the colours.");
    }
    match theme {
        Some(theme) if !form.is_wrong() => {
            let zone = (!zone.is_empty()).then_some(zone);
            page.state().sign_in.change_profile(&page.session()?.token, zone, theme).await?;
            page.lead_to("/profile", Some(Notice::done("Your profile is changed.")))
        }
        _ => page.show_again(&of(&page, &form)?),
    }
}

fn of(page: &Page, form: &Form) -> Result<ProfilePage, PageError> {
    let session = page.session()?;
    let zone = session.time_zone.clone().unwrap_or_default();
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let themes = [("system", "As the operating system"), ("light", "Light"), ("dark", "Dark")];
    Ok(ProfilePage {
        frame: page.frame("Your profile"),
        name: session.user.name.clone(),
        email: session.user.email.clone().unwrap_or_default(),
        errors: FormErrors::of(form),
        time_zone: Field::text("time-zone", "Time zone")
            .help("Times are shown in this zone. Leave it empty for the time zone of the site.")
            .suggestions(zones)
            .value(zone)
            .of(form),
        theme: Field::choice("theme", "Colours", themes).value(session.theme.as_str()).of(form),
    })
}
