//! Plans: what a bulk command would change, and whether that is still so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::Caller;

/// What a command would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The command's name.
    pub command: String,
    /// What would become of each item, in the order of the input.
    pub items: Vec<PlannedItem>,
    /// Stands for all that the plan rests on; shown again to apply the plan.
    pub fingerprint: String,
}

/// What would become of one item. With neither changes nor an error it is already as the command would make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedItem {
    /// Its number.
    pub item: String,
    /// What would change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Why it would fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What would become of one field of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field's name, such as `Status`.
    pub field: String,
    /// What it holds now.
    pub from: String,
    /// What it would hold.
    pub to: String,
}

impl FieldChange {
    pub(super) fn new(field: &str, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { field: field.to_owned(), from: from.into(), to: to.into() }
    }
}

/// All that a decision rests on, item by item.
#[derive(Debug)]
pub(super) struct Ground {
    /// The parameters, the caller and what else the decision looked at; each with the words for it.
    common: [(&'static str, Digest); 3],
    items: Vec<(String, Digest)>,
}

/// Enough of a hash that a change goes unnoticed once in 2^48.
type Digest = [u8; 6];

const VERSION: u8 = 1;

/// How many names of what moved a refusal tells.
const MOST_NAMES: usize = 10;

fn digest(text: &str) -> Digest {
    let mut short = Digest::default();
    short.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..6]);
    short
}

impl Ground {
    /// `surroundings` and the texts of `items` say what the decision looked at; their form does not matter.
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
                ("who calls, or their rights", digest(&rights)),
                ("a site or user that the parameters name", digest(surroundings)),
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

    /// That the ground has moved since `fingerprint` was made, if so, and what moved.
    pub(super) fn moved_since(&self, fingerprint: &str) -> Option<String> {
        let fingerprint = fingerprint.trim();
        if self.fingerprint() == fingerprint {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(fingerprint).unwrap_or_default();
        let digests = match bytes.split_first() {
            Some((&VERSION, digests)) if digests.len() % 6 == 0 && digests.len() >= 18 => digests,
            _ => {
                return Some("This is no plan's fingerprint. Make the plan again and show its fingerprint.".to_owned());
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
        Some(format!(
            "The ground has moved since the plan was made: {moved}{more}. Nothing was done. Make the plan again."
        ))
    }
}
