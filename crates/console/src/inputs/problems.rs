//! The problems of parameters, at the fields of their inputs.

use soar_connector::manifest::Command;
use soar_connector::name::normalised;
use soar_connector::{ParameterProblem, ParameterProblems};

use super::field::{name_of, name_within};
use crate::visit::Form;

/// Notes the problems of parameters at their fields.
pub(crate) fn place_problems(form: &mut Form, command: &Command, problems: &ParameterProblems) {
    for problem in problems.described() {
        let (ParameterProblem::Unknown { name, .. }
        | ParameterProblem::Missing { name, .. }
        | ParameterProblem::Invalid { name, .. }) = problem;
        let (outer, inner) = name.split_once('.').map_or((name.as_str(), None), |(outer, inner)| (outer, Some(inner)));
        let Some(input) = command.input(outer) else {
            form.refuse(problem.to_string());
            continue;
        };
        let own = name_of(input);
        let inner = inner.and_then(|inner| input.fields.iter().find(|one| normalised(&one.name) == normalised(inner)));
        let inner = inner.map(|inner| name_within(&own, inner)).filter(|inner| !form.text(inner).is_empty());
        form.wrong(&inner.unwrap_or(own), problem.to_string());
    }
    if problems.more() > 0 {
        form.refuse(format!("There are {} more problems.", problems.more()));
    }
}
