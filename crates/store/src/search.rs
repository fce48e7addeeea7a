//! Searches incidents by conditions, a page at a time.

use super::incidents::COLUMNS;
use super::pages::bytes_of;
use super::rows::{InsertedValue, identifiers};
use super::search_order::{Branches, NEAR, SearchOrder};
use super::{Engine, HeldRows, Oversize, Records, StoreError, incident_words};
use crate::model::{Incident, IncidentId, Moment, SiteId, Status};

/// A column of incidents that a condition can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of the same name")]
pub enum SearchField {
    Number,
    IncidentType,
    Title,
    Description,
    Status,
    Severity,
    Disposition,
    Conclusion,
    Owner,
    Assignee,
    Creator,
    ClosedBy,
    CreatedAt,
    ModifiedAt,
    ClosedAt,
    DueAt,
}

impl SearchField {
    /// Whether it is a time, which is compared in whole seconds.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::CreatedAt | Self::ModifiedAt | Self::ClosedAt | Self::DueAt)
    }

    const fn column(self) -> &'static str {
        match self {
            Self::Number => "i.number",
            Self::IncidentType => "i.incident_type",
            Self::Title => "i.title",
            Self::Description => "i.description",
            Self::Status => "i.status",
            Self::Severity => "i.severity",
            Self::Disposition => "i.disposition",
            Self::Conclusion => "i.conclusion",
            Self::Owner => "i.owner",
            Self::Assignee => "i.assignee",
            Self::Creator => "i.creator",
            Self::ClosedBy => "i.closed_by",
            Self::CreatedAt => "i.created_at",
            Self::ModifiedAt => "i.modified_at",
            Self::ClosedAt => "i.closed_at",
            Self::DueAt => "i.due_at",
        }
    }
}

/// A comparison of a field with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each says what it is")]
pub enum Comparison {
    Less,
    Greater,
    Equal,
    AtMost,
    AtLeast,
    Different,
    /// `%` stands for any text and `_` for any character. Case makes no difference.
    Like,
    Empty,
    NotEmpty,
}

/// The field of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionField {
    /// A field that every incident has.
    Static(SearchField),
    /// A dynamic field.
    Dynamic {
        /// The section of the incident's form in which it is.
        section: String,
        /// Its name.
        name: String,
    },
}

/// The value of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A text, for a text or a dynamic field.
    Text(String),
    /// A moment, for a time.
    Time(Moment),
    /// No value, for [`Comparison::Empty`] and [`Comparison::NotEmpty`].
    Nothing,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub subject: ConditionField,
    /// The comparison.
    pub comparison: Comparison,
    /// The value.
    pub operand: Operand,
}

/// A search for incidents.
#[derive(Debug, Clone)]
pub struct Search {
    /// On these sites.
    pub sites: Vec<SiteId>,
    /// Created at this time or later.
    pub from: Moment,
    /// Created before this time.
    pub until: Moment,
    /// At least one of these groups is true as a whole. No group means all incidents.
    pub groups: Vec<Vec<Condition>>,
    /// Only incidents with all words of this text, each at the beginning of a word: see [`crate::model::Words`].
    pub text: Option<String>,
    /// The order of the incidents.
    pub order: SearchOrder,
    /// Only incidents after this one in the order, which is the last one of the page before.
    pub after: Option<IncidentId>,
    /// The number of incidents to skip.
    pub offset: i64,
    /// The most incidents to return.
    pub limit: i64,
    /// The long texts to read.
    pub texts: LongTexts,
}

/// The texts of an incident that can be long. Only the wanted ones are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongTexts {
    /// The description.
    pub description: bool,
    /// The conclusion.
    pub conclusion: bool,
    /// The raw data.
    pub raw_data: bool,
    /// The values of dynamic fields, which another query reads.
    pub fields: bool,
}

impl LongTexts {
    /// No long text.
    pub const NONE: Self = Self { description: false, conclusion: false, raw_data: false, fields: false };
}

impl Search {
    /// Whether all incidents have one owner.
    fn is_of_an_owner(&self) -> bool {
        let is_owner = |condition: &Condition| {
            condition.subject == ConditionField::Static(SearchField::Owner)
                && condition.comparison == Comparison::Equal
                && condition.operand != Operand::Text(String::new())
        };
        matches!(self.groups.as_slice(), [only] if only.iter().any(is_owner))
    }
}

