//! A result table as HTML, as the Command API shows it.

use std::fmt::Write as _;

use soar_connector::{Table, cell_text};

/// The most rows that are shown as HTML; all of them are in the context data.
const MOST_ROWS: usize = 1_000;

/// The table as an HTML table of class `cc-table`; nothing for a table without columns.
pub(super) fn html(table: &Table) -> Option<String> {
    if table.columns.is_empty() {
        return None;
    }
    let mut html = String::from("<table class='cc-table'> <tr>");
    for column in &table.columns {
        let _ = write!(html, " <th>{}</th>", Escaped(column));
    }
    html.push_str(" </tr>");
    for row in table.rows.iter().take(MOST_ROWS) {
        html.push_str(" <tr>");
        for cell in row {
            let _ = write!(html, " <td>{}</td>", Escaped(&cell_text(cell)));
        }
        html.push_str(" </tr>");
    }
    if let Some(more) = table.rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        let columns = table.columns.len();
        let _ = write!(html, " <tr> <td colspan='{columns}'>{more} more rows are in contextData.</td> </tr>");
    }
    html.push_str(" </table>");
    Some(html)
}

/// Text that is no markup, inside an element or a quoted attribute.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                c => formatter.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_product_sent_is_never_markup() {
        let table = Table { columns: vec!["<Name>".into()], rows: vec![vec![json!("<script>'\"&")]] };
        assert_eq!(
            html(&table).unwrap(),
            "<table class='cc-table'> <tr> <th>&lt;Name&gt;</th> </tr> \
             <tr> <td>&lt;script&gt;&#39;&quot;&amp;</td> </tr> </table>"
        );
        assert_eq!(html(&Table::default()), None);
    }

    #[test]
    fn a_long_table_says_how_much_more_there_is() {
        let table = Table { columns: vec!["Id".into()], rows: vec![vec![json!(1)]; MOST_ROWS + 5] };
        assert!(html(&table).unwrap().ends_with("<td colspan='1'>5 more rows are in contextData.</td> </tr> </table>"));
    }
}
