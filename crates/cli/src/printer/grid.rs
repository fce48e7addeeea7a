//! Lays out tables: one line per row, fitted to the width of a terminal, or unchanged in a pipe.

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};
use soar_connector::cell_text;

use super::visible;

/// The blanks between two columns.
const GAP: u16 = 2;

/// Columns are not cut below this width. The last columns are left out instead.
const LEAST: usize = 14;

/// The same for columns of dates, whose first characters are enough: `2026-01-31…`.
const LEAST_OF_DATES: usize = 11;

/// The text of an empty cell, so that a pipe can tell columns apart.
const NOTHING: &str = "-";

/// A table of text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grid {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The number of first columns that are never cut.
    whole: usize,
    /// The headings of columns that are left out first, in this order.
    dispensable: Vec<String>,
    /// The number of further rows.
    more: usize,
}

/// The lines of a table.
#[derive(Debug, Default)]
pub(super) struct GridLines {
    /// The headings, then on a terminal a rule, then the rows, then the number of further rows.
    pub(super) lines: Vec<String>,
    /// The headings of columns that did not fit.
    pub(super) left_out: Vec<String>,
}

impl Grid {
    /// A table without rows.
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        Self { headings: headings.into_iter().map(str::to_owned).collect(), ..Self::default() }
    }

    /// The first `most` rows of a result table.
    pub(crate) fn of(table: &soar_connector::Table, most: usize) -> Self {
        let cells = |row: &Vec<serde_json::Value>| row.iter().map(cell_text).collect();
        Self {
            headings: table.columns.clone(),
            rows: table.rows.iter().take(most).map(cells).collect(),
            whole: 0,
            dispensable: Vec::new(),
            more: table.rows.len().saturating_sub(most),
        }
    }

    /// Sets the number of further rows, which is shown under the table.
    pub(crate) fn and_more(mut self, more: usize) -> Self {
        self.more = more;
        self
    }

    /// The same table, whose first `columns` are never cut, since users copy them.
    pub(crate) fn keeping_whole(mut self, columns: usize) -> Self {
        self.whole = columns;
        self
    }

    /// The same table. If it is too wide, these columns are left out first, in this order.
    pub(crate) fn rather_without(mut self, headings: &[&str]) -> Self {
        self.dispensable = headings.iter().map(|heading| (*heading).to_owned()).collect();
        self
    }

    /// Adds a row with one cell per heading.
    pub(crate) fn push<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table's lines. With a `width`, no line is wider.
    pub(super) fn lines(&self, width: Option<usize>) -> GridLines {
        let mut table = Table::new();
        table.force_no_tty().load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        // A cell is cut at its end, not wrapped between words: no text contains this delimiter once it is visible.
        table.set_delimiter('\0').set_header(row(&self.headings));
        table.add_rows(self.rows.iter().map(|cells| row(cells)));
        let mut widths: Vec<_> = table.column_max_content_widths().into_iter().map(usize::from).collect();
        let shown = match width {
            Some(width) => self.fit(&mut widths, width),
            None => vec![true; widths.len()],
        };
        let last = shown.iter().rposition(|shown| *shown).unwrap_or_default();
        for (column, wide) in table.column_iter_mut().zip(&widths) {
            let padding = if column.index == last { 0 } else { GAP };
            column.set_padding((0, padding));
            let whole = u16::try_from(*wide).unwrap_or(u16::MAX).saturating_add(padding);
            column.set_constraint(if !shown[column.index] {
                ColumnConstraint::Hidden
            } else {
                ColumnConstraint::Absolute(Width::Fixed(whole))
            });
        }
        let mut lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        if width.is_some() && !lines.is_empty() {
            lines.insert(1, "─".repeat(total(&widths, &shown)));
        }
        if self.more > 0 {
            lines.push(format!("… and {} more", self.more));
        }
        let left_out = (0..self.headings.len()).filter(|index| !shown[*index] && !self.is_empty(*index));
        GridLines { lines, left_out: left_out.map(|index| self.headings[index].clone()).collect() }
    }

    /// Whether a column has no content.
    fn is_empty(&self, column: usize) -> bool {
        self.rows.iter().all(|row| row.get(column).is_none_or(String::is_empty))
    }

    /// The columns in the order in which they are left out: empty ones, dispensable ones, then from the last to the
    /// first.
    fn least_useful_first(&self) -> Vec<usize> {
        let empty = (0..self.headings.len()).rev().filter(|index| self.is_empty(*index));
        let place = |heading: &String| self.headings.iter().position(|one| one == heading);
        let dispensable = self.dispensable.iter().filter_map(place);
        empty.chain(dispensable).chain((0..self.headings.len()).rev()).filter(|index| *index >= self.whole).collect()
    }

    /// Narrows the columns to fit `width`, and returns which of them are shown.
    fn fit(&self, widths: &mut [usize], width: usize) -> Vec<bool> {
        let natural = widths.to_vec();
        for (index, wide) in widths.iter_mut().enumerate().skip(self.whole) {
            let dates = self.rows.iter().filter_map(|row| row.get(index)).any(|cell| starts_with_date(cell));
            *wide = (*wide).min(if dates { LEAST_OF_DATES } else { LEAST });
        }
        let mut shown = vec![true; widths.len()];
        for index in self.least_useful_first() {
            if total(widths, &shown) <= width || shown.iter().filter(|shown| **shown).count() <= 1 {
                break;
            }
            shown[index] = false;
        }
        // The remaining width is shared, a character at a time, between the columns that need more.
        let mut spare = width.saturating_sub(total(widths, &shown));
        while spare > 0 {
            let before = spare;
            for ((wide, natural), shown) in widths.iter_mut().zip(&natural).zip(&shown) {
                if spare > 0 && *shown && *wide < *natural {
                    *wide += 1;
                    spare -= 1;
                }
            }
            if spare == before {
                break;
            }
        }
        shown
    }
}

