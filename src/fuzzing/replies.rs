//! Replies: a body is refused for a documented reason or split into the rows that are in it, byte for byte.

use serde_json::Value;
use soar_connector::manifest::Command;
use soar_connector::{ReplyPage, RowReader};

use super::{MANIFEST, require_one_line};

/// The codes that a body can be refused with.
const REFUSALS: [&str; 5] = ["empty-reply", "html-reply", "unreadable-reply", "unexpected-reply", "reply-too-large"];

/// Checks bytes as the reply to each command.
pub fn replies(data: &[u8]) {
    let value = serde_json::from_slice(data).ok();
    for command in &MANIFEST.commands {
        check(command, data, value.as_ref());
    }
}

fn check(command: &Command, body: &[u8], value: Option<&Value>) {
    match command.split("application/json", body.to_vec()) {
        Err(failure) => {
            let code = failure.code.unwrap_or_default();
            assert!(REFUSALS.contains(&code), "{code} is no reason to refuse a reply");
            assert!(MANIFEST.error(Some(command), code).is_some(), "{code} is not documented");
            require_one_line(&failure.message, 300);
        }
        Ok(reply) => {
            let _ = reply.shortfall();
            require_rows_of(command, body, &reply.page);
            if let Some(value) = value {
                require_all_rows(value, reply.paged, &reply.page);
            }
            require_untouched(reply.page);
        }
    }
}

/// Rows are parts of the body, one after another, each a JSON object that can be shown.
fn require_rows_of(command: &Command, body: &[u8], page: &ReplyPage) {
    let whole = page.body();
    let sent = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // A body of blanks counts as none.
    assert!(
        whole.as_bytes() == sent || (whole.is_empty() && sent.trim_ascii().is_empty()),
        "the body is not what came"
    );
    let reader = RowReader::new(command);
    let mut end = 0;
    for row in page.rows() {
        let start = row.as_ptr() as usize - whole.as_ptr() as usize;
        assert!(start >= end, "rows overlap or are out of order");
        end = start + row.len();
        assert_eq!(whole.get(start..end), Some(row), "a row is not part of the body");
        assert!(row.starts_with('{') && row.ends_with('}'), "{row} is no object");
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(row).is_ok(), "{row} is no JSON");
        let Ok(read) = reader.read(row) else {
            assert!(row.len() > 1024 * 1024, "a row as small as this is read");
            continue;
        };
        assert!(read.is_object(), "{row} is shown as nothing");
        assert_eq!(reader.cells(&read).len(), command.columns.len());
        reader.keys(&read).for_each(drop);
    }
}

/// The rows hold everything that another parser finds in the body.
fn require_all_rows(value: &Value, paged: bool, page: &ReplyPage) {
    let rows: Vec<_> = page.rows().collect();
    let list = if paged { value.get("items") } else { Some(value) };
    match list {
        Some(Value::Array(items)) => {
            assert_eq!(items.len(), rows.len(), "rows are missing, or too many");
            assert!(items.iter().zip(&rows).all(|(item, row)| serde_json::from_str(row).ok().as_ref() == Some(item)));
        }
        Some(object @ Value::Object(_)) if !paged => {
            assert!(rows.len() == 1 && serde_json::from_str(rows[0]).ok().as_ref() == Some(object));
        }
        _ => assert!(rows.is_empty(), "rows come from nowhere"),
    }
}

/// Raw data is what came, to the byte, but for blanks around it.
fn require_untouched(page: ReplyPage) {
    let body = page.body().trim_matches([' ', '\t', '\r', '\n']).to_owned();
    match page.into_raw() {
        Some(raw) => {
            assert_eq!(raw.get(), body);
            assert_eq!(serde_json::to_string(&raw).ok(), Some(body), "it is serialised as something else");
        }
        None => assert_eq!(body.trim(), "", "its raw data are kept back"),
    }
}

