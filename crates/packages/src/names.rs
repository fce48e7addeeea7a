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

/// `listDevices` of List Devices.
pub(crate) fn camel(name: &str) -> String {
    let mut words = kebab(name).split('-').map(str::to_owned).collect::<Vec<_>>();
    for word in words.iter_mut().skip(1) {
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
    }
    words.concat()
}
