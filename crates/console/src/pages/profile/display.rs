//! `POST /profile/display`: the time zone and the colours.

use axum::Router;
use soar_store::model::{Profile, Theme};

use super::overview::{ProfileForms, profile};
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/profile/display", post(change))
}

async fn change(page: Page, mut form: Form) -> PageResult {
    let zone = form.text("time-zone").to_owned();
    let time_zone = (!zone.is_empty()).then_some(zone);
    match form.text("theme").parse::<Theme>() {
        Ok(theme) if !form.is_wrong() => {
            let wanted = Profile { time_zone, theme };
            match page.sign_in().set_profile(page.context()?, page.session()?, &wanted).await {
                Ok(_) => return page.lead_to("/profile", Some(Notice::done("The display is changed."))),
                Err(error) => page.refused_at(&mut form, "time-zone", error)?,
            }
        }
        Ok(_) => {}
        Err(problem) => form.wrong("theme", format!("Choose one of the colours: {problem}.")),
    }
    page.show_again(&profile(&page, ProfileForms { display: form, ..ProfileForms::default() }).await?)
}
