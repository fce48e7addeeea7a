//! The HTML table that an answer carries as `result`.

/// A table of class `cc-table`, written as the documents' sample is.
#[derive(Debug)]
pub(super) struct CcTable {
    html: String,
}

impl CcTable {
    pub(super) fn new(columns: &[&str]) -> Self {
        let mut table = Self { html: String::from("<table class='cc-table'>") };
        table.add("th", columns);
        table
    }

    pub(super) fn row(&mut self, cells: &[&str]) {
        self.add("td", cells);
    }

    pub(super) fn html(mut self) -> String {
        self.html.push_str(" </table>");
        self.html
    }

    fn add(&mut self, tag: &str, cells: &[&str]) {
        self.html.push_str(" <tr>");
        for cell in cells {
            self.html.push_str(" <");
            self.html.push_str(tag);
            self.html.push('>');
            for c in cell.chars() {
                match c {
                    '&' => self.html.push_str("&amp;"),
                    '<' => self.html.push_str("&lt;"),
                    '>' => self.html.push_str("&gt;"),
                    '"' => self.html.push_str("&quot;"),
                    '\'' => self.html.push_str("&#39;"),
                    _ => self.html.push(c),
                }
            }
            self.html.push_str("</");
            self.html.push_str(tag);
            self.html.push('>');
        }
        self.html.push_str(" </tr>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_escaped() {
        let mut table = CcTable::new(&["A"]);
        table.row(&["<script>'&\"</script>"]);
        let escaped = "&lt;script&gt;&#39;&amp;&quot;&lt;/script&gt;";
        assert_eq!(
            table.html(),
            format!("<table class='cc-table'> <tr> <th>A</th> </tr> <tr> <td>{escaped}</td> </tr> </table>")
        );
    }
}