impl Records<'_> {
    /// The found incidents in the order of the search, so that new incidents do not move a page.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when they are larger than an answer may be. [`StoreError::Busy`] when no memory is free
    /// for them now.
    pub async fn search_incidents(&mut self, search: &Search) -> Result<HeldRows<Incident>, StoreError> {
        let words = search.text.as_deref().map(|text| incident_words::wanted(self.engine, text));
        if words == Some(None) {
            // No incident has the words of a text without words.
            let (_, room) = self.fitting(&[], Oversize::Refuse)?;
            return Ok(HeldRows { rows: Vec::new(), room });
        }
        let words = words.flatten();
        let mut values = BoundValues::default();
        let sites = identifiers(&search.sites);
        let order = search.order.sql(words.is_some());
        let mut columns = vec!["title"];
        let long = [
            (search.texts.description, "description"),
            (search.texts.conclusion, "conclusion"),
            (search.texts.raw_data, "raw_data"),
        ];
        columns.extend(long.iter().filter(|(wanted, _)| *wanted).map(|(_, column)| *column));
        let bytes = bytes_of(&columns);
        let fields =
            "+ COALESCE((SELECT SUM(OCTET_LENGTH(f.value)) FROM incident_fields f WHERE f.incident_id = i.id), 0)";
        let fields = if search.texts.fields { fields } else { "" };
        let sql = format!(
            "SELECT {} FROM (SELECT i.id, i.created_at, {bytes} {fields} AS bytes FROM {}) page",
            self.engine.packed("id, bytes", order),
            self.found(search, (&sites, words.as_deref()), &mut values),
        );
        let mut query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        for value in &values.cells {
            query = match value {
                InsertedValue::Text(text) => query.bind((*text).to_owned()),
                InsertedValue::Integer(number) => query.bind(*number),
                InsertedValue::MaybeText(text) => query.bind(text.map(str::to_owned)),
                InsertedValue::MaybeInteger(number) => query.bind(*number),
            };
        }
        let page: String = query.fetch_one(&mut *self.connection).await?;
        let (ids, room) = self.fitting(&Self::sized(&page)?, Oversize::Refuse)?;
        Ok(HeldRows { rows: self.incidents_numbered(&ids, &search.sites, search.texts, order).await?, room })
    }

    /// SQL after FROM for the page's incidents as `i`. `sites` is a list of ids as JSON.
    fn found<'c>(
        &self,
        search: &'c Search,
        (sites, words): (&'c str, Option<&'c str>),
        values: &mut BoundValues<'c>,
    ) -> String {
        // The signs keep SQLite from planning the statement again whenever a value changes.
        let (from, until) =
            (values.add(InsertedValue::Integer(search.from.0)), values.add(InsertedValue::Integer(search.until.0)));
        let mut filter = format!("i.created_at >= +{from} AND i.created_at < +{until}");
        let mut alternatives = Vec::new();
        for group in &search.groups {
            let conditions: Vec<_> = group.iter().map(|condition| self.condition(condition, values)).collect();
            alternatives.push(if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") });
        }
        if !alternatives.is_empty() {
            filter.push_str(&format!(" AND (({}))", alternatives.join(") OR (")));
        }
        let (limit, offset) =
            (values.add(InsertedValue::Integer(search.limit)), values.add(InsertedValue::Integer(search.offset)));
        // A sum in SQL could leave the range of its integers.
        let through = |values: &mut BoundValues<'c>| {
            values.add(InsertedValue::Integer(search.limit.saturating_add(search.offset)))
        };
        let order = search.order;
        if let (Some(words), Engine::Postgres) = (words, self.engine) {
            let sites = values.add(InsertedValue::Text(sites));
            let sites = self.engine.among(&self.engine.integers_of(&sites));
            let filter = format!("i.site_id {sites} AND {filter}");
            let (words, through) = (values.add(InsertedValue::Text(words)), through(values));
            // Ids are positive. Others would leave the range of integers near them.
            let after = search.after.map(|after| values.add(InsertedValue::Integer(after.0.clamp(0, i64::MAX - NEAR))));
            let page = Branches { filter: &filter, order, limit: &limit, offset: &offset, through: &through };
            return page.with_words(&words, after.as_deref());
        }
        // In this form SQLite's index of words gives the ids in order.
        let (id, in_order) = match words {
            None => ("i.id", order.sql(false).to_owned()),
            Some(_) => ("w.rowid", order.sql(true).replace("id", "w.rowid")),
        };
        if let Some(after) = search.after {
            let after = values.add(InsertedValue::Integer(after.0));
            filter.push_str(&format!(" AND {}", order.after(words.is_some(), id, &after)));
        }
        let end = format!("ORDER BY {in_order} LIMIT +{limit} OFFSET +{offset}");
        if words.is_none() && !search.is_of_an_owner() {
            return match search.sites.as_slice() {
                // With `=` the index returns the incidents in their order, and only the page is read.
                [site] => {
                    let site = values.add(InsertedValue::Integer(site.0));
                    format!("incidents i WHERE i.site_id = +{site} AND {filter} {end}")
                }
                sites => {
                    let through = through(values);
                    Branches { filter: &filter, order, limit: &limit, offset: &offset, through: &through }.merged(sites)
                }
            };
        }
        let sites = values.add(InsertedValue::Text(sites));
        // With `+` no database uses the index of sites.
        let filter = format!("+i.site_id IN ({}) AND {filter} {end}", self.engine.integers_of(&sites));
        match words {
            None => format!("incidents i WHERE {filter}"),
            Some(words) => {
                let words = values.add(InsertedValue::Text(words));
                format!(
                    "incident_words w CROSS JOIN incidents i
                     WHERE w.incident_words MATCH {words} AND i.id = w.rowid AND {filter}"
                )
            }
        }
    }

    /// The incidents with these ids that still belong to one of the sites, in this order.
    pub(super) async fn incidents_numbered(
        &mut self,
        ids: &[i64],
        sites: &[SiteId],
        texts: LongTexts,
        order: &str,
    ) -> Result<Vec<Incident>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns = [
            (texts.description, "description", "''"),
            (texts.conclusion, "conclusion", "''"),
            (texts.raw_data, "raw_data", "NULL"),
        ];
        let unwanted = columns.iter().filter(|(wanted, ..)| !wanted);
        let columns = unwanted.fold(COLUMNS.to_owned(), |columns, (_, name, instead)| columns.replace(name, instead));
        let sql = format!(
            "SELECT {} FROM incidents WHERE id IN ({}) AND site_id IN ({})",
            self.engine.packed(&columns, order),
            self.engine.integers_of("$1"),
            self.engine.integers_of("$2"),
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(identifiers(ids)).bind(identifiers(sites));
        let page: String = query.fetch_one(&mut *self.connection).await?;
        serde_json::from_str(&page).map_err(|error| StoreError::Unreadable(error.to_string()))
    }

    fn condition<'c>(&self, condition: &'c Condition, values: &mut BoundValues<'c>) -> String {
        match &condition.subject {
            ConditionField::Static(field) => self.compare(field.column(), field.is_time(), condition, values),
            ConditionField::Dynamic { section, name } => {
                let (section, name) = (values.add(InsertedValue::Text(section)), values.add(InsertedValue::Text(name)));
                let of_it = format!(
                    "SELECT 1 FROM incident_fields f WHERE f.incident_id = i.id AND f.section = {section} AND f.name = {name}"
                );
                match condition.comparison {
                    Comparison::Empty => format!("NOT EXISTS ({of_it} AND f.value IS NOT NULL)"),
                    _ => format!("EXISTS ({of_it} AND {})", self.compare("f.value", false, condition, values)),
                }
            }
        }
    }

    fn compare<'c>(
        &self,
        column: &str,
        is_time: bool,
        condition: &'c Condition,
        values: &mut BoundValues<'c>,
    ) -> String {
        let operator = match condition.comparison {
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::Equal => "=",
            Comparison::AtMost => "<=",
            Comparison::AtLeast => ">=",
            Comparison::Different => "<>",
            Comparison::Like => "LIKE",
            Comparison::Empty if is_time => return format!("{column} IS NULL"),
            Comparison::Empty => return format!("COALESCE({column}, '') = ''"),
            Comparison::NotEmpty if is_time => return format!("{column} IS NOT NULL"),
            Comparison::NotEmpty => return format!("COALESCE({column}, '') <> ''"),
        };
        match &condition.operand {
            Operand::Time(time) => {
                let seconds = values.add(InsertedValue::Integer(time.0.div_euclid(1000)));
                format!("{column} / 1000 {operator} {seconds}")
            }
            Operand::Text(text) => {
                if condition.comparison == Comparison::Equal && !text.is_empty() {
                    // In this form the index of the column is used. A partial index needs the text itself.
                    let status = Status::ALL.iter().find(|one| column == "i.status" && one.as_str() == text);
                    return match status {
                        Some(status) => format!("{column} = '{status}'"),
                        None => format!("{column} = {}", values.add(InsertedValue::Text(text))),
                    };
                }
                let value = values.add(InsertedValue::Text(text));
                if condition.comparison == Comparison::Like {
                    // A backslash stands for itself. At the end of a pattern it would be an error.
                    let pattern = format!("REPLACE(LOWER({value}), '\\', '\\\\')");
                    return format!("LOWER(COALESCE({column}, '')) LIKE {pattern} ESCAPE '\\'");
                }
                format!("COALESCE({column}, ''){} {operator} {value}", self.engine.bytewise())
            }
            Operand::Nothing => "1 = 0".to_owned(),
        }
    }
}

#[derive(Default)]
struct BoundValues<'c> {
    cells: Vec<InsertedValue<'c>>,
}

impl<'c> BoundValues<'c> {
    /// Adds a value, and returns its placeholder.
    fn add(&mut self, cell: InsertedValue<'c>) -> String {
        self.cells.push(cell);
        format!("${}", self.cells.len())
    }
}
