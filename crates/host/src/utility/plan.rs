//! Plans: the changes that a bulk command would make, and a fingerprint of their basis.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::Caller;

/// The changes that a command would make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The command's name.
    pub command: String,
    /// The changes of each item, in the order of the input.
    pub items: Vec<PlannedItem>,
    /// The fingerprint of the plan's basis. Applying the plan needs it.
    pub fingerprint: String,
}

/// The planned changes of one item. An item without changes and without an error already has the wanted state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedItem {
    /// The item's number.
    pub item: String,
    /// The changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// The error that the item would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The change of one field of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field's name, such as `Status`.
    pub field: String,
    /// The present value.
    pub from: String,
    /// The value after the change.
    pub to: String,
}

impl FieldChange {
    pub(super) fn new(field: &str, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { field: field.to_owned(), from: from.into(), to: to.into() }
    }
}

/// The basis of a decision, item by item.
#[derive(Debug)]
pub(super) struct Ground {
    /// The digests of the parameters, the caller and the other input of the decision, each with its description.
    common: [(&'static str, Digest); 3],
    items: Vec<(String, Digest)>,
}

/// A truncated hash. It misses a change with a probability of 2^-48.
type Digest = [u8; 6];

const VERSION: u8 = 1;

/// The most changed items in an error.
const MOST_NAMES: usize = 10;

fn digest(text: &str) -> Digest {
    let mut short = Digest::default();
    short.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..6]);
    short
}

impl Ground {
    /// `surroundings` and the texts of `items` describe the input of the decision in any form.
    pub(super) fn new(
        command: &str,
        caller: &Caller,
        parameters: &Parameters,
        surroundings: &str,
        items: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let user = &caller.user;
        let Caller { roles, reach, .. } = caller;
        let rights = format!("{} {} {} {roles:?} {reach:?}", user.id, user.active, user.is_administrator);
        Self {
            common: [
                ("the command or its parameters", digest(&format!("{command} {parameters:?}"))),
                ("the caller or its rights", digest(&rights)),
                ("a site or user in the parameters", digest(surroundings)),
            ],
            items: items.map(|(name, ground)| (name, digest(&ground))).collect(),
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        let mut bytes = vec![VERSION];
        for (_, digest) in &self.common {
            bytes.extend(digest);
        }
        for (_, digest) in &self.items {
            bytes.extend(digest);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The error for a basis that has changed since `fingerprint`; `None` where it is the same.
    pub(super) fn moved_since(&self, fingerprint: &str) -> Option<String> {
        let fingerprint = fingerprint.trim();
        if self.fingerprint() == fingerprint {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(fingerprint).unwrap_or_default();
        let digests = match bytes.split_first() {
            Some((&VERSION, digests)) if digests.len() % 6 == 0 && digests.len() >= 18 => digests,
            _ => {
                return Some(
                    "The fingerprint is not from a plan. Make the plan again and give its fingerprint.".to_owned(),
                );
            }
        };
        let mut then = digests.chunks_exact(6);
        let mut moved: Vec<String> = Vec::new();
        for (what, now) in &self.common {
            if then.next() != Some(now.as_slice()) {
                moved.push((*what).to_owned());
            }
        }
        if then.len() == self.items.len() {
            let items = self.items.iter().zip(then).filter(|((_, now), then)| now != then);
            moved.extend(items.map(|((name, _), _)| quoted(name)));
        }
        let more = moved.len().saturating_sub(MOST_NAMES);
        moved.truncate(MOST_NAMES);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let moved = moved.join(", ");
        Some(format!("The basis of the plan has changed: {moved}{more}. Nothing was done. Make the plan again."))
    }
}
