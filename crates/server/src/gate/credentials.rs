//! Reads the caller's credentials from the headers.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName};
use soar_host::access::{AuthenticationError, CallCredentials};

const API_KEY: HeaderName = HeaderName::from_static("d3key");
const TOKEN: HeaderName = HeaderName::from_static("d3jwt");

/// The API key or token in the headers.
pub(crate) fn read(headers: &HeaderMap) -> Result<CallCredentials<'_>, AuthenticationError> {
    match (one(headers, &API_KEY)?, one(headers, &TOKEN)?) {
        (None, None) => Err(AuthenticationError::Missing),
        (Some(_), Some(_)) => Err(AuthenticationError::Ambiguous),
        (Some(key), None) => Ok(CallCredentials::ApiKey(key)),
        (None, Some(token)) => Ok(CallCredentials::Token(token)),
    }
}

/// The same, and the API key in `Authorization: Bearer`, as clients of the Model Context Protocol send it.
pub(crate) fn read_with_bearer(headers: &HeaderMap) -> Result<CallCredentials<'_>, AuthenticationError> {
    let Some(value) = one(headers, &AUTHORIZATION)? else { return read(headers) };
    let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(AuthenticationError::Malformed("the header Authorization has another scheme than Bearer"));
    }
    match read(headers) {
        Err(AuthenticationError::Missing) => Ok(CallCredentials::ApiKey(key.trim())),
        _ => Err(AuthenticationError::Ambiguous),
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, AuthenticationError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| AuthenticationError::Malformed("it is not text")),
        _ => Err(AuthenticationError::Ambiguous),
    }
}