#[cfg(test)]
mod properties {
    use std::path::Path;
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = folders.filter(|path| path.is_dir()).flat_map(|path| std::fs::read_dir(path).unwrap());
        let mut bodies: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        bodies.retain(|body| !body.is_empty());
        bodies.sort();
        bodies
    });

    /// One way to spoil a reply.
    #[derive(Debug, Clone)]
    enum Spoil {
        Truncate(Index),
        Flip(Index, u8),
        Insert(Index, Vec<u8>),
        /// In place of what stands after one of the colons.
        Value(Index, &'static str),
        /// A member again, with another value.
        Duplicate(Index),
        Deep(Index, usize),
        Before(&'static [u8]),
    }

    const VALUES: &[&str] = &[
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "1e-999",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "01",
        "null",
        "\"None\"",
        "{}",
        "[]",
        "18446744073709551616",
    ];

    fn spoil() -> impl Strategy<Value = Spoil> {
        let index = any::<Index>;
        prop_oneof![
            index().prop_map(Spoil::Truncate),
            (index(), 1..=255_u8).prop_map(|(at, mask)| Spoil::Flip(at, mask)),
            (index(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
            (index(), prop::sample::select(VALUES)).prop_map(|(at, value)| Spoil::Value(at, value)),
            index().prop_map(Spoil::Duplicate),
            (index(), prop_oneof![100..200_usize, Just(100_000)]).prop_map(|(at, depth)| Spoil::Deep(at, depth)),
            prop::sample::select(vec![
                &b"\xef\xbb\xbf"[..],
                b"\xff\xfe",
                b" \r\n",
                b"\0",
                b"\xef\xbb\xbf\xef\xbb\xbf",
                b"<"
            ])
            .prop_map(Spoil::Before),
        ]
    }

    impl Spoil {
        fn apply(&self, body: &mut Vec<u8>) {
            let colons: Vec<_> = (0..body.len()).filter(|at| body[*at] == b':').collect();
            let after_colon = |at: &Index| if colons.is_empty() { 0 } else { colons[at.index(colons.len())] + 1 };
            match self {
                Self::Truncate(at) => body.truncate(at.index(body.len() + 1)),
                Self::Flip(at, mask) if !body.is_empty() => {
                    let at = at.index(body.len());
                    body[at] ^= mask;
                }
                Self::Flip(..) => {}
                Self::Insert(at, bytes) => insert(body, at.index(body.len() + 1), bytes),
                Self::Value(at, value) => {
                    let start = after_colon(at);
                    let end = (start..body.len()).find(|at| matches!(body[*at], b',' | b'}')).unwrap_or(body.len());
                    body.splice(start..end, value.bytes());
                }
                Self::Duplicate(at) => insert(body, after_colon(at), b"1,\"id\":2,\"items\":[],\"page\":"),
                Self::Deep(at, depth) => {
                    let start = after_colon(at);
                    insert(body, start, format!("{}{},\"x\":", "[".repeat(*depth), "]".repeat(*depth)).as_bytes());
                }
                Self::Before(bytes) => insert(body, 0, bytes),
            }
        }
    }

    fn insert(body: &mut Vec<u8>, at: usize, bytes: &[u8]) {
        body.splice(at..at, bytes.iter().copied());
    }

    proptest! {
        #[test]
        fn any_bytes_are_split_or_refused(bytes: Vec<u8>, text: String) {
            replies(&bytes);
            replies(text.as_bytes());
        }

        #[test]
        fn spoiled_replies_are_split_or_refused(
            which: Index, spoils in prop::collection::vec(spoil(), 0..4)
        ) {
            let mut body = which.get(&FIXTURES).clone();
            spoils.iter().for_each(|spoil| spoil.apply(&mut body));
            replies(&body);
        }
    }

    #[test]
    fn nesting_without_end_is_split_or_refused() {
        for (open, close) in [("[", "]"), ("{\"id\":", "}"), ("[{\"id\":", "}]"), ("{\"items\":[", "]}")] {
            for inside in ["", "1"] {
                replies(format!("{}{inside}{}", open.repeat(100_000), close.repeat(100_000)).as_bytes());
                replies(open.repeat(100_000).as_bytes());
            }
        }
    }
}
