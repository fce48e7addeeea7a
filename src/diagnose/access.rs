//! One row per command: whether the account may run it, and how that was found out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use soar_connector::{Access, Command, CommandAccess, Manifest, ReplyPage, StatusCode, sentence};

use super::deadline::Deadline;
use super::stages::LoggedInAccount;
use crate::commands::{Probe, probe_of};
use crate::session::{Call, ProbeReply};
use crate::vendor::{Endpoint, Failure, permission_of_role};

const REFUSED: [u16; 2] = [401, 403];
/// There is no such object, or none with such data: the account was let in all the same.
const LET_IN: [u16; 2] = [404, 501];
/// The type of an agent's device, as JSON: a type that is something else is not parsed.
const AGENT: &str = r#""AgentDevice""#;
const OUT_OF_TIME: &str = "Not tried: the time limit was over.";

/// The rows of all commands, in the manifest's order; `account` is `None` when no user could be logged in.
pub(super) async fn of_commands(
    call: &mut Call<'_>,
    manifest: &Manifest,
    account: Option<&LoggedInAccount>,
    deadline: &Deadline,
) -> Vec<CommandAccess> {
    let Some(account) = account else {
        let why = "Not tried, because no user could be logged in.";
        return manifest.commands.iter().map(|command| CommandAccess::skipped(command, why)).collect();
    };
    let mut survey = Survey { call, manifest, account, deadline, lists: BTreeMap::new() };
    // Lists come first: the others take ids from them.
    for command in &manifest.commands {
        if let Some(Probe::Ask(endpoint)) = probe_of(manifest, command) {
            let asked = survey.ask(command, &*endpoint, None).await;
            survey.lists.insert(&command.name, asked);
        }
    }
    survey.doubt_missing();
    let mut rows = Vec::with_capacity(manifest.commands.len());
    for command in &manifest.commands {
        rows.push(survey.row(command).await);
    }
    rows
}

/// A command's row, and the page that it was answered with.
struct ListAnswer {
    row: CommandAccess,
    page: Option<ReplyPage>,
}

struct Survey<'a, 'b> {
    call: &'a mut Call<'b>,
    manifest: &'a Manifest,
    account: &'a LoggedInAccount,
    deadline: &'a Deadline,
    lists: BTreeMap<&'a str, ListAnswer>,
}

impl Survey<'_, '_> {
    async fn row(&mut self, command: &Command) -> CommandAccess {
        if let Some(asked) = self.lists.get(command.name.as_str()) {
            return asked.row.clone();
        }
        match probe_of(self.manifest, command) {
            Some(Probe::Role) => self.by_role(command),
            Some(Probe::HealthCheck) => {
                let health = self.account.health.clone();
                let row =
                    self.judge(command, health.map(|()| (200, "The stages above are this command.".into())), None);
                CommandAccess { latency: Some(self.account.latency), ..row }
            }
            Some(Probe::About { list, of_agents, endpoint }) => match self.id_from(list, of_agents, command) {
                Ok(id) => self.ask(command, &*endpoint(id), Some(id)).await.row,
                Err(row) => *row,
            },
            Some(Probe::Ask(_)) | None => CommandAccess::skipped(command, "Nothing is known to try it with."),
        }
    }

    /// If only List Tenants answers, a proxy probably hides the API. The missing commands then count as failed.
    fn doubt_missing(&mut self) {
        let answers =
            |(name, asked): (&&str, &ListAnswer)| *name != "List Tenants" && asked.row.access == Access::Allowed;
        if !self.lists.iter().any(answers) {
            let rows = self.lists.values_mut().map(|asked| &mut asked.row);
            rows.filter(|row| row.access == Access::Missing).for_each(|row| row.access = Access::Failed);
        }
    }

    /// Sends the smallest request of `endpoint`, which is about the object `id` if there is one.
    async fn ask(&mut self, command: &Command, endpoint: &dyn Endpoint, id: Option<i64>) -> ListAnswer {
        if self.deadline.share().is_none() {
            return ListAnswer { row: CommandAccess::skipped(command, OUT_OF_TIME), page: None };
        }
        let (answer, latency) = self.deadline.hold(self.call.probe(endpoint)).await;
        let (result, page) = match answer {
            Ok(answer) => (Ok((answer.status, seen(&answer))), Some(answer.page)),
            Err(failure) => (Err(failure), None),
        };
        let row = self.judge(command, result, id);
        ListAnswer { row: CommandAccess { latency: Some(latency), ..row }, page }
    }

