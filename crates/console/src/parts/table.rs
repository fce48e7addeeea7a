//! A table: headings that order it, a choice of columns, rows, and links to the other rows.

use askama::Template;

use super::cell::Cell;
use super::empty::Empty;
use crate::visit::{ListState, Order};

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Identifies the column in the address.
    key: String,
    title: String,
    is_number: bool,
    is_wide: bool,
    is_sortable: bool,
    /// Whether the first click on the heading puts the highest value first.
    is_highest_first: bool,
    is_optional: bool,
    is_long: bool,
    is_code: bool,
    /// Whether exports leave it out.
    is_unexported: bool,
    /// Its heading as it stands in the table.
    heading: Heading,
    is_shown: bool,
}

/// The link of a heading.
#[derive(Debug, Clone, Default)]
struct Heading {
    /// The address of the table in another order.
    href: String,
    /// The value of `aria-sort`, if the table is ordered by the column.
    order: Option<&'static str>,
}

impl Column {
    /// A column of texts. `key` identifies it in the address.
    pub(crate) fn text(key: impl Into<String>, title: impl Into<String>) -> Self {
        let (key, title, heading) = (key.into(), title.into(), Heading::default());
        Self {
            key,
            title,
            is_number: false,
            is_wide: false,
            is_sortable: false,
            is_highest_first: false,
            is_optional: false,
            is_long: false,
            is_code: false,
            is_unexported: false,
            heading,
            is_shown: true,
        }
    }

    /// A column of numbers, aligned to the right.
    pub(crate) fn number(key: impl Into<String>, title: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::text(key, title) }
    }

    /// The heading orders the rows.
    #[must_use]
    pub(crate) const fn sortable(mut self) -> Self {
        self.is_sortable = true;
        self
    }

    /// The column is hidden on a narrow screen.
    #[must_use]
    pub(crate) const fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }

    /// The first click on the heading puts the highest value first.
    #[must_use]
    pub(crate) const fn highest_first(mut self) -> Self {
        self.is_highest_first = true;
        self
    }

    /// The column is hidden unless the user chooses it.
    #[must_use]
    pub(crate) const fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// The column has long texts, such as errors, and stays legible on a narrow screen.
    #[must_use]
    pub(crate) const fn long(mut self) -> Self {
        self.is_long = true;
        self
    }

    /// The column has short codes, such as CVEs, which are not broken into lines.
    #[must_use]
    pub(crate) const fn code(mut self) -> Self {
        self.is_code = true;
        self
    }

    /// Exports leave the column out, such as a column of charts.
    #[must_use]
    pub(crate) const fn unexported(mut self) -> Self {
        self.is_unexported = true;
        self
    }

    fn class(&self) -> &'static str {
        match (self.is_number, self.is_wide) {
            (false, false) if self.is_long => "long",
            (false, false) if self.is_code => "code",
            (false, false) => "",
            (true, false) => "number",
            (false, true) => "wide",
            (true, true) => "number wide",
        }
    }
}

/// A row of a table: a cell per column, shown or not.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect() }
    }
}

/// The position of the rows among all rows.
#[derive(Debug, Clone)]
struct Position {
    /// Such as `Rows 101 to 200`.
    about: String,
    first: Option<String>,
    next: Option<String>,
}

/// The form that chooses columns.
#[derive(Debug, Clone)]
struct ColumnChoice {
    action: String,
    /// The parameters to pass on.
    hidden: Vec<(String, String)>,
}

/// A table.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/table.html")]
pub(crate) struct Table {
    /// The id of its region.
    id: &'static str,
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    empty: Empty,
    choice: Option<ColumnChoice>,
    position: Option<Position>,
    /// The address and the text of the link to the whole list.
    more: Option<(String, String)>,
    /// The topics of events at which the region is loaded again.
    live: &'static str,
}

