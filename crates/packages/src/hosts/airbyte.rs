//! Airbyte: a declarative source of the lists, which reads them from the instance itself.

use serde_json::{Map, Value, json};
use soar_connector::Command;
use soar_connector::manifest::{Effect, PageMembers, ReplyShape};

use super::airbyte_findings;
use crate::fields;
use crate::file::{File, fill};
use crate::icon;
use crate::names::snake;
use crate::source::Source;
use crate::yaml;

/// The version of Airbyte's declarative language.
const LANGUAGE: &str = "6.60.0";

/// The settings that the source asks for; the others are for the connector's own session.
const SETTINGS: [&str; 4] = ["Server URL", "User Name", "Password", "API Key"];

/// The setting of the tenant whose lists are read.
const TENANT: &str = "footprint_tenant_id";

/// The setting that chooses between a password and a key.
const AUTHENTICATION: &str = "authentication";

/// The host whose log of changes of findings is a stream. The stream is there once the address is given.
const HOST: [(&str, &str, &str); 2] = [
    (
        "host_url",
        "Host URL",
        "Address of a host that collects findings. Unless given, there are no changes of findings.",
    ),
    ("host_key", "Host Key", "An API key of that host, whose owner may read findings."),
];

pub(crate) fn files(source: &Source<'_>) -> Vec<File> {
    vec![
        File::new("manifest.yaml", yaml::text(&manifest(source))),
        File::new("icon.svg", icon::SVG),
        File::new("README.md", readme(source)),
    ]
}

const STEPS: &str = "
The source has a stream for each list that needs no parameter. Each sync reads all rows: those of one tenant if you enter
Footprint Tenant ID. The list of scans is empty on an instance before 2023-08, which does not have it. With Host URL and Host Key
the source also has the stream `finding_changes`, whose incremental sync reads only what is new.

1. In the Connector Builder, choose Import a YAML manifest, and choose `manifest.yaml`.
2. Enter Server URL, and either User Name and Password, or API Key, and which of the two it is.
3. Test the stream `devices`, and publish.";

fn readme(source: &Source<'_>) -> String {
    let streams: String = source
        .commands()
        .filter(|command| path(command).is_some())
        .map(|command| {
            // The other sentences are about the connector's own reading.
            let rows = command.description.split(". ").next().unwrap_or_default().trim_end_matches('.');
            format!("| {} | {rows}. |\n", stream_name(command))
        })
        .collect();
    let name = &source.manifest.connector.name;
    fill(
        include_str!("../../templates/airbyte_readme.md"),
        &[("name", name), ("steps", STEPS.trim()), ("streams", &streams)],
    )
}

/// The path of a list that needs no parameter; `None` for any other command.
fn path(command: &Command) -> Option<&str> {
    let path = command.endpoint.strip_prefix("GET ")?;
    let is_list = command.effect == Effect::Read && command.reply.contains(&ReplyShape::PageObject);
    let is_plain = !path.contains([' ', ',', '{']) && command.inputs.iter().all(|input| !input.required);
    (is_list && is_plain).then(|| path.trim_start_matches('/'))
}

/// `devices` of List Devices.
fn stream_name(command: &Command) -> String {
    snake(command.name.strip_prefix("List ").unwrap_or(&command.name))
}

fn manifest(source: &Source<'_>) -> Value {
    let streams: Vec<_> =
        source.commands().filter_map(|command| path(command).map(|path| stream(source, command, path))).collect();
    let first = streams.first().map(|stream| stream["name"].clone()).unwrap_or_default();
    let streams: Vec<_> = streams.into_iter().chain([airbyte_findings::streams()]).collect();
    json!({
        "version": LANGUAGE,
        "type": "DeclarativeSource",
        "description": format!("The lists of {}.", source.manifest.connector.name),
        "check": { "type": "CheckStream", "stream_names": [first] },
        "streams": streams,
        "spec": { "type": "Spec", "connection_specification": specification(source) },
    })
}

fn specification(source: &Source<'_>) -> Value {
    let mut properties = Map::new();
    let settings = source.settings();
    let asked = settings.iter().filter(|setting| SETTINGS.contains(&setting.name.as_str()));
    for (order, setting) in asked.enumerate() {
        let mut property = fields::of_setting(setting);
        property["order"] = json!(order);
        if setting.secret {
            property["airbyte_secret"] = json!(true);
        } else {
            property["examples"] = json!([setting.example]);
        }
        properties.insert(setting.keyword(), property);
    }
    let choice = json!({
        "type": "string", "title": "Authentication", "enum": ["password", "api_key"], "default": "password",
        "description": "password with User Name and Password, or api_key with API Key.", "order": properties.len(),
    });
    properties.insert(AUTHENTICATION.to_owned(), choice);
    let tenant = json!({
        "type": "integer", "title": "Footprint Tenant ID", "minimum": 1, "order": properties.len(),
        "description": "The tenant whose lists are read. Unless given, the server chooses.",
    });
    properties.insert(TENANT.to_owned(), tenant);
    for (name, title, description) in HOST {
        let mut property =
            json!({ "type": "string", "title": title, "description": description, "order": properties.len() });
        if name == "host_key" {
            property["airbyte_secret"] = json!(true);
        } else {
            property["examples"] = json!(["https://soar.example.com"]);
        }
        properties.insert(name.to_owned(), property);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "title": source.manifest.connector.name,
        "required": ["server_url", AUTHENTICATION],
        "properties": properties,
        "additionalProperties": true,
    })
}