    /// Decides from an answer whether the account may run the command.
    fn judge(&self, command: &Command, result: Result<(u16, String), Failure>, id: Option<i64>) -> CommandAccess {
        let untried = CommandAccess::skipped(command, "");
        let failure = match result {
            Ok((status, detail)) => {
                let status_code = StatusCode(Some(status));
                return CommandAccess { access: Access::Allowed, status_code, detail, ..untried };
            }
            Err(failure) => failure,
        };
        let status_code = StatusCode(failure.status);
        if let Some(id) = id.filter(|_| failure.has_status(&LET_IN)) {
            let detail = format!("It may be run. There was nothing to read of {id}: {}", failure.message);
            return CommandAccess { access: Access::Allowed, status_code, detail: sentence(&detail), ..untried };
        }
        let error = self.manifest.error_tab(Some(command), failure.clone());
        let (access, detail) = if failure.has_status(&REFUSED) {
            (Access::Denied, format!("{} It takes {}; {}.", error.message, one_of(command), self.role()))
        } else if failure.has_status(&[404]) {
            (
                Access::Missing,
                format!("The instance does not have this list; its version may lack it: {}", error.message),
            )
        } else {
            (Access::Failed, error.message.clone())
        };
        CommandAccess { access, status_code, detail: sentence(&detail), error: Some(error), ..untried }
    }

    /// Decides from the account's role whether it may run a command that is never tried.
    fn by_role(&self, command: &Command) -> CommandAccess {
        let untried = CommandAccess::skipped(command, "");
        let Some(role) = &self.account.role else {
            let why = "Not tried, because it changes something; the server names no role to infer it from.";
            return CommandAccess::skipped(command, why);
        };
        let permission = permission_of_role(role);
        if permission.is_some_and(|permission| command.permissions.iter().any(|one| one == permission)) {
            let detail =
                sentence(&format!("Inferred from role {role} ({}); not tried", permission.unwrap_or_default()));
            return CommandAccess { access: Access::Allowed, inferred: true, detail, ..untried };
        }
        let detail = sentence(&format!("Inferred from role {role}; not tried. It takes {}", one_of(command)));
        self.inferred_denied(command, detail)
    }

    /// An id that a list has shown; else the row that says why no id is known.
    fn id_from(&self, list: &str, of_agents: bool, command: &Command) -> Result<i64, Box<CommandAccess>> {
        let skipped = |why: &str| Err(Box::new(CommandAccess::skipped(command, why)));
        let Some(asked) = self.lists.get(list) else {
            return skipped("Nothing is known to try it with.");
        };
        match (&asked.page, asked.row.access) {
            (Some(page), _) => match id_in(page, of_agents) {
                Some(id) => Ok(id),
                None => skipped(&format!("Not tried: {list} shows nothing to try it with.")),
            },
            (None, Access::Denied) if asked.row.permissions == command.permissions => {
                let detail =
                    format!("Inferred from {list}, which is denied and takes the same permission; {}", self.role());
                Err(Box::new(self.inferred_denied(command, sentence(&detail))))
            }
            (None, Access::Missing) => skipped(&format!("Not tried: it takes an id from {list}, which is not there.")),
            (None, access) => skipped(&format!("Not tried: it takes an id from {list}, which is {access:?}.")),
        }
    }

    fn inferred_denied(&self, command: &Command, detail: String) -> CommandAccess {
        let failure = Failure::new("not-permitted", detail.clone());
        let error = self.manifest.error_tab(Some(command), failure);
        let untried = CommandAccess::skipped(command, detail);
        CommandAccess { access: Access::Denied, inferred: true, error: Some(error), ..untried }
    }

    /// The account's role in the vendor's word and the documentation's.
    fn role(&self) -> String {
        match self.account.role.as_deref().map(|role| (role, permission_of_role(role))) {
            None => "the server names no role of the account".to_owned(),
            Some((role, None)) => format!("the account's role is {role}"),
            Some((role, Some(permission))) => format!("the account's role is {role} ({permission})"),
        }
    }
}

/// The permissions of a command, any of which is enough.
fn one_of(command: &Command) -> String {
    format!("one of the permissions {}", command.permissions.join(", "))
}

/// The answer in words.
fn seen(answer: &ProbeReply) -> String {
    match (answer.page.len(), answer.total_rows) {
        (0, _) => "It answers; there is nothing to read.".to_owned(),
        (1, None) => "It answers with 1 row.".to_owned(),
        (rows, None) => format!("It answers with {rows} rows."),
        (rows, Some(total)) => format!("It answers with {rows} of {total} rows."),
    }
}

/// The id of a row; of an agent's device where the page shows one, if that is preferred.
fn id_in(page: &ReplyPage, of_agents: bool) -> Option<i64> {
    #[derive(Deserialize)]
    struct TypedRow<'a> {
        id: i64,
        #[serde(borrow, rename = "type")]
        kind: Option<&'a RawValue>,
    }
    let rows: Vec<TypedRow<'_>> = page.rows().filter_map(|row| serde_json::from_str(row).ok()).collect();
    let agent = rows.iter().find(|row| of_agents && row.kind.is_some_and(|kind| kind.get() == AGENT));
    agent.or(rows.first()).map(|row| row.id)
}
