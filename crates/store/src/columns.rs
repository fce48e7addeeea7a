//! Columns that hold values of the model in another form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sqlx::any::{AnyRow, AnyTypeInfo, AnyValueRef};
use sqlx::error::BoxDynError;
use sqlx::{Any, Decode, Row as _, Type, ValueRef as _};

/// Reads a type from a row: each field from the column of its name, or of the name after `=`. `as` names the type as
/// which the column is read first, and `..` a field that is read from the same row. sqlx's derive macro would do the same,
/// but it builds sqlx and its dependencies a second time, for the compiler.
macro_rules! from_row {
    ($name:ty: $(..$part:ident),+) => { from_row! { @impl $name, row: $($part: sqlx::FromRow::from_row(row)?,)+ } };
    ($name:ty: $($field:ident $(as $column:ty)? $(= $text:literal)?),+ $(, ..$part:ident)* $(,)?) => {
        from_row! { @impl $name, row:
            $($field: from_row!(@column row, $field $(as $column)? $(= $text)?),)+
            $($part: sqlx::FromRow::from_row(row)?,)*
        }
    };
    (@impl $name:ty, $row:ident: $($field:ident: $value:expr,)+) => {
        impl<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> for $name {
            fn from_row($row: &'r sqlx::any::AnyRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: $value),+ })
            }
        }
    };
    (@column $row:ident, $field:ident) => { sqlx::Row::try_get($row, stringify!($field))? };
    (@column $row:ident, $field:ident = $text:literal) => { sqlx::Row::try_get($row, $text)? };
    (@column $row:ident, $field:ident as $column:ty) => {
        $crate::columns::converted::<$column, _>($row, stringify!($field))?
    };
    (@column $row:ident, $field:ident as $column:ty = $text:literal) => {
        $crate::columns::converted::<$column, _>($row, $text)?
    };
}
pub(crate) use from_row;

/// The column `name`, read as a `C`.
pub(crate) fn converted<'r, C, T>(row: &'r AnyRow, name: &str) -> Result<T, sqlx::Error>
where
    C: Decode<'r, Any> + Type<Any>,
    T: TryFrom<C, Error: Into<BoxDynError>>,
{
    row.try_get::<C, _>(name)?
        .try_into()
        .map_err(|error: T::Error| sqlx::Error::ColumnDecode { index: name.to_owned(), source: error.into() })
}

/// Makes a type of one number transparent in the tables.
macro_rules! transparent_number {
    ($name:ty) => {
        impl sqlx::Type<sqlx::Any> for $name {
            fn type_info() -> sqlx::any::AnyTypeInfo {
                <i64 as sqlx::Type<sqlx::Any>>::type_info()
            }

            fn compatible(found: &sqlx::any::AnyTypeInfo) -> bool {
                <i64 as sqlx::Type<sqlx::Any>>::compatible(found)
            }
        }

        impl sqlx::Decode<'_, sqlx::Any> for $name {
            fn decode(value: sqlx::any::AnyValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
                <i64 as sqlx::Decode<sqlx::Any>>::decode(value).map(Self)
            }
        }

        impl sqlx::Encode<'_, sqlx::Any> for $name {
            fn encode_by_ref(
                &self,
                arguments: &mut <sqlx::Any as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <i64 as sqlx::Encode<sqlx::Any>>::encode_by_ref(&self.0, arguments)
            }
        }
    };
}
pub(crate) use transparent_number;

/// A column that holds 1 for true and 0 for false on both engines, since SQLite has no booleans.
#[derive(Debug, Clone, Copy)]
pub struct Flag(i64);

transparent_number!(Flag);

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
