//! Right answers in forms that servers and proxies give them: totals, byte order marks, compression.

use std::io::{self, Write as _};

use axum::http::header::CONTENT_ENCODING;
use flate2::{Compression, write::GzEncoder};

use crate::reply::Reply;

/// How a page object writes its totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TotalsForm {
    /// As whole numbers.
    #[default]
    Numbers,
    Absent,
    Null,
    Text,
    Float,
    Zero,
}

impl TotalsForm {
    /// The ways that are faults, with their words.
    pub(crate) const WORDS: [(Self, &'static str); 5] = [
        (Self::Absent, "absent"),
        (Self::Null, "null"),
        (Self::Text, "text"),
        (Self::Float, "float"),
        (Self::Zero, "zero"),
    ];

    /// The members of a page object for so many pages and rows, each with a comma after it.
    pub(crate) fn members(self, pages: u64, rows: u64) -> String {
        match self {
            Self::Numbers => format!("\"totalPages\":{pages},\"totalCount\":{rows},"),
            Self::Absent => String::new(),
            Self::Null => "\"totalPages\":null,\"totalCount\":\"None\",".to_owned(),
            Self::Text => format!("\"totalPages\":\"{pages}\",\"totalCount\":\"{rows}\","),
            Self::Float => format!("\"totalPages\":{pages}.0,\"totalCount\":{rows}.0,"),
            Self::Zero => "\"totalPages\":0,\"totalCount\":0,".to_owned(),
        }
    }
}

/// How the bytes of an answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dress {
    /// A byte order mark before them.
    Mark,
    /// gzip of two members.
    Members,
    /// gzip that is called `GZIP`.
    Upper,
    /// gzip that is called `x-gzip`.
    Old,
    /// Plain bytes that are called gzip.
    Label,
    /// gzip without its end.
    Half,
}

impl Dress {
    /// The forms of gzip with their words.
    pub(crate) const GZIP_WORDS: [(Self, &'static str); 5] = [
        (Self::Members, "members"),
        (Self::Upper, "upper"),
        (Self::Old, "x-gzip"),
        (Self::Label, "label"),
        (Self::Half, "half"),
    ];

    /// The same answer in this form; one without a body stays as it is.
    pub(crate) fn put_on(self, mut reply: Reply) -> Reply {
        if reply.body.is_empty() {
            return reply;
        }
        let body = std::mem::take(&mut reply.body);
        let (body, encoding) = match self {
            Self::Mark => (Ok([b"\xef\xbb\xbf".as_slice(), &body].concat()), None),
            Self::Members => {
                let (first, second) = body.split_at(body.len() / 2);
                (zip(first).and_then(|first| Ok([first, zip(second)?].concat())), Some("gzip"))
            }
            Self::Upper => (zip(&body), Some("GZIP")),
            Self::Old => (zip(&body), Some("x-gzip")),
            Self::Label => (Ok(body), Some("gzip")),
            Self::Half => (zip(&body).map(|body| body[..body.len() / 2].to_vec()), Some("gzip")),
        };
        // Writing to memory cannot fail.
        reply.body = body.unwrap_or_default();
        match encoding {
            None => reply,
            Some(encoding) => reply.with_header(CONTENT_ENCODING, encoding),
        }
    }
}

fn zip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
