//! The arguments of a command's tool.

use std::sync::Arc;

use serde_json::{Map, Value};
use soar_connector::manifest::Input;
use soar_connector::name::{normalised, quoted};
use soar_connector::{Command, Invocation, ParameterProblem, RawParameters};

use crate::{CommandCall, Problem};

/// The parameters that a cursor takes the place of.
pub(crate) const PAGE: &str = "Page";
pub(crate) const ALL_PAGES: &str = "All Pages";

/// The tenant of the login. The command gets no tenant then.
pub(crate) const OWN: &str = "own";

/// The limits and the default of the size of a result in bytes.
const LEAST: usize = 2_000;
const MOST: usize = 500_000;
const USUAL: usize = 20_000;

/// The arguments that the tools of commands have beside the command's parameters.
pub(crate) const RESERVED: [&str; 6] = ["connection", "site", "tenant", "budget", "cursor", "plan"];

/// The arguments of one call.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) call: CommandCall,
    /// The tenant as it was given; null for a command without tenant.
    pub(crate) tenant: Value,
    pub(crate) budget: usize,
    /// Whether the client gets the content as text, since it knows no structured content.
    pub(crate) is_text: bool,
    pub(crate) cursor: Option<String>,
    pub(crate) plan: Option<String>,
}

/// Whether the command has this parameter.
pub(crate) fn takes(command: &Command, name: Option<&str>) -> bool {
    name.is_some_and(|name| command.input(name).is_some())
}

impl Arguments {
    /// Reads the arguments. `tenant_input` is the parameter that names the product's tenant.
    pub(crate) fn read(
        command: &Arc<Command>,
        tenant_input: Option<&str>,
        mut given: Map<String, Value>,
    ) -> Result<Self, Problem> {
        let connection = text(&mut given, "connection")?.ok_or_else(|| missing("connection"))?;
        let site = text(&mut given, "site")?.ok_or_else(|| missing("site"))?;
        let (cursor, plan) = (text(&mut given, "cursor")?, text(&mut given, "plan")?);
        let budget = match given.remove("budget") {
            None | Some(Value::Null) => USUAL,
            Some(value) => value
                .as_u64()
                .and_then(|bytes| usize::try_from(bytes).ok())
                .filter(|bytes| (LEAST..=MOST).contains(bytes))
                .ok_or_else(|| Problem::arguments(format!("budget: expected {LEAST} to {MOST} bytes.")))?,
        };
        let tenant = given.remove("tenant").unwrap_or_default();
        let mut parameters = RawParameters::from_iter(given);
        for name in [PAGE, ALL_PAGES] {
            let is_it = |given: &&String| normalised(given) == normalised(name);
            if command.input(name).is_some() && parameters.keys().find(is_it).is_some() {
                let text = format!("{} is not an argument of the tool. A cursor leads to the next rows.", quoted(name));
                return Err(Problem::arguments(text));
            }
        }
        match tenant_input.filter(|name| takes(command, Some(name))) {
            Some(input) => {
                if parameters.keys().any(|given| normalised(given) == normalised(input)) {
                    return Err(Problem::arguments(format!("{}: give it as tenant.", quoted(input))));
                }
                match &tenant {
                    Value::String(text) if text == OWN => {}
                    Value::Number(_) => drop(parameters.insert(input.to_owned(), tenant.clone())),
                    Value::Null => return Err(missing("tenant")),
                    _ => return Err(bad_tenant()),
                }
            }
            None if tenant.is_null() => {}
            None => return Err(Problem::arguments("tenant: the command takes none.")),
        }
        let names: Vec<_> = inputs(command, tenant_input).map(|input| normalised(&input.name)).collect();
        let is_tenant = |name: &str| tenant_input.is_some_and(|input| normalised(input) == normalised(name));
        if let Some(name) = parameters.keys().find(|name| !is_tenant(name) && !names.contains(&normalised(name))) {
            let problem = ParameterProblem::Unknown { name: name.clone(), valid: names };
            return Err(Problem::parameters(&problem.into()));
        }
        Invocation::parse(command, &parameters).map_err(|problems| {
            let is_about_tenant = |problem: &ParameterProblem| match problem {
                ParameterProblem::Invalid { name, .. } => is_tenant(name),
                _ => false,
            };
            if problems.described().iter().any(is_about_tenant) { bad_tenant() } else { Problem::parameters(&problems) }
        })?;
        let call = CommandCall { command: Arc::clone(command), connection, site, parameters };
        Ok(Self { call, tenant, budget, is_text: false, cursor, plan })
    }

    /// A hash of everything that decides what is done.
    pub(crate) fn fingerprint(&self, of: &str) -> String {
        let CommandCall { command, connection, site, parameters } = &self.call;
        // The order of the members is that of the call, so they are sorted.
        let parameters: std::collections::BTreeMap<_, _> =
            parameters.iter().map(|(name, value)| (normalised(name), value.to_string())).collect();
        let parts = serde_json::json!([of, command.name, connection, site, self.tenant, parameters]);
        blake3::hash(parts.to_string().as_bytes()).to_hex()[..16].to_owned()
    }
}

fn text(given: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    match given.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Problem::arguments(format!("{name}: expected text."))),
    }
}

/// The parameters that are arguments of the tool under their own names.
pub(crate) fn inputs<'a>(command: &'a Command, tenant_input: Option<&'a str>) -> impl Iterator<Item = &'a Input> {
    let hidden = [Some(PAGE), Some(ALL_PAGES), tenant_input];
    command
        .inputs
        .iter()
        .filter(move |input| !hidden.iter().flatten().any(|hidden| normalised(hidden) == normalised(&input.name)))
}

fn bad_tenant() -> Problem {
    Problem::arguments("tenant: expected the tenant's id, or \"own\".")
}

fn missing(name: &str) -> Problem {
    let code = "missing-parameter".to_owned();
    Problem { code, ..Problem::arguments(format!("{name} is required in each call.")) }
}
