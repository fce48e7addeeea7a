//! The rows of a findings source are findings, and a second list gives the same keys.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{Connector, ExecutionContext, FindingReader, Page, RawParameters, Sink, SinkError};

const RULE: &str = "findings have a device and a key, and keep them";

/// Keeps the keys of the findings, or the first problem.
struct Keys<'m> {
    reader: FindingReader<'m>,
    keys: BTreeSet<(String, Vec<String>)>,
    problem: Option<String>,
}

#[async_trait]
impl Sink for Keys<'_> {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        for row in page.rows() {
            match self.reader.read(row) {
                Ok((finding, key)) => _ = self.keys.insert((finding.device_id, key)),
                Err(problem) => _ = self.problem.get_or_insert_with(|| problem.to_string()),
            }
        }
        Ok(())
    }
}

/// Reads the findings twice with these parameters.
pub(super) async fn are_known_again(
    connector: &dyn Connector,
    parameters: RawParameters,
    report: &mut impl FnMut(&'static str, &str, String),
) {
    let manifest = connector.manifest();
    let Some(source) = &manifest.connector.findings else { return };
    let mut parameters = parameters;
    parameters.extend(source.parameters.clone());
    let mut lists = Vec::new();
    for _ in 0..2 {
        let Some(reader) = FindingReader::new(manifest) else { return };
        let Ok(invocation) = manifest.invocation(&source.command, &parameters) else {
            return report(
                RULE,
                &source.command,
                "the command refuses the parameters of the table findings".to_owned(),
            );
        };
        let mut keys = Keys { reader, keys: BTreeSet::new(), problem: None };
        let conclusion = connector.execute_into(&invocation, &ExecutionContext::new(), &mut keys).await;
        if let Some(problem) = keys.problem.or(conclusion.error.map(|error| error.to_string())) {
            return report(RULE, &source.command, problem);
        }
        lists.push(keys.keys);
    }
    if lists[0] != lists[1] {
        report(RULE, &source.command, "a second list of the same findings has other keys".to_owned());
    }
}
