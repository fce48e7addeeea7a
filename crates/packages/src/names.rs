//! Names in the forms that programs take.

use soar_connector::name::normalised;

/// `list-devices` of List Devices.
pub(crate) fn kebab(name: &str) -> String {
    normalised(name)
}

/// `list_devices` of List Devices.
pub(crate) fn snake(name: &str) -> String {
    kebab(name).replace('-', "_")
}

/// `ListDevices` of List Devices.
pub(crate) fn pascal(name: &str) -> String {
    name.split_whitespace().collect()
}
