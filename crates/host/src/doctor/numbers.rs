//! Finds numbers of incidents and cases that commands with lists of numbers cannot name. Earlier versions accepted them.

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_store::model::checked_number;
use soar_store::{NumberKind, StoreError};

use super::{DoctorCheck, DoctorFinding, Examined};

/// The most findings for single numbers of a kind. Further numbers are counted in one finding.
const MOST_SHOWN: usize = 20;

/// The check of numbers.
pub(super) struct NumbersCheck;

#[async_trait]
impl DoctorCheck for NumbersCheck {
    fn name(&self) -> &'static str {
        "numbers"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let mut reader = instance.store.reader().await?;
        let mut records = reader.records();
        let incidents = records.all_numbers(NumberKind::Incident).await?;
        let cases = records.all_numbers(NumberKind::Case).await?;
        Ok([findings("incident", &incidents), findings("case", &cases)].concat())
    }
}

fn findings(what: &'static str, numbers: &[String]) -> Vec<DoctorFinding> {
    let broken = numbers.iter().filter(|number| checked_number(number).as_ref() != Ok(*number));
    let mut found: Vec<_> = broken.clone().take(MOST_SHOWN).map(|number| finding(what, number)).collect();
    let more = broken.skip(MOST_SHOWN).count();
    if more > 0 {
        found.push(DoctorFinding {
            problem: format!("{more} more {what}s have such numbers."),
            place: format!("all {what}s"),
            ..finding(what, "")
        });
    }
    found
}

fn finding(what: &str, number: &str) -> DoctorFinding {
    DoctorFinding {
        check: NumbersCheck.name(),
        problem: "The number contains blanks, commas or invisible characters. Commands that take a list of numbers do \
                  not find it."
            .to_owned(),
        place: format!("{what} {}", quoted(number)),
        cure: format!(
            "Write the {what}s to a file with `footprint {what} export`. Give this {what} another number in the file, and \
             import the row."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_list_can_name_are_found_and_the_many_are_counted() {
        let numbers = ["20210127-198", "WS-1 ", "a b", "a,b", "a\u{ad}b"].map(str::to_owned);
        let places: Vec<_> = findings("incident", &numbers).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places.len(), 4, "{places:?}");
        assert_eq!(places[0], r#"incident "WS-1 ""#);
        let many: Vec<_> = (0..30).map(|number| format!("{number} ")).collect();
        let found = findings("case", &many);
        assert_eq!((found.len(), found[20].problem.as_str()), (21, "10 more cases have such numbers."));
    }
}
