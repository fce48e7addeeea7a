//! Get Incidents: a page of a site's incidents that match conditions.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::{Caller, DynamicField, Incident, IncidentId, Link, Moment, Right, Site, limits};
use soar_store::{ByIncident, HeldRows, LongTexts, Records, Search, SearchOrder};

use super::dates::parse_date_time;
use super::static_field::{FIELDS, StaticField};
use super::{Answer, CommandResult, More, Rows, UtilityCommand, access, filter};
use crate::Refusal;

/// The default number of incidents on a page.
const PAGE_SIZE: i64 = 100;

/// The most static fields, and the most sections and dynamic fields, in an answer. Every incident of the page has all
/// of them, even if they are empty.
const MOST_FIELDS: usize = 200;

/// The name of the dynamic fields in the answer, and of the parameter that selects them.
const DYNAMIC: &str = "Dynamic Fields";

fn few_enough(name: &str, count: usize) -> Result<(), Refusal> {
    if count <= MOST_FIELDS {
        return Ok(());
    }
    Err(Refusal::Because(format!("{name}: found {count}, expected at most {MOST_FIELDS} in one call.")))
}

#[derive(Debug)]
pub(super) struct GetIncidents;

/// The selected dynamic fields: section and names.
type Sections = Vec<(String, Vec<String>)>;

fn sections(parameters: &Parameters) -> Result<Sections, Refusal> {
    let shape = || {
        Refusal::Because(
            "Dynamic Fields: expected a JSON object of sections with arrays of field names, such as \
             {\"Customer\": [\"Name\"]}."
                .to_owned(),
        )
    };
    let Some(given) = parameters.json(DYNAMIC) else { return Ok(Vec::new()) };
    let given = given.as_object().ok_or_else(shape)?;
    let names = given.values().filter_map(Value::as_array).map(Vec::len);
    few_enough(DYNAMIC, given.len().max(names.sum()))?;
    let names = given.values().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    if given.keys().map(String::as_str).chain(names).any(|name| name.len() > limits::DETAIL_NAME_BYTES) {
        return Err(Refusal::Because(format!(
            "Dynamic Fields: expected names of at most {} bytes.",
            limits::DETAIL_NAME_BYTES
        )));
    }
    let sections = given.iter().map(|(section, names)| {
        let names = names.as_array().ok_or_else(shape)?.iter();
        let names = names.map(|name| name.as_str().map(str::to_owned).ok_or_else(shape)).collect::<Result<_, _>>()?;
        Ok((section.clone(), names))
    });
    sections.collect()
}

/// The selected static fields, each once under the first given name.
fn columns(parameters: &Parameters) -> Result<Vec<(String, &'static StaticField)>, Refusal> {
    let Some(given) = parameters.list("Static Fields") else {
        let default = FIELDS.iter().filter(|field| field.is_default);
        return Ok(default.map(|field| (field.name().to_owned(), field)).collect());
    };
    few_enough("Static Fields", given.len())?;
    let mut columns: Vec<(String, &'static StaticField)> = Vec::new();
    for name in given {
        let field = StaticField::named(name).ok_or_else(|| {
            let valid: Vec<_> = FIELDS.iter().map(StaticField::name).collect();
            let name = quoted(name);
            Refusal::Because(format!("Static Fields: there is no field {name}. Valid: {}.", valid.join(", ")))
        })?;
        if !columns.iter().any(|(_, known)| known.name() == field.name()) {
            columns.push((name.clone(), field));
        }
    }
    Ok(columns)
}

fn dynamic(sections: &Sections, fields: &[DynamicField]) -> Map<String, Value> {
    let shown = sections.iter().map(|(section, names)| {
        let values = names.iter().map(|name| {
            let field = fields.iter().find(|field| field.section == *section && field.name == *name);
            (name.clone(), field.and_then(|field| field.value.clone()).unwrap_or_default().into())
        });
        (section.clone(), Value::Object(values.collect()))
    });
    shown.collect()
}

/// An incident in the answer.
struct IncidentInAnswer<'i> {
    columns: &'i [(String, &'static StaticField)],
    incident: &'i Incident,
    site: &'i Site,
    /// The linked incidents that the caller may see.
    links: Vec<Link>,
    dynamic: Option<Map<String, Value>>,
}

impl Serialize for IncidentInAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, field) in self.columns {
            map.serialize_entry(name, &field.value(self.incident, self.site, &self.links))?;
        }
        if let Some(dynamic) = &self.dynamic {
            map.serialize_entry(DYNAMIC, dynamic)?;
        }
        map.end()
    }
}

#[async_trait]
impl UtilityCommand for GetIncidents {
    fn name(&self) -> &'static str {
        "Get Incidents"
    }

    fn endpoint(&self) -> &'static str {
        "GetIncidents"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Answer, Refusal> {
        access::may(caller, Right::SeeIncidents, &caller.site)?;
        let time = |name: &str| {
            let time = parse_date_time(parameters.text(name).unwrap_or_default(), &TimeZone::UTC);
            time.map_err(|problem| Refusal::Because(format!("{name}: {problem}.")))
        };
        let (from, last) = (time("Start Time")?, time("End Time")?);
        if from > last {
            return Err(Refusal::Because("Start Time is after End Time. Exchange them.".to_owned()));
        }
        let filter = parameters.json("Filter").map(filter::parse).transpose().map_err(Refusal::Because)?;
        let columns = columns(parameters)?;
        let sections = sections(parameters)?;
        let limit = parameters.integer("Page Size").unwrap_or(PAGE_SIZE);
        let offset = parameters.integer("Page Index").unwrap_or(0).saturating_mul(limit);
        let groups = filter.unwrap_or_default();
        // The second of End Time is included.
        let until = last + Duration::from_secs(1);
        let mut texts = LongTexts { fields: !sections.is_empty(), ..LongTexts::NONE };
        columns.iter().for_each(|(_, field)| field.add_text(&mut texts));
        let search = Search {
            sites: vec![caller.site.id],
            from,
            until,
            groups,
            text: None,
            order: SearchOrder::Oldest,
            after: None,
            offset,
            limit,
            texts,
        };
        let HeldRows { rows: incidents, room } = records.search_incidents(&search).await?;
        let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id).collect();
        let shows_links = columns.iter().any(|(_, field)| field.shows_links());
        let mut links = if shows_links { records.links_of(&ids).await? } else { ByIncident::new() };
        let mut fields = if sections.is_empty() { ByIncident::new() } else { records.fields_of(&ids).await? };
        let rows = incidents.iter().map(|incident| {
            let mut links = links.remove(&incident.id).unwrap_or_default();
            links.retain(|link| caller.may(Right::SeeIncidents, link.site_id));
            let fields = fields.remove(&incident.id).unwrap_or_default();
            let dynamic = (!sections.is_empty()).then(|| dynamic(&sections, &fields));
            IncidentInAnswer { columns: &columns, incident, site: &caller.site, links, dynamic }
        });
        let rows: Rows = rows.collect();
        let mut more = More::default();
        more.insert("rawData", &BTreeMap::from([("incidents", &rows)]))
            .map_err(|error| Refusal::Because(error.to_string()))?;
        Ok(Answer { context_data: Some(rows), more, room, ..Answer::ended(CommandResult::Successful) })
    }
}
