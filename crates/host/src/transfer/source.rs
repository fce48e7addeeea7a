//! Reads the rows of a file one by one, each with the line on which it starts.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Chain, Cursor, Read};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use soar_connector::name::quoted;

use super::columns::{FileColumn, columns};
use super::{BadRow, Format, Subject, TransferError, formula};

/// The fields of a row by the host's own names, each as JSON text.
pub(super) type RawRow = BTreeMap<String, Box<RawValue>>;

/// The members of a JSON object in their order. A name may occur twice.
struct OrderedMembers(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for OrderedMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = OrderedMembers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OrderedMembers, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(OrderedMembers(members))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// The longest row, in bytes. It limits the memory of an import.
const LONGEST_ROW: u64 = 16 * 1024 * 1024;

/// The most bytes that the CSV reader may read for one row. It reads ahead by its buffer.
const LONGEST_CSV_ROW: u64 = LONGEST_ROW + 16 * 1024;

/// The byte order mark that some programs write before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file without its byte order mark.
type Unmarked<R> = Chain<Cursor<Vec<u8>>, R>;

/// `reader` without a byte order mark.
fn unmarked<R: BufRead>(mut reader: R) -> Result<Unmarked<R>, TransferError> {
    let mut start = Vec::with_capacity(MARK.len());
    reader.by_ref().take(MARK.len() as u64).read_to_end(&mut start)?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        let problem = "expected UTF-8 text, found UTF-16".to_owned();
        return Err(TransferError::Unreadable { line: 1, problem });
    }
    if start == MARK {
        start.clear();
    }
    Ok(Cursor::new(start).chain(reader))
}

/// A row and its line; or the problem of the row.
pub(super) type SourceRow = Result<(u64, RawRow), BadRow>;

/// The source of rows.
pub(super) struct RowSource<R> {
    subject: Subject,
    rows: FormatReader<Unmarked<R>>,
}

enum FormatReader<R> {
    Json(JsonArray<R>),
    Ndjson { reader: R, line: u64, bytes: u64 },
    Csv { reader: Box<csv::Reader<RowLimitedReader<R>>>, columns: Vec<FileColumn>, names: csv::StringRecord },
}

/// Limits the bytes read for one row. In CSV a missing quotation mark would make a row endless.
struct RowLimitedReader<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for RowLimitedReader<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

/// Columns whose cells are JSON.
const JSON_COLUMNS: &[&str] = &["rawData", "tasks", "fields", "cases", "linkedIncidents", "findings", "rule"];

impl<R: BufRead> RowSource<R> {
    pub(super) fn new(subject: Subject, format: Format, reader: R) -> Result<Self, TransferError> {
        let reader = unmarked(reader)?;
        let rows = match format {
            Format::Json => FormatReader::Json(JsonArray { reader, line: 1, bytes: 0 }),
            Format::Ndjson => FormatReader::Ndjson { reader, line: 0, bytes: 0 },
            Format::Csv => {
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .from_reader(RowLimitedReader { reader, left: LONGEST_CSV_ROW });
                let names = reader.headers().map_err(|error| unreadable(1, error))?.clone();
                let columns = columns(subject, names.iter());
                let columns = columns.map_err(|problem| TransferError::Unreadable { line: 1, problem })?;
                FormatReader::Csv { reader: Box::new(reader), columns, names }
            }
        };
        Ok(Self { subject, rows })
    }

