//! Writes tables as CSV (RFC 4180) that a spreadsheet does not mistake for formulas.

use std::borrow::Cow;
use std::io;

use super::Grid;

/// The table as CSV, its headings first.
pub(super) fn render(grid: &Grid) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in std::iter::once(grid.headings()).chain(grid.rows()) {
        writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// A cell that a spreadsheet would run as a formula gets an apostrophe before it; plain numbers stay.
fn guarded(cell: &str) -> Cow<'_, str> {
    let is_number = || {
        cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'))
            && cell.parse::<f64>().is_ok()
    };
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        for formula in ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\r=1", "-1-1"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        for plain in ["-5", "+5.25", "-1e3", "5", "a=b", ""] {
            assert_eq!(guarded(plain), plain);
        }
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_says() {
        let mut grid = Grid::new(["Name", "Note"]);
        grid.push(["a,\"b\"", "two\nlines"]);
        assert_eq!(
            String::from_utf8(render(&grid).unwrap()).unwrap(),
            "Name,Note\r\n\"a,\"\"b\"\"\",\"two\nlines\"\r\n"
        );
    }
}
