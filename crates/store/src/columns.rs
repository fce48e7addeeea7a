//! Columns that hold values of the model in another form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sqlx::any::{AnyTypeInfo, AnyValueRef};
use sqlx::error::BoxDynError;
use sqlx::{Any, Decode, Type, ValueRef as _};

/// A column that holds 1 for true and 0 for false on both engines, since SQLite has no booleans.
#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub struct Flag(i64);

impl From<Flag> for bool {
    fn from(flag: Flag) -> Self {
        flag.0 == 1
    }
}

/// A text column that holds JSON.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T> Type<Any> for Json<T> {
    fn type_info() -> AnyTypeInfo {
        <String as Type<Any>>::type_info()
    }
}

impl<'r, T: DeserializeOwned> Decode<'r, Any> for Json<T> {
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(<&str as Decode<Any>>::decode(value)?)?))
    }
}

impl From<Json<Box<RawValue>>> for Box<RawValue> {
    fn from(json: Json<Self>) -> Self {
        json.0
    }
}

/// A column that may be NULL, for conversions that `Option` cannot have.
#[derive(Debug)]
pub struct Maybe<T>(Option<T>);

impl<T: Type<Any>> Type<Any> for Maybe<T> {
    fn type_info() -> AnyTypeInfo {
        T::type_info()
    }

    fn compatible(found: &AnyTypeInfo) -> bool {
        T::compatible(found)
    }
}

impl<'r, T: Decode<'r, Any>> Decode<'r, Any> for Maybe<T> {
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() { Ok(Self(None)) } else { Ok(Self(Some(T::decode(value)?))) }
    }
}

impl<T> From<Maybe<Json<T>>> for Option<T> {
    fn from(column: Maybe<Json<T>>) -> Self {
        column.0.map(|json| json.0)
    }
}

impl From<Maybe<Sealed>> for Option<Vec<u8>> {
    fn from(column: Maybe<Sealed>) -> Self {
        column.0.map(|sealed| sealed.0)
    }
}

/// `value` as a text column that holds JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
}

/// A text column that holds sealed bytes in base64.
#[derive(Debug)]
pub struct Sealed(Vec<u8>);

impl Type<Any> for Sealed {
    fn type_info() -> AnyTypeInfo {
        <String as Type<Any>>::type_info()
    }
}

impl<'r> Decode<'r, Any> for Sealed {
    fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
        decoded(<&str as Decode<Any>>::decode(value)?).map(Self).map_err(Into::into)
    }
}

impl From<Sealed> for Vec<u8> {
    fn from(sealed: Sealed) -> Self {
        sealed.0
    }
}

/// The sealed bytes that a text column holds.
pub(crate) fn decoded(text: &str) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text).map_err(|_| NotBase64)
}

/// A column of a sealed secret holds text that is not base64. The text itself is not in the error.
#[derive(Debug, thiserror::Error)]
#[error("a sealed secret that is not base64")]
pub(crate) struct NotBase64;

/// Sealed bytes as a text column holds them.
pub(crate) fn encoded(sealed: &[u8]) -> String {
    STANDARD.encode(sealed)
}
