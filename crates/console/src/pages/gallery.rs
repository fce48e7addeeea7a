//! `/gallery`: all parts on one page, for tests of the parts and of the script.

use std::time::Duration;

use askama::Template;
use axum::Router;

use crate::parts::{
    Badge, Cell, Column, ConfirmPage, Day, DayStrip, Empty, Field, FormErrors, Meaning, Point, Row, Sparkline, Table,
    Tabs, When,
};
use crate::routing::{form, post};
use crate::visit::{Form, Frame, ListState, Notice, Order, Page, PageResult};

#[derive(Debug, Template)]
#[template(path = "gallery/gallery.html")]
struct GalleryPage {
    frame: Frame,
    tabs: Tabs,
    tab: String,
    table: Table,
    errors: FormErrors,
    fields: Vec<Field>,
    sparkline: Sparkline,
    strip: DayStrip,
    empty: Table,
}

pub(crate) fn gallery() -> Router {
    Router::new()
        .route("/gallery", form(show, save))
        .route("/gallery/removal", form(ask, remove))
        .route("/gallery/slow", post(slow))
}

async fn show(page: Page, list: ListState) -> PageResult {
    page.show(&all_parts(&page, &list, &Form::empty()))
}

async fn save(page: Page, list: ListState, mut form: Form) -> PageResult {
    form.required("name", "The name");
    if form.text("interval").parse::<i64>().is_ok_and(|minutes| minutes < 1) {
        form.wrong("interval", "The interval is shorter than 1 minute. Expected 1 to 1,440.");
    }
    if form.is_wrong() {
        return page.show_again(&all_parts(&page, &list, &form));
    }
    page.lead_to("/gallery", Some(Notice::done(format!("{} is saved.", form.text("name")))))
}

async fn ask(page: Page) -> PageResult {
    let frame = page.frame("Remove the connection?").below("Parts", "/gallery");
    let question = "The connection and its health history are removed. Its runs stay.";
    let (action, back) = (page.href("/gallery/removal"), page.href("/gallery"));
    page.show(&ConfirmPage::new(frame, question, action, "Remove", back).dangerous().hidden("version", "3"))
}

async fn remove(page: Page, form: Form) -> PageResult {
    page.lead_to("/gallery", Some(Notice::done(format!("Version {} is removed.", form.text("version")))))
}

async fn slow(page: Page) -> PageResult {
    tokio::time::sleep(Duration::from_millis(500)).await;
    page.lead_to("/gallery", Some(Notice::done("The slow form is done.")))
}

fn all_parts(page: &Page, list: &ListState, form: &Form) -> GalleryPage {
    let tab = list.filter("tab").unwrap_or("Result").to_owned();
    let tabs = ["Result", "Raw Data", "Error"]
        .into_iter()
        .fold(Tabs::new("Views", "main"), |tabs, name| tabs.tab(name, list.with("tab", Some(name)), name == tab));
    let points = (0..24).map(|hour: u32| {
        let value = (hour != 7).then(|| f64::from(100 + hour * 17 % 90));
        Point::new(format!("{hour}:00"), value)
    });
    let days = (1..=30).map(|day: u32| {
        let (text, meaning) = match day {
            4 => ("61 % of checks passed", Meaning::Bad),
            11 | 12 => ("98 % of checks passed", Meaning::Warning),
            20 => ("unknown", Meaning::Neutral),
            _ => ("all checks passed", Meaning::Good),
        };
        Day::new(format!("{day} November"), text, meaning)
    });
    GalleryPage {
        frame: page.frame("Parts"),
        tabs,
        tab,
        table: rows(page, list),
        errors: FormErrors::of(form),
        fields: fields(form),
        sparkline: Sparkline::new("Latency", "ms", points).with_table(),
        strip: DayStrip::new("26 of 30 days without a failed check", days).with_table(),
        empty: Table::new("none", "An empty list", [Column::text("name", "Name")])
            .empty(Empty::new("No connection is here yet.").action(page.href("/gallery"), "Add one")),
    }
}

fn rows(page: &Page, list: &ListState) -> Table {
    let standard = Order { column: "name", is_descending: false };
    let columns = [
        Column::text("name", "Name").sortable(),
        Column::number("count", "Runs").sortable(),
        Column::text("state", "State"),
        Column::text("since", "Since").wide(),
        Column::text("error", "Last error").optional(),
    ];
    let first = list.position().and_then(|position| position.parse().ok()).unwrap_or(0);
    let order = list.order().unwrap_or(standard);
    let mut numbers: Vec<u32> = (0..250).collect();
    if order.is_descending {
        numbers.reverse();
    }
    let shown: Vec<u32> = numbers.into_iter().skip(first).take(100).collect();
    let meanings = [Meaning::Good, Meaning::Warning, Meaning::Bad, Meaning::Active, Meaning::Neutral];
    let names = ["Good", "Warning", "Bad", "Active", "Neutral"];
    let rows = shown.iter().map(|number| {
        let name = match number {
            3 => "<img src=x onerror=alert(1)> \u{202e}reversed\u{2066} name".to_owned(),
            4 => "A very long name of a device ".repeat(400),
            number => format!("Connection {number:03}"),
        };
        let kind = *number as usize % 5;
        Row::new([
            Cell::link(page.href("/gallery"), &name),
            Cell::number(number),
            Cell::badge(Badge::new(names[kind], meanings[kind])),
            Cell::when(When::new(
                page.now() - Duration::from_secs(u64::from(*number) * 3_700),
                page.zone(),
                page.now(),
            )),
            Cell::text("Status Code: 407."),
        ])
    });
    let about = format!("Rows {} to {} of 250", first + 1, first + shown.len());
    let next = (first + 100 < 250).then(|| (first + 100).to_string());
    Table::new("list", "A list", columns).rows(rows).list(list, standard).position(list, about, next)
}

fn fields(form: &Form) -> Vec<Field> {
    vec![
        Field::text("name", "Connection Name").required().help("As it is shown in lists.").of(form),
        Field::secret("password", "Password").help("It is never shown again.").of(form),
        Field::number("interval", "Interval in minutes", 0, 1_440).value("15").of(form),
        Field::choice("site", "Site", [("1", "Security Operations"), ("2", "Acme")]).of(form),
        Field::lines("description", "Description").of(form),
        Field::choices("days", "Days", [("1", "Monday"), ("2", "Tuesday")]).help("None means all.").of(form),
        Field::checkbox("active", "Active", true).of(form),
    ]
}