/// The width of the shown columns and the gaps between them.
fn total(widths: &[usize], shown: &[bool]) -> usize {
    let shown: Vec<_> = widths.iter().zip(shown).filter(|(_, shown)| **shown).map(|(wide, _)| wide).collect();
    shown.iter().copied().sum::<usize>() + usize::from(GAP) * shown.len().saturating_sub(1)
}

fn starts_with_date(cell: &str) -> bool {
    let mut characters = cell.chars();
    "0000-00-00".chars().all(|pattern| match (pattern, characters.next()) {
        ('0', Some(c)) => c.is_ascii_digit(),
        (pattern, c) => c == Some(pattern),
    })
}

/// A text of several lines on one line, such as an Error tab.
pub(super) fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.split(['\r', '\n']).map(str::trim_end).filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 { lines.join(" ") } else { text.to_owned() }
}

fn row(cells: &[String]) -> Row {
    let mut row: Row = cells
        .iter()
        .map(|cell| if cell.is_empty() { NOTHING.into() } else { visible(&one_line(cell)).into_owned() })
        .collect::<Vec<_>>()
        .into();
    row.max_height(1);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Grid {
        let mut grid = Grid::new(["ID", "Name", "Note"]);
        grid.push(["1", "fin-lap-01.example.com", ""]);
        grid.push(["20", "東京 \u{1b}[31m", "a rather long note with many words"]);
        grid
    }

    #[test]
    fn a_pipe_gets_whole_plain_aligned_lines() {
        assert_eq!(
            sample().lines(None).lines,
            [
                "ID  Name                    Note",
                "1   fin-lap-01.example.com  -",
                r"20  東京 \u{1b}[31m         a rather long note with many words",
            ]
        );
    }

    #[test]
    fn a_terminal_gets_lines_that_fit_cut_where_they_end() {
        assert_eq!(
            sample().lines(Some(40)).lines,
            [
                "ID  Name               Note",
                "────────────────────────────────────────",
                "1   fin-lap-01.examp…  -",
                "20  東京 \\u{1b}[31m    a rather long no…",
            ]
        );
    }

    #[test]
    fn rather_than_cutting_all_columns_to_shreds_the_last_are_left_out_and_named() {
        let mut grid = Grid::new(["ID", "Name", "Risk Level", "Discovered", "Last Seen"]);
        grid.push(["1050250", "fin-lap-01.example.com", "critical", "2026-01-31 10:00:00Z", "2026-02-01T10:00:00Z"]);
        let laid_out = grid.lines(Some(48));
        assert_eq!(laid_out.lines[2], "1050250  fin-lap-01.ex…  critical    2026-01-31…");
        assert_eq!(laid_out.left_out, ["Last Seen"]);
        assert!(grid.lines(Some(200)).left_out.is_empty());
    }

    #[test]
    fn empty_columns_go_first_and_then_the_least_useful_ones() {
        let mut grid = Grid::new(["Connection", "Level", "p50 ms", "Last Error"]).keeping_whole(1);
        grid.push(["production", "", "41", "401 The password is wrong."]);
        let laid_out = grid.clone().lines(Some(38));
        assert_eq!(laid_out.lines[2], "production  41      401 The password …");
        assert!(laid_out.left_out.is_empty(), "nothing is lost with an empty column");
        let laid_out = grid.rather_without(&["p50 ms"]).lines(Some(30));
        assert_eq!(laid_out.lines[2], "production  401 The password …");
        assert_eq!(laid_out.left_out, ["p50 ms"]);
    }

    #[test]
    fn text_of_several_lines_is_one_line_of_a_table() {
        let mut grid = Grid::new(["Error"]);
        grid.push(["List Devices failed.\nStatus Code: 401.\nMessage: No."]);
        assert_eq!(grid.lines(None).lines[1], "List Devices failed. Status Code: 401. Message: No.");
    }

    #[test]
    fn columns_that_are_there_to_be_copied_stay_whole() {
        let laid_out = sample().keeping_whole(2).lines(Some(30));
        assert_eq!(laid_out.lines[2], "1   fin-lap-01.example.com");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 20..80 {
            for line in sample().lines(Some(width)).lines {
                assert!(unicode_width::UnicodeWidthStr::width(line.as_str()) <= width, "{width}: {line}");
            }
        }
    }
}
