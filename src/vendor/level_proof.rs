//! Proves from rows that a filter by risk level was obeyed: an instance that does not know the filter ignores it.

use serde_json::Value;
use soar_connector::{ReplyPage, RowReader, SinkError};

use super::{Failure, RiskLevel};

/// Watches the rows of a reply that was filtered by one risk level.
#[derive(Debug)]
pub(crate) struct LevelProof {
    level: RiskLevel,
    /// The members that a row can carry its level in.
    members: &'static [&'static str],
    reader: RowReader,
    /// The one number that rows carried in place of a word. No document says what the numbers mean.
    number: Option<String>,
    is_open: bool,
}

impl LevelProof {
    /// A watch over rows that carry their level in one of `members`; none where all levels were asked for.
    pub(super) fn new(level: Option<RiskLevel>, members: &'static [&'static str]) -> Option<Self> {
        let level = level.filter(|level| *level != RiskLevel::All)?;
        Some(Self { level, members, reader: RowReader::of_members(members), number: None, is_open: false })
    }

    /// Looks at the rows of a page.
    ///
    /// # Errors
    /// `filter-ignored` for a row of another level, and for two rows of different levels.
    pub(crate) fn look_at(&mut self, page: &ReplyPage) -> Result<(), Failure> {
        for row in page.rows() {
            match self.reader.read(row) {
                Ok(row) => self.look_at_row(&row)?,
                Err(SinkError::Full { .. } | SinkError::Output(_)) => self.is_open = true,
            }
        }
        Ok(())
    }

    fn look_at_row(&mut self, row: &Value) -> Result<(), Failure> {
        let values = || self.members.iter().filter_map(|name| row.get(*name));
        let word = values().filter_map(Value::as_str).find_map(RiskLevel::parse);
        if let Some(word) = word.filter(|word| *word != RiskLevel::All) {
            return if word == self.level { Ok(()) } else { Err(self.ignored(word.name())) };
        }
        self.is_open = true;
        let number = values().find_map(|value| match value {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) if text.trim().parse::<f64>().is_ok() => Some(text.trim().to_owned()),
            _ => None,
        });
        match (&self.number, number) {
            (Some(one), Some(other)) if *one != other => Err(self.ignored(&format!("{one}, and one of level {other}"))),
            (None, number) => {
                self.number = number;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn ignored(&self, found: &str) -> Failure {
        let level = self.level.name();
        let text = format!("Rows of risk level {level} were asked for, and one of level {found} came.");
        Failure::new("filter-ignored", text)
    }

    /// Why the filter may have been ignored, if rows came that do not prove the contrary.
    pub(crate) fn doubt(&self) -> Option<String> {
        let level = self.level.name();
        self.is_open.then(|| {
            format!("The rows do not prove that they are of risk level {level}: not each of them names its level.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prove(rows: &[&str]) -> Result<bool, &'static str> {
        let mut proof = LevelProof::new(Some(RiskLevel::Unknown), &["riskLevel", "state"]).unwrap();
        for row in rows {
            let page = ReplyPage::new((*row).to_owned(), std::iter::once(0..row.len()).collect());
            proof.look_at(&page).map_err(|failure| failure.code.unwrap_or_default())?;
        }
        Ok(proof.doubt().is_none())
    }

    #[test]
    fn words_prove_and_disprove_numbers_only_disprove() {
        assert_eq!(prove(&[]), Ok(true), "no row is of another level");
        assert_eq!(prove(&[r#"{"riskLevel":"unknown"}"#, r#"{"riskLevel":"Nonvisible","state":7}"#]), Ok(true));
        assert_eq!(prove(&[r#"{"riskLevel":"unknown"}"#, r#"{"riskLevel":"secure"}"#]), Err("filter-ignored"));
        assert_eq!(prove(&[r#"{"state":1}"#, r#"{"state":1}"#, r#"{"state":"1"}"#]), Ok(false));
        assert_eq!(prove(&[r#"{"state":1}"#, r#"{"state":2}"#]), Err("filter-ignored"));
        assert_eq!(prove(&[r#"{"riskLevel":3}"#, r#"{"riskLevel":"unknown"}"#]), Ok(false));
        assert_eq!(prove(&[r#"{"riskLevel":""}"#, r#"{"name":"x"}"#]), Ok(false), "no level at all");
    }

    #[test]
    fn all_levels_need_no_proof() {
        assert!(LevelProof::new(Some(RiskLevel::All), &[]).is_none() && LevelProof::new(None, &[]).is_none());
    }
}
