//! Finds stored names that break the current rule: names that count as equal, and names with invisible characters.

use std::collections::HashMap;

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_store::model::name::{name_key, unseen};
use soar_store::{NamedThing, StoreError};

use super::{DoctorCheck, DoctorFinding, Examined};

/// The check of names.
pub(super) struct NamesCheck;

#[async_trait]
impl DoctorCheck for NamesCheck {
    fn name(&self) -> &'static str {
        "names"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let named = instance.store.reader().await?.records().named_things().await?;
        Ok(findings(&named))
    }
}

fn findings(named: &[NamedThing]) -> Vec<DoctorFinding> {
    let mut found = Vec::new();
    let mut known: HashMap<(&str, &str, String), &NamedThing> = HashMap::new();
    for thing in named {
        if let Some(character) = unseen(&thing.name) {
            found.push(DoctorFinding {
                check: NamesCheck.name(),
                problem: format!("The name contains the character U+{:04X}, which is invisible.", u32::from(character)),
                place: place(thing),
                cure: cure(thing, "Choose a name without that character"),
            });
        }
        let key = (thing.kind.as_str(), thing.scope.as_str(), name_key(&thing.name));
        if let Some(first) = known.get(&key) {
            found.push(DoctorFinding {
                check: NamesCheck.name(),
                problem: format!(
                    "The name looks the same as the name of another {}: {} and {}.",
                    thing.kind,
                    spelled(&first.name),
                    spelled(&thing.name)
                ),
                place: place(thing),
                cure: cure(thing, "Give one of the two another name"),
            });
        } else {
            known.insert(key, thing);
        }
    }
    found
}

fn place(thing: &NamedThing) -> String {
    let NamedThing { kind, scope, name } = thing;
    let scope = if scope.is_empty() { String::new() } else { format!(" ({scope})") };
    format!("{kind} {}{scope}", quoted(name))
}

/// The command that gives the object another name.
fn cure(thing: &NamedThing, advice: &str) -> String {
    match thing.kind.as_str() {
        kind @ ("site" | "user" | "connection" | "schedule") => {
            format!("{advice}: `footprint {kind} change {} --name NEW`.", spelled(&thing.name))
        }
        "key" => format!("{advice}: revoke the key with `footprint key revoke`, and make another one."),
        "tenant" => format!("{advice}: remove the tenant, and add and register it again."),
        kind => format!("{advice} in the settings of the {kind}."),
    }
}

/// The name with escapes for characters beyond ASCII, so that names that look the same can be distinguished and typed.
fn spelled(name: &str) -> String {
    let mut text = String::from("$'");
    for character in name.chars() {
        match character {
            '\'' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            '\0'..='\u{ffff}' => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => text.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(kind: &str, scope: &str, name: &str) -> NamedThing {
        NamedThing { kind: kind.to_owned(), scope: scope.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn names_that_look_the_same_are_found_within_their_scope_only() {
        let found = findings(&[
            thing("user", "", "Zo\u{eb}"),
            thing("user", "", "Zoe\u{308}"),
            thing("site", "", "Zo\u{eb}"),
            thing("schedule", "Acme", "Nightly"),
            thing("schedule", "Other", "nightly"),
        ]);
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            finding.problem,
            r"The name looks the same as the name of another user: $'Zo\u00eb' and $'Zoe\u0308'."
        );
        assert!(finding.cure.contains(r"`footprint user change $'Zoe\u0308' --name NEW`"), "{finding:?}");
    }

    #[test]
    fn a_character_that_is_not_seen_is_found_by_its_number() {
        let found = findings(&[thing("site", "", "Ac\u{ad}me"), thing("site", "", "Acme")]);
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert!(finding.problem.contains("U+00AD") && finding.place.starts_with("site"), "{finding:?}");
    }
}
