//! Names devices, some so that naive programs break on them.

use super::words::{self, pick};

/// Names that break naive programs, and the position in the default order where each is found. They are no deviation:
/// the documents allow any text of up to 100 characters, and the installer of a device chooses its name.
const BREAKING: [(u32, &str); 9] = [
    (4, r#"srv "quoted", with commas, and \backslash"#),
    (5, "büro-köln-östlich-ß"),
    (6, "東京-サーバー-01"),
    (7, "printer-🖨️-3rd-floor"),
    (8, "<b>bold</b>-host<script>alert(1)</script>"),
    (9, r#"=HYPERLINK("http://192.0.2.1/","open")"#),
    (10, "term\u{1b}[31mred\u{1b}[0m\u{7}"),
    (11, "it's; DROP TABLE devices; --"),
    (12, "line one\nline two\ttabbed"),
];

/// The breaking name at this position, if one is there.
pub(crate) fn breaking(rank: u32) -> Option<&'static str> {
    BREAKING.iter().find(|(at, _)| *at == rank).map(|(_, name)| *name)
}

/// The parts that an ordinary name is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameParts {
    pub(crate) agent: bool,
    /// Picks the words.
    pub(crate) pick: u8,
    pub(crate) number: u32,
}

impl NameParts {
    /// The name, such as `ber-web-0042` or `LAPTOP-00042`.
    pub(crate) fn name(self) -> String {
        let mut name = String::with_capacity(32);
        let pick_of = usize::from(self.pick);
        if self.agent {
            name.push_str(pick(words::MAKES, pick_of));
            name.push('-');
            push_number(&mut name, self.number, 5);
        } else {
            name.push_str(pick(words::SITES, pick_of >> 4));
            name.push('-');
            name.push_str(pick(words::ROLES, pick_of));
            name.push('-');
            push_number(&mut name, self.number, 4);
        }
        name
    }
}

/// The number with leading zeros to this width.
fn push_number(text: &mut String, mut number: u32, width: usize) {
    let mut digits = [b'0'; 10];
    let mut start = digits.len();
    while number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let start = start.min(digits.len() - width);
    // The buffer holds digits only.
    text.push_str(std::str::from_utf8(&digits[start..]).unwrap_or_default());
}
