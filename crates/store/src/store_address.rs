//! The address of a store: the path of an SQLite file, or the address of a PostgreSQL server.

use crate::StoreError;

/// Whether an address is that of a server.
pub(super) fn is_server(address: &str) -> bool {
    address.starts_with("postgres:") || address.starts_with("postgresql:")
}

/// The path of an SQLite file in its address.
///
/// # Errors
/// [`StoreError::Address`] when the address has another scheme or no path.
pub(super) fn checked_file(address: &str) -> Result<&str, StoreError> {
    let path = address.strip_prefix("sqlite:").unwrap_or(address);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(":memory:") || path.contains("://") {
        return Err(StoreError::Address(
            "The store's address is not valid: expected the path of an SQLite file, or postgres://user:password@host/database."
                .to_owned(),
        ));
    }
    Ok(path)
}

/// The address of an SQLite file, without parameters.
pub(super) fn file_address(path: &str) -> String {
    format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
}

/// The path of an existing SQLite file.
///
/// # Errors
/// [`StoreError::Address`], as of [`checked_file`], and when the file is missing or empty.
pub(super) fn existing_file(address: &str) -> Result<&str, StoreError> {
    let path = checked_file(address)?;
    if std::fs::metadata(path).map_or(0, |metadata| metadata.len()) == 0 {
        return Err(StoreError::Address(format!(
            "The store's file {path} is missing or empty. Restore its last backup with `footprint restore FILE`."
        )));
    }
    Ok(path)
}
