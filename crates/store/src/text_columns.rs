//! Enums of the model as text columns.

use sqlx::any::{AnyTypeInfo, AnyValueRef};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, Database, Decode, Encode, Type};

use crate::model::{
    AlertReason, Destination, FieldKind, FindingChangeKind, GoneReason, HealthState, HeldStatus, KeyKind, MasterState,
    Role, RunStatus, ScheduleKind, ScheduleRunStatus, Severity, SignInMethod, SiteKind, SnapshotStatus, Status,
    Surface, SyncChange, TenantState, Theme,
};

/// Columns that hold a value as the text that `Display` writes.
macro_rules! text_columns {
    ($($name:ty),+ $(,)?) => {$(
        impl Type<Any> for $name {
            fn type_info() -> AnyTypeInfo {
                <String as Type<Any>>::type_info()
            }
        }

        impl<'r> Decode<'r, Any> for $name {
            fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<&str as Decode<Any>>::decode(value)?.parse()?)
            }
        }

        impl<'q> Encode<'q, Any> for $name {
            fn encode_by_ref(&self, buffer: &mut <Any as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                Encode::<Any>::encode(self.to_string(), buffer)
            }
        }
    )+};
}

text_columns!(
    AlertReason,
    Destination,
    FieldKind,
    FindingChangeKind,
    GoneReason,
    HealthState,
    HeldStatus,
    KeyKind,
    MasterState,
    Role,
    RunStatus,
    ScheduleKind,
    ScheduleRunStatus,
    Severity,
    SignInMethod,
    SiteKind,
    SnapshotStatus,
    Status,
    Surface,
    SyncChange,
    TenantState,
    Theme,
);
