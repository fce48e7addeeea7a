//! Rows of a file, one after the other, with the line on which each starts.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use serde_json::value::RawValue;
use soar_connector::name::quoted;

use super::{BadRow, Format, TransferError, formula};

/// A row's fields, each as JSON text.
pub(super) type RawRow = BTreeMap<String, Box<RawValue>>;

/// The longest row, in bytes: what is longer is no incident, and would fill the memory.
const LONGEST_ROW: u64 = 16 * 1024 * 1024;

/// How much of CSV may be read to find a row's end, in bytes: the reader is ahead of the row by its buffer.
const LONGEST_CSV_ROW: u64 = LONGEST_ROW + 16 * 1024;

/// A row and its line; or what is wrong with it.
pub(super) type Row = Result<(u64, RawRow), BadRow>;

/// Where rows come from.
pub(super) enum Source<R> {
    Json(JsonArray<R>),
    Ndjson { reader: R, line: u64, bytes: u64 },
    Csv { reader: Box<csv::Reader<Measured<R>>>, columns: csv::StringRecord },
}

/// Gives only so much until it is told that a row has ended: of CSV nothing but a quotation mark says where a row ends.
pub(super) struct Measured<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

/// Columns whose cells are JSON.
const JSON_COLUMNS: &[&str] = &["rawData", "tasks", "fields", "cases", "linkedIncidents"];

impl<R: BufRead> Source<R> {
    pub(super) fn new(format: Format, reader: R) -> Result<Self, TransferError> {
        Ok(match format {
            Format::Json => Self::Json(JsonArray { reader, line: 1, bytes: 0 }),
            Format::Ndjson => Self::Ndjson { reader, line: 0, bytes: 0 },
            Format::Csv => {
                let mut reader =
                    csv::ReaderBuilder::new().flexible(true).from_reader(Measured { reader, left: LONGEST_CSV_ROW });
                let mut columns = reader.headers().map_err(|error| unreadable(1, error))?.clone();
                // Spreadsheets write a mark before the first name.
                if let Some(first) = columns.get(0).and_then(|first| first.strip_prefix('\u{feff}')) {
                    let first = first.to_owned();
                    let rest = columns.iter().skip(1).map(str::to_owned);
                    columns = std::iter::once(first).chain(rest).collect();
                }
                Self::Csv { reader: Box::new(reader), columns }
            }
        })
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Json(array) => array.bytes,
            Self::Ndjson { bytes, .. } => *bytes,
            Self::Csv { reader, .. } => reader.position().byte(),
        }
    }

    /// The next row; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Row>, TransferError> {
        match self {
            Self::Json(array) => array.next(),
            Self::Ndjson { reader, line, bytes } => loop {
                let mut text = Vec::new();
                *line += 1;
                let read = reader.by_ref().take(LONGEST_ROW + 1).read_until(b'\n', &mut text)?;
                if read == 0 {
                    return Ok(None);
                }
                *bytes += read as u64;
                too_long(&text, *line)?;
                if !text.trim_ascii().is_empty() {
                    return Ok(Some(parse(&text, *line)));
                }
            },
            Self::Csv { reader, columns } => {
                let mut record = csv::StringRecord::new();
                reader.get_mut().left = LONGEST_CSV_ROW;
                match reader.read_record(&mut record) {
                    Ok(false) => Ok(None),
                    Ok(true) => Ok(Some(cells(columns, &record))),
                    Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => {
                        Err(unreadable(reader.position().line(), error))
                    }
                    Err(error) => match (error.position().map(csv::Position::line), error.kind()) {
                        (Some(line), csv::ErrorKind::Utf8 { .. }) => {
                            Ok(Some(Err(BadRow { line, field: None, problem: "expected UTF-8 text".to_owned() })))
                        }
                        _ => Err(unreadable(1, error)),
                    },
                }
            }
        }
    }
}

/// `line` is for errors that do not say where they are.
fn unreadable(line: u64, error: csv::Error) -> TransferError {
    let line = error.position().map_or(line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            TransferError::Unreadable { line, problem: format!("the row is longer than {LONGEST_ROW} bytes") }
        }
        csv::ErrorKind::Io(error) => TransferError::File(error),
        kind => TransferError::Unreadable { line, problem: format!("expected CSV in UTF-8, found {kind:?}") },
    }
}

fn too_long(text: &[u8], line: u64) -> Result<(), TransferError> {
    if text.len() as u64 <= LONGEST_ROW {
        return Ok(());
    }
    Err(TransferError::Unreadable { line, problem: format!("the row is longer than {LONGEST_ROW} bytes") })
}

fn parse(text: &[u8], line: u64) -> Row {
    let row = serde_json::from_slice::<RawRow>(text).map(|row| (line, row));
    row.map_err(|error| {
        let start = quoted(String::from_utf8_lossy(text).trim());
        // The position within the row is no position in the file.
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        BadRow { line, field: None, problem: format!("expected a JSON object, found {start} ({why})") }
    })
}

fn cells(columns: &csv::StringRecord, record: &csv::StringRecord) -> Row {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != columns.len() {
        let (expected, found) = (columns.len(), record.len());
        let problem = format!("expected {expected} cells, as the first line has, found {found}");
        return Err(BadRow { line, field: None, problem });
    }
    let mut row = RawRow::new();
    for (column, cell) in columns.iter().zip(record) {
        let cell = formula::restored(cell);
        if cell.is_empty() {
            continue;
        }
        let text =
            if JSON_COLUMNS.contains(&column) { cell.to_owned() } else { serde_json::Value::from(cell).to_string() };
        let value = RawValue::from_string(text).map_err(|error| BadRow {
            line,
            field: Some(column.to_owned()),
            problem: format!("expected JSON, found {} ({error})", quoted(cell)),
        })?;
        row.insert(column.to_owned(), value);
    }
    Ok((line, row))
}

/// The objects of one JSON array, found by their braces: no more than one is in memory.
pub(super) struct JsonArray<R> {
    reader: R,
    line: u64,
    bytes: u64,
}

impl<R: BufRead> JsonArray<R> {
    fn next(&mut self) -> Result<Option<Row>, TransferError> {
        let mut row = Vec::new();
        let mut start = self.line;
        let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                if row.is_empty() {
                    return Ok(None);
                }
                let problem = "the file ends within the row that starts here".to_owned();
                return Ok(Some(Err(BadRow { line: start, field: None, problem })));
            }
            let mut used = 0;
            let mut whole = false;
            for byte in buffer {
                used += 1;
                self.line += u64::from(*byte == b'\n');
                let between = depth == 0 && row.is_empty();
                if between && (byte.is_ascii_whitespace() || matches!(byte, b'[' | b']' | b',')) {
                    continue;
                }
                if between {
                    start = self.line;
                }
                // What is no object ends with its line: the rows after it are good.
                if depth == 0 && *byte != b'{' {
                    whole = *byte == b'\n';
                    row.push(*byte);
                    if whole {
                        break;
                    }
                    continue;
                }
                row.push(*byte);
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if in_text => escaped = true,
                    b'"' => in_text = !in_text,
                    b'{' if !in_text => depth += 1,
                    b'}' if !in_text => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    whole = true;
                    break;
                }
            }
            self.reader.consume(used);
            self.bytes += used as u64;
            too_long(&row, start)?;
            if whole {
                return Ok(Some(parse(&row, start)));
            }
        }
    }
}