fn requester(path: &str, method: &str) -> Value {
    json!({
        "type": "HttpRequester",
        "url_base": "{{ config['server_url'].rstrip('/').removesuffix('/api').rstrip('/') }}/api/",
        "path": path,
        "http_method": method,
    })
}

fn stream(source: &Source<'_>, command: &Command, path: &str) -> Value {
    let page = source.manifest.connector.replies.page.as_ref();
    let mut requester = requester(path, "GET");
    requester["authenticator"] = authenticator();
    requester["request_headers"] = json!({ "FootprintTenantId": format!("{{{{ config.get('{TENANT}') }}}}") });
    if !command.documented {
        // An instance of an older generation does not have it.
        requester["error_handler"] = json!({
            "type": "DefaultErrorHandler",
            "response_filters": [{ "type": "HttpResponseFilter", "http_codes": [404], "action": "IGNORE" }],
        });
    }
    let mut retriever = json!({
        "type": "SimpleRetriever",
        "requester": requester,
        "record_selector": selector(command, page.map_or("items", |page| &page.rows)),
    });
    if let Some(paginator) = page.and_then(paginator) {
        retriever["paginator"] = paginator;
    }
    let has_id = command.row_members.iter().any(|member| member == "id");
    let properties: Map<_, _> = command.row_members.iter().map(|member| (member.clone(), json!({}))).collect();
    json!({
        "type": "DeclarativeStream",
        "name": stream_name(command),
        "primary_key": if has_id { json!(["id"]) } else { json!([]) },
        "retriever": retriever,
        "schema_loader": {
            "type": "InlineSchemaLoader",
            "schema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "description": command.description,
                "properties": properties,
                "additionalProperties": true,
            },
        },
    })
}

/// The rows of a reply: of a page, or of a bare array where the list has both shapes.
fn selector(command: &Command, rows: &str) -> Value {
    let of_page = json!({ "type": "DpathExtractor", "field_path": [rows] });
    if !command.reply.contains(&ReplyShape::Array) {
        return json!({ "type": "RecordSelector", "extractor": of_page });
    }
    let of_array = json!({ "type": "DpathExtractor", "field_path": [] });
    json!({
        "type": "RecordSelector",
        "extractor": { "type": "CombinedExtractor", "mode": "first_match", "extractors": [of_page, of_array] },
        // The second takes a page without rows for a row.
        "record_filter": { "type": "RecordFilter", "condition": format!("{{{{ '{rows}' not in record }}}}") },
    })
}

/// Goes through the pages by the numbers that each page has.
fn paginator(page: &PageMembers) -> Option<Value> {
    let (number, total) = (page.number.as_ref()?, page.total_pages.as_ref()?);
    Some(json!({
        "type": "DefaultPaginator",
        "page_token_option": { "type": "RequestOption", "inject_into": "request_parameter", "field_name": "page" },
        "pagination_strategy": {
            "type": "CursorPagination",
            "cursor_value": format!("{{{{ response.get('{number}', 1) + 1 }}}}"),
            "stop_condition": format!("{{{{ response.get('{number}', 1) >= response.get('{total}', 1) }}}}"),
        },
    }))
}

/// A session's token, or the key: the setting that says which has one of the two names.
fn authenticator() -> Value {
    let mut login = requester("auth/token/", "POST");
    login["request_body_json"] =
        json!({ "username": "{{ config['user_name'] }}", "password": "{{ config['password'] }}" });
    json!({
        "type": "SelectiveAuthenticator",
        "authenticator_selection_path": [AUTHENTICATION],
        "authenticators": {
            "password": {
                "type": "SessionTokenAuthenticator",
                "login_requester": login,
                "session_token_path": ["access"],
                "expiration_duration": "PT5M",
                "request_authentication": { "type": "Bearer" },
            },
            "api_key": {
                "type": "ApiKeyAuthenticator",
                "api_token": "{{ config['api_key'] }}",
                "inject_into": { "type": "RequestOption", "inject_into": "header", "field_name": "FootprintApiKey" },
            },
        },
    })
}
