//! Airbyte: the stream of a host's log of changes of findings, which is read incrementally.

use serde_json::{Map, Value, json};

/// The most changes in an answer of the host.
const PAGE: u32 = 1000;

/// The members of a change and their JSON types. `docs/findings.md` describes them.
const MEMBERS: [(&str, &[&str]); 17] = [
    ("sequence", &["integer"]),
    ("at", &["integer"]),
    ("kind", &["string"]),
    ("baseline", &["boolean"]),
    ("findingId", &["string"]),
    ("connectionId", &["integer"]),
    ("connection", &["string"]),
    ("product", &["string"]),
    ("vendor", &["string"]),
    ("tenant", &["string"]),
    ("tenantName", &["string"]),
    ("before", &["null", "string"]),
    ("reason", &["null", "string"]),
    ("fields", &["array"]),
    ("finding", &["object"]),
    ("kev", &["null", "object"]),
    ("epss", &["null", "object"]),
];

/// The stream `finding_changes`, which is there once the host's address is given.
pub(super) fn streams() -> Value {
    json!({
        "type": "ConditionalStreams",
        "condition": "{{ config.get('host_url') }}",
        "streams": [{
            "type": "DeclarativeStream",
            "name": "finding_changes",
            "primary_key": ["sequence"],
            "retriever": {
                "type": "SimpleRetriever",
                "requester": requester(),
                "record_selector": {
                    "type": "RecordSelector", "extractor": { "type": "DpathExtractor", "field_path": [] },
                },
                "paginator": {
                    "type": "DefaultPaginator",
                    "pagination_strategy": {
                        "type": "CursorPagination",
                        "cursor_value": "{{ last_record['sequence'] }}",
                        "stop_condition": "{{ last_page_size == 0 }}",
                    },
                },
            },
            "incremental_sync": { "type": "IncrementingCountCursor", "cursor_field": "sequence", "start_value": 0 },
            "schema_loader": { "type": "InlineSchemaLoader", "schema": schema() },
        }],
    })
}

fn requester() -> Value {
    json!({
        "type": "HttpRequester",
        "url_base": "{{ config['host_url'].rstrip('/') }}/api/manage/v1/",
        // Without a number the host begins with the first change that it still has.
        "path": "findings/changes{% set after = (next_page_token or {}).get('next_page_token') or \
                 stream_interval.get('start') %}{% if after %}?after={{ after }}{% endif %}",
        "http_method": "GET",
        "authenticator": {
            "type": "ApiKeyAuthenticator",
            "api_token": "{{ config['host_key'] }}",
            "inject_into": { "type": "RequestOption", "inject_into": "header", "field_name": "d3key" },
        },
        "request_parameters": {
            // Airbyte reads no pages of lines.
            "format": "json",
            "limit": PAGE.to_string(),
        },
        "error_handler": {
            "type": "DefaultErrorHandler",
            "response_filters": [{
                "type": "HttpResponseFilter",
                "http_codes": [410],
                "action": "FAIL",
                "failure_type": "config_error",
                "error_message":
                    "The log of changes cannot go on: {{ response.get('Error') }} Clear the stream finding_changes, and sync it again.",
            }],
        },
    })
}

fn schema() -> Value {
    let properties: Map<_, _> =
        MEMBERS.iter().map(|(name, kinds)| ((*name).to_owned(), json!({ "type": kinds }))).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "description": "Changes of findings, in the order of their numbers.",
        "properties": properties,
        "additionalProperties": true,
    })
}
