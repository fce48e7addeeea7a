//! The HTML table in the field `result` of an answer.

use std::fmt::Write as _;

use soar_connector::{Table, cell_text};

/// The most rows of a connector's table in HTML. The context data has all rows.
const MOST_ROWS: usize = 1_000;

/// A table of class `cc-table` in the form of D3's documented sample.
#[derive(Debug)]
pub(crate) struct CcTable {
    html: String,
}

impl CcTable {
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self { html: String::from("<table class='cc-table'>") };
        table.add("th", columns);
        table
    }

    /// The table of a connector's command; `None` for a table without columns.
    pub(crate) fn of(table: &Table) -> Option<Self> {
        if table.columns.is_empty() {
            return None;
        }
        let mut html = Self::new(table.columns.iter().map(|column| &**column));
        for row in table.rows.iter().take(MOST_ROWS) {
            let cells: Vec<_> = row.iter().map(cell_text).collect();
            html.row(cells.iter().map(|cell| &**cell));
        }
        if let Some(more) = table.rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
            let columns = table.columns.len();
            let _ = write!(html.html, " <tr> <td colspan='{columns}'>{more} more rows are in contextData.</td> </tr>");
        }
        Some(html)
    }

    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.add("td", cells);
    }

    pub(crate) fn html(mut self) -> String {
        self.html.push_str(" </table>");
        self.html
    }

    fn add<'a>(&mut self, tag: &str, cells: impl IntoIterator<Item = &'a str>) {
        self.html.push_str(" <tr>");
        for cell in cells {
            let _ = write!(self.html, " <{tag}>");
            // Few cells contain such characters, so the text between them is copied as a whole.
            let mut from = 0;
            for (at, special) in cell.match_indices(['&', '<', '>', '"', '\'']) {
                self.html.push_str(cell.get(from..at).unwrap_or_default());
                self.html.push_str(match special {
                    "&" => "&amp;",
                    "<" => "&lt;",
                    ">" => "&gt;",
                    "\"" => "&quot;",
                    _ => "&#39;",
                });
                from = at + special.len();
            }
            self.html.push_str(cell.get(from..).unwrap_or_default());
            let _ = write!(self.html, "</{tag}>");
        }
        self.html.push_str(" </tr>");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_cell_is_escaped() {
        let mut table = CcTable::new(["A"]);
        table.row(["<script>'é&\"</script>end"]);
        let escaped = "&lt;script&gt;&#39;é&amp;&quot;&lt;/script&gt;end";
        assert_eq!(
            table.html(),
            format!("<table class='cc-table'> <tr> <th>A</th> </tr> <tr> <td>{escaped}</td> </tr> </table>")
        );
    }

    #[test]
    fn what_a_product_sent_is_never_markup() {
        let table = Table { columns: vec!["<Name>".into()], rows: vec![vec![json!("<script>'\"&")]] };
        assert_eq!(
            CcTable::of(&table).unwrap().html(),
            "<table class='cc-table'> <tr> <th>&lt;Name&gt;</th> </tr> \
             <tr> <td>&lt;script&gt;&#39;&quot;&amp;</td> </tr> </table>"
        );
        assert!(CcTable::of(&Table::default()).is_none());
    }

    #[test]
    fn a_long_table_says_how_much_more_there_is() {
        let table = Table { columns: vec!["Id".into()], rows: vec![vec![json!(1)]; MOST_ROWS + 5] };
        let html = CcTable::of(&table).unwrap().html();
        assert!(html.ends_with("<td colspan='1'>5 more rows are in contextData.</td> </tr> </table>"));
    }
}