impl Table {
    /// A table. `id` is the id of its region.
    pub(crate) fn new(id: &'static str, caption: impl Into<String>, columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            id,
            caption: caption.into(),
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            empty: Empty::new("There is nothing here."),
            choice: None,
            position: None,
            more: None,
            live: "",
        }
    }

    #[must_use]
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows = rows.into_iter().collect();
        self
    }

    /// The text in place of rows if there are none.
    #[must_use]
    pub(crate) fn empty(mut self, empty: Empty) -> Self {
        self.empty = empty;
        self
    }

    /// Adds a link to the whole list, of which the table has the first rows.
    #[must_use]
    pub(crate) fn more(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        self.more = Some((href.into(), text.into()));
        self
    }

    /// Loads the table again at events of these topics, such as `health runs`.
    #[must_use]
    pub(crate) const fn live(mut self, topics: &'static str) -> Self {
        self.live = topics;
        self
    }

    /// The order and the columns of the list. `standard` is the order of the rows unless the user chose another.
    #[must_use]
    pub(crate) fn list(mut self, list: &ListState, standard: Order<'_>) -> Self {
        let order = list.order().unwrap_or(standard);
        let chosen: Vec<&str> = list.columns().collect();
        for column in &mut self.columns {
            let is_current = column.key == order.column;
            let is_descending = if is_current { !order.is_descending } else { column.is_highest_first };
            column.heading = Heading {
                href: list.ordered_by(&column.key, is_descending),
                order: is_current.then_some(if order.is_descending { "descending" } else { "ascending" }),
            };
            column.is_shown =
                if chosen.is_empty() { !column.is_optional } else { chosen.contains(&column.key.as_str()) };
        }
        if self.columns.iter().all(|column| !column.is_shown) {
            self.columns.iter_mut().for_each(|column| column.is_shown = !column.is_optional);
        }
        let hidden = list.without_columns().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.choice = Some(ColumnChoice { action: list.path().to_owned(), hidden });
        self
    }

    /// The position of the rows. `next` is the cursor of the rows after them, if there are more.
    #[must_use]
    pub(crate) fn position(mut self, list: &ListState, about: impl Into<String>, next: Option<String>) -> Self {
        self.position = Some(Position {
            about: about.into(),
            first: list.position().map(|_| list.first()),
            next: next.map(|cursor| list.at(&cursor)),
        });
        self
    }

    /// The titles of all columns for an export.
    pub(crate) fn titles(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| !column.is_unexported).map(|column| column.title.as_str())
    }

    /// The texts of the rows under [`Table::titles`].
    pub(crate) fn texts(&self) -> impl Iterator<Item = Vec<&str>> {
        self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(&row.cells);
            cells.filter(|(column, _)| !column.is_unexported).map(|(_, cell)| cell.plain()).collect()
        })
    }

    /// The cells of a row in the shown columns, each with the class of its column.
    fn shown<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'static str, &'a Cell)> {
        let cells = self.columns.iter().zip(&row.cells);
        cells.filter(|(column, _)| column.is_shown).map(|(column, cell)| (column.class(), cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(query: &str) -> String {
        let columns = [
            Column::text("name", "Name").sortable(),
            Column::number("count", "Count"),
            Column::number("score", "Score").sortable().highest_first(),
            Column::text("detail", "Detail").optional(),
        ];
        let row = Row::new([Cell::text("<i>one</i>"), Cell::number(7), Cell::number(8), Cell::text("hidden detail")]);
        let list = ListState::of("/console/things", query);
        let standard = Order { column: "name", is_descending: false };
        let table = Table::new("things", "Things", columns).rows([row]).list(&list, standard);
        table.position(&list, "Rows 1 to 1", Some("44".to_owned())).to_string()
    }

    #[test]
    fn a_heading_turns_the_order_round() {
        let ascending = table("");
        assert!(ascending.contains("aria-sort=\"ascending\""), "{ascending}");
        assert!(ascending.contains("href=\"/console/things?sort=-name\""), "{ascending}");
        assert!(ascending.contains("href=\"/console/things?sort=-score\""), "{ascending}");
        assert!(table("sort=-score").contains("href=\"/console/things?sort=score\""));
        let descending = table("sort=-name");
        assert!(descending.contains("aria-sort=\"descending\""), "{descending}");
        assert!(descending.contains("href=\"/console/things?sort=name\""), "{descending}");
        assert!(!ascending.contains("sort=count"), "only sortable columns have a link");
    }

    #[test]
    fn optional_columns_are_shown_when_they_are_chosen_and_texts_are_escaped() {
        assert!(!table("").contains("hidden detail"));
        let chosen = table("column=name&column=detail");
        assert!(chosen.contains("hidden detail") && !chosen.contains(">7<"), "{chosen}");
        assert!(!chosen.contains("<i>"), "{chosen}");
        assert!(table("column=nonsense").contains(">7<"), "a table is never without columns");
    }

    #[test]
    fn a_table_of_the_first_rows_leads_to_the_whole_list() {
        let table = Table::new("things", "Things", [Column::text("name", "Name")]);
        let shown = table.more("/console/things?state=open", "All things").to_string();
        assert!(shown.contains("href=\"/console/things?state=open\">All things</a>"), "{shown}");
    }

    #[test]
    fn rows_after_the_first_lead_back_to_the_first() {
        assert!(!table("").contains("First rows"));
        let later = table("from=44&sort=name");
        assert!(later.contains("href=\"/console/things?sort=name\"") && later.contains("First rows"), "{later}");
        assert!(later.contains("from=44"), "{later}");
    }
}
