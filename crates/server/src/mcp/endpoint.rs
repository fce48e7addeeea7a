//! Answers a message: the gate, the protocol's server, the audit entry.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use serde::Deserialize;
use serde_json::value::RawValue;
use soar_store::model::{AuditEntry, Surface};
use tokio::sync::Mutex;

use super::Service;
use super::message::{McpCaller, McpMessage, MessageEnd};
use crate::gate::{ApiCall, ApiReply, Entered, read_json, without_nul};
use crate::{Server, to_its_end};

/// Answers a message.
pub(super) async fn answer(host: Arc<Server>, service: Service, request: Request) -> Response {
    let mut call = ApiCall::begin(&host, Surface::Mcp, &request, "mcp");
    call.label = "mcp".into();
    let request_id = call.entry.request_id.clone();
    let (mut head, body) = request.into_parts();
    let (entered, username, body) = match enter(&mut call, &head, body).await {
        Ok(entered) => entered,
        Err(reply) => return with_scheme(call.write_and_answer(reply).await),
    };
    accept_both(&mut head.headers);
    let message = McpMessage { call, entered: Some(entered), username, end: None };
    // An accepted change is finished even if the caller goes away.
    let finished = to_its_end(&request_id, run(service, message, head, body)).await;
    finished.unwrap_or_else(|_| ApiReply::unexpected("").into_response(&request_id))
}

/// Tells a caller without a valid key how keys are sent.
fn with_scheme(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The protocol's library wants the two media types by name, also of a client that accepts all.
fn accept_both(headers: &mut HeaderMap) {
    let accepts_all = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("*/*"));
    if headers.get_all(header::ACCEPT).iter().any(accepts_all) {
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    }
}

/// Authenticates the call, applies the limits of its key, and reads its body. Also returns the user's name.
async fn enter(call: &mut ApiCall, head: &Parts, body: Body) -> Result<(Entered, String, Bytes), ApiReply> {
    let entered = call.enter(&head.headers).await;
    if head.method != Method::POST {
        let error = "Messages are sent by POST: the host keeps no sessions and sends no events.";
        return Err(ApiReply::error(StatusCode::METHOD_NOT_ALLOWED, error));
    }
    let mut entered = entered?;
    let owner = entered.snapshot.user_numbered(entered.shown.known.key.owner).map(|known| known.user.name.clone());
    let username = entered.shown.claimed.clone().or(owner).unwrap_or_default();
    call.entry.username = AuditEntry::kept(&username);
    let body = read_json(&head.headers, body, &call.host.settings, &mut entered.share).await?;
    without_nul(&body)?;
    let Some(method) = method_of(&body) else {
        let error = "The body is no message of the Model Context Protocol. Expected one JSON object with jsonrpc, id, \
                     method and params.";
        return Err(ApiReply::error(StatusCode::BAD_REQUEST, error));
    };
    call.entry.command = AuditEntry::kept(&format!("mcp {method}"));
    Ok((entered, username, body))
}

/// The method of a message, and the tool that it calls, for the audit log. A list of messages, and an answer to the
/// server, have no method.
fn method_of(body: &[u8]) -> Option<String> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    #[derive(Deserialize)]
    struct NamedMethod<'a> {
        #[serde(borrow)]
        method: Cow<'a, str>,
        #[serde(borrow)]
        params: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Tool<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
    }
    let NamedMethod { method, params } = serde_json::from_slice(body).ok()?;
    let tool = params.filter(|_| method == "tools/call");
    let tool = tool.and_then(|params| serde_json::from_str::<Tool<'_>>(params.get()).ok());
    Some(tool.map_or_else(|| method.to_string(), |tool| format!("{method} {}", tool.name)))
}

async fn run(service: Service, message: McpMessage, head: Parts, body: Bytes) -> Response {
    let identity = format!("{} {}", message.call.entry.key, message.username);
    let caller = McpCaller { message: Arc::new(Mutex::new(Some(message))), identity };
    let mut request = Request::from_parts(head, Full::new(body));
    request.extensions_mut().insert(caller.clone());
    let answered = reply(service.handle(request).await).await;
    let Some(message) = caller.message.lock().await.take() else {
        return ApiReply::unexpected("").into_response("");
    };
    let McpMessage { call, end, .. } = message;
    match end {
        None => call.write_and_answer(answered).await,
        // The audit log has the end of the command, the client the result of the tool.
        Some(MessageEnd { reply, is_written }) => {
            let reply = ApiReply { status: answered.status, body: answered.body, ..reply };
            if is_written { call.answer_written(reply) } else { call.write_and_answer(reply).await }
        }
    }
}

/// The answer of the protocol's server as a reply of the host.
async fn reply(response: Response<BoxBody<Bytes, Infallible>>) -> ApiReply {
    let (head, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    let body = body.to_bytes();
    let is_json = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if head.status.is_success() {
        return ApiReply::body(head.status, body);
    }
    let said = String::from_utf8_lossy(&body).into_owned();
    if is_json {
        return ApiReply { accepted: false, reason: said, ..ApiReply::body(head.status, body) };
    }
    let text = match head.status {
        StatusCode::FORBIDDEN if said.contains("Origin") => {
            "Calls of this web page are refused. The operator lists web pages in mcp.allowed-origins.".to_owned()
        }
        StatusCode::FORBIDDEN => {
            "The header Host has no accepted value. The operator lists the host's names in mcp.allowed-hosts."
                .to_owned()
        }
        _ => said,
    };
    ApiReply::error(head.status, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_log_names_the_method_and_the_tool() {
        for (body, expected) in [
            (r#"{"method": "tools/list"}"#, Some("tools/list")),
            (r#"{"method": "tools/call", "params": {"name": "connections"}}"#, Some("tools/call connections")),
            (r#"{"method": "tools/call", "params": {"name": 5}}"#, Some("tools/call")),
            (r#"{"method": "tools/call", "params": []}"#, Some("tools/call")),
            (r#"{"method": "ping", "params": {"name": "x"}}"#, Some("ping")),
            (r#"[{"method": "ping"}]"#, None),
            (r#"{"id": 1, "result": {}}"#, None),
        ] {
            assert_eq!(method_of(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_client_that_accepts_all_is_answered_and_one_without_a_key_is_told_the_scheme() {
        let both = "application/json, text/event-stream";
        for (accepted, expected) in [("text/html, */*", both), ("text/html", "text/html")] {
            let mut headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accepted))]);
            accept_both(&mut headers);
            assert_eq!(headers[header::ACCEPT], expected);
        }
        let response = |status| with_scheme(ApiReply::error(status, "").into_response(""));
        assert_eq!(response(StatusCode::UNAUTHORIZED).headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert!(!response(StatusCode::FORBIDDEN).headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
