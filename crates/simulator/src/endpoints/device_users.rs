//! `GET /console/elements/device/{deviceId}/users/`: the accounts on an agent's device.

use serde::Serialize;

use super::{devices::find, network_connections::not_implemented};
use crate::{
    call::RoutedRequest,
    data::{
        odd::Oddities,
        random::{Topic, dice, one_of},
        words,
    },
    page::whole,
    reply::Reply,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceUser {
    account_type: &'static str,
    description: &'static str,
    disabled: &'static str,
    name: String,
    password_expires: &'static str,
}

/// An array; 501 for a server.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = find(call)?;
    if !device.is_agent() {
        return Err(not_implemented());
    }
    let rows = whole(call, 3 + (device.roll >> 5) % 4);
    Ok(Reply::array(rows.map(|row| {
        let index = device.id * 100 + row;
        let mut dice = dice(call.world.options.seed, call.tenant, Topic::DeviceUser, index);
        let odd = Oddities::of_row(call.world.options.oddities, dice.u64(..));
        let builtin = row == 0;
        let first = words::pick(words::FIRST_NAMES, dice.usize(..));
        let last = words::pick(words::LAST_NAMES, dice.usize(..));
        DeviceUser {
            account_type: one_of(&mut dice, &["Local", "Domain", "Domain"]),
            description: odd.text(1, if builtin { "Built-in account" } else { "None" }),
            disabled: if builtin { "True" } else { "False" },
            name: if builtin { "Administrator".to_owned() } else { format!("{first}.{last}").to_lowercase() },
            password_expires: one_of(&mut dice, &["True", "False"]),
        }
    })))
}
