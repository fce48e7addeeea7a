//! The rows of a findings source are findings, and two lists of the same findings have the same keys.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{Connector, ExecutionContext, FindingReader, RawParameters, ReplyPage, Sink, SinkError};

const RULE: &str = "findings have a device and a key, and keep them";

/// The most lists that are read. A scan under way may change the findings between two lists, but not each time.
const MOST_LISTS: usize = 5;

/// Keeps the keys of the findings, or the first problem.
struct KeyCollector {
    reader: FindingReader,
    keys: BTreeSet<(String, Vec<String>)>,
    problem: Option<String>,
}

#[async_trait]
impl Sink for KeyCollector {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        for row in page.rows() {
            match self.reader.read(row) {
                Ok((finding, key)) => _ = self.keys.insert((finding.device_id, key)),
                Err(problem) => _ = self.problem.get_or_insert_with(|| problem.to_string()),
            }
        }
        Ok(())
    }
}

/// Reads the findings with these parameters until two lists in a row have the same keys.
pub(super) async fn are_known_again(
    connector: &dyn Connector,
    parameters: RawParameters,
    report: &mut impl FnMut(&'static str, &str, String),
) {
    let manifest = connector.manifest();
    let Some(source) = &manifest.connector.findings else { return };
    let mut parameters = parameters;
    parameters.extend(source.parameters.clone());
    let mut last = None;
    for _ in 0..MOST_LISTS {
        let Some(reader) = FindingReader::new(manifest) else { return };
        let Ok(invocation) = manifest.invocation(&source.command, &parameters) else {
            return report(
                RULE,
                &source.command,
                "the command refuses the parameters of the table findings".to_owned(),
            );
        };
        let mut keys = KeyCollector { reader, keys: BTreeSet::new(), problem: None };
        let conclusion = connector.execute_into(&invocation, &ExecutionContext::new(), &mut keys).await;
        if let Some(problem) = keys.problem.or(conclusion.error.map(|error| error.to_string())) {
            return report(RULE, &source.command, problem);
        }
        if last.as_ref() == Some(&keys.keys) {
            return;
        }
        last = Some(keys.keys);
    }
    report(
        RULE,
        &source.command,
        format!("of {MOST_LISTS} lists of the same findings no two in a row have the same keys"),
    );
}