    /// The number of bytes read.
    pub(super) fn bytes(&self) -> u64 {
        match &self.rows {
            FormatReader::Json(array) => array.bytes,
            FormatReader::Ndjson { bytes, .. } => *bytes,
            FormatReader::Csv { reader, .. } => reader.position().byte(),
        }
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<SourceRow>, TransferError> {
        let subject = self.subject;
        match &mut self.rows {
            FormatReader::Json(array) => array.next(subject),
            FormatReader::Ndjson { reader, line, bytes } => loop {
                let mut text = Vec::new();
                *line += 1;
                let read = reader.by_ref().take(LONGEST_ROW + 1).read_until(b'\n', &mut text)?;
                if read == 0 {
                    return Ok(None);
                }
                *bytes += read as u64;
                too_long(&text, *line)?;
                if !text.trim_ascii().is_empty() {
                    return Ok(Some(parse(subject, &text, *line)));
                }
            },
            FormatReader::Csv { reader, columns, names } => {
                let mut record = csv::StringRecord::new();
                reader.get_mut().left = LONGEST_CSV_ROW;
                match reader.read_record(&mut record) {
                    Ok(false) => Ok(None),
                    Ok(true) => Ok(Some(cells(columns, names, &record))),
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

/// `line` is for errors without a position.
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

fn parse(subject: Subject, text: &[u8], line: u64) -> SourceRow {
    let members = serde_json::from_slice::<OrderedMembers>(text).map_err(|error| {
        let start = quoted(String::from_utf8_lossy(text).trim());
        // The position in the error is relative to the row, so it is left out.
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        BadRow { line, field: None, problem: format!("expected a JSON object, found {start} ({why})") }
    })?;
    let (mut row, mut names) = (RawRow::new(), BTreeMap::new());
    for (name, value) in members.0 {
        let bad = |problem| BadRow { line, field: Some(name.clone()), problem };
        let field = match FileColumn::named(subject, &name) {
            Some(FileColumn::Field(field)) => field.to_owned(),
            Some(FileColumn::NotRead) => continue,
            Some(FileColumn::NotKept(_)) if is_nothing(value.get()) => continue,
            Some(FileColumn::NotKept(field)) => return Err(bad(not_kept(field, value.get()))),
            // Reported with the other problems of the row.
            None => name.clone(),
        };
        if let Some(first) = names.insert(field.clone(), name.clone()) {
            return Err(bad(format!("expected each field once, found {} and {}", quoted(&first), quoted(&name))));
        }
        row.insert(field, value);
    }
    Ok((line, row))
}

/// Whether a value is empty.
fn is_nothing(json: &str) -> bool {
    matches!(json.split_whitespace().collect::<String>().as_str(), "null" | "\"\"" | "[]" | "{}" | "")
}

fn not_kept(field: &str, found: &str) -> String {
    format!("expected nothing, since this host does not store the field {field}; found {}", quoted(found))
}

/// A list cell as JSON. An array stays unchanged. Other text is split at commas into numbers of incidents or cases.
fn list_of(column: &str, cell: &str) -> String {
    let is_of_numbers = matches!(column, "cases" | "linkedIncidents") && !cell.trim_start().starts_with('[');
    if !is_of_numbers {
        return cell.to_owned();
    }
    serde_json::Value::from(cell.split(',').map(str::trim).collect::<Vec<_>>()).to_string()
}

fn cells(columns: &[FileColumn], names: &csv::StringRecord, record: &csv::StringRecord) -> SourceRow {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != columns.len() {
        let (expected, found) = (columns.len(), record.len());
        let problem = format!("expected {expected} cells, as the first line has, found {found}");
        return Err(BadRow { line, field: None, problem });
    }
    let mut row = RawRow::new();
    for ((column, name), cell) in columns.iter().zip(names).zip(record) {
        let cell = formula::restored(cell);
        let cell = cell.as_str();
        if cell.is_empty() {
            continue;
        }
        let bad = |problem| BadRow { line, field: Some(name.to_owned()), problem };
        let field = match column {
            FileColumn::Field(field) => *field,
            FileColumn::NotRead => continue,
            FileColumn::NotKept(_) if is_nothing(cell) => continue,
            FileColumn::NotKept(field) => return Err(bad(not_kept(field, cell))),
        };
        let text = if JSON_COLUMNS.contains(&field) {
            list_of(field, cell)
        } else {
            serde_json::Value::from(cell).to_string()
        };
        let value = RawValue::from_string(text)
            .map_err(|error| bad(format!("expected JSON, found {} ({error})", quoted(cell))))?;
        row.insert(field.to_owned(), value);
    }
    Ok((line, row))
}

/// The objects of one JSON array, found by their braces. Only one object is in memory at a time.
struct JsonArray<R> {
    reader: R,
    line: u64,
    bytes: u64,
}

impl<R: BufRead> JsonArray<R> {
    fn next(&mut self, subject: Subject) -> Result<Option<SourceRow>, TransferError> {
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
                // An entry that is no object ends with its line. The rows after it are read normally.
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
                return Ok(Some(parse(subject, &row, start)));
            }
        }
    }
}
