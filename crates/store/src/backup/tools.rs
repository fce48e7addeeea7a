//! PostgreSQL's programs that make and restore backups. They get the address in environment variables, since every user
//! of the machine can read a command line.

use std::io::{self, ErrorKind};
use std::process::Stdio;

use percent_encoding::percent_decode_str;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use url::Url;

use super::BackupError;
use crate::StoreError;

/// libpq's environment variable for a parameter of an address.
fn variable(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "host" | "hostaddr" => "PGHOST",
        "port" => "PGPORT",
        "user" => "PGUSER",
        "password" => "PGPASSWORD",
        "dbname" => "PGDATABASE",
        "sslmode" | "ssl-mode" => "PGSSLMODE",
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
        "sslcert" | "ssl-cert" => "PGSSLCERT",
        "sslkey" | "ssl-key" => "PGSSLKEY",
        "options" => "PGOPTIONS",
        _ => return None,
    })
}

/// The environment variables that tell a program where the database at `address` is.
pub(super) fn environment(address: &str) -> Result<Vec<(&'static str, String)>, StoreError> {
    let invalid = || StoreError::Address("The store's address is not an address of a PostgreSQL database.".to_owned());
    let url = Url::parse(address).map_err(|_| invalid())?;
    let decoded =
        |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| invalid());
    let mut variables = vec![("PGAPPNAME", "footprint".to_owned())];
    if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
        // An IPv6 address stands in brackets.
        variables.push(("PGHOST", decoded(host.trim_matches(['[', ']']))?));
    }
    if let Some(port) = url.port() {
        variables.push(("PGPORT", port.to_string()));
    }
    if !url.username().is_empty() {
        variables.push(("PGUSER", decoded(url.username())?));
    }
    if let Some(password) = url.password() {
        variables.push(("PGPASSWORD", decoded(password)?));
    }
    let database = url.path().trim_start_matches('/');
    if !database.is_empty() {
        variables.push(("PGDATABASE", decoded(database)?));
    }
    // A later parameter wins, as in the address.
    for (parameter, value) in url.query_pairs() {
        if let Some(variable) = variable(&parameter) {
            variables.retain(|(name, _)| *name != variable);
            variables.push((variable, value.into_owned()));
        }
    }
    Ok(variables)
}

/// A program, ready to run.
pub(super) fn program(name: &'static str, environment: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(name);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

pub(super) fn start(name: &'static str, command: &mut Command) -> Result<Child, BackupError> {
    command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => BackupError::NoProgram(name),
        _ => BackupError::Program { program: name, said: error.to_string() },
    })
}

/// Waits for a program to end. Returns its standard output.
pub(super) async fn ended(name: &'static str, child: Child) -> Result<Vec<u8>, BackupError> {
    let output = child.wait_with_output().await;
    let output = output.map_err(|error| BackupError::Program { program: name, said: error.to_string() })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(BackupError::Program { program: name, said: if said.is_empty() { output.status.to_string() } else { said } })
}

/// Runs a program to its end. Returns its standard output.
pub(super) async fn run(name: &'static str, command: &mut Command) -> Result<Vec<u8>, BackupError> {
    ended(name, start(name, command)?).await
}

/// Writes `prelude`, the output of `source`, and `end` to `sink`. If `source` fails, `end` is not written.
pub(super) async fn pipe(
    prelude: &str,
    (source_name, source): (&'static str, &mut Command),
    end: &str,
    (sink_name, sink): (&'static str, &mut Command),
) -> Result<(), BackupError> {
    let mut from = start(source_name, source)?;
    let mut to = start(sink_name, sink.stdin(Stdio::piped()).stdout(Stdio::null()))?;
    let (output, input) = (from.stdout.take(), to.stdin.take());
    let handed = async {
        let (Some(mut output), Some(mut input)) = (output, input) else { return Ok(None) };
        let copied = async {
            input.write_all(prelude.as_bytes()).await?;
            tokio::io::copy(&mut output, &mut input).await?;
            drop(output);
            Ok::<_, io::Error>(input)
        };
        let (input, read) = tokio::join!(copied, from.wait_with_output());
        let (mut input, read) = (input?, read?);
        if !read.status.success() {
            return Ok(Some(String::from_utf8_lossy(&read.stderr).trim().to_owned()));
        }
        input.write_all(end.as_bytes()).await?;
        input.shutdown().await?;
        Ok::<_, io::Error>(None)
    };
    let (handed, sunk) = tokio::join!(handed, ended(sink_name, to));
    match (handed, sunk) {
        (Ok(Some(said)), _) => Err(BackupError::Program { program: source_name, said }),
        // A failed sink stops reading.
        (_, Err(error)) => Err(error),
        (Err(error), Ok(_)) => Err(BackupError::Program { program: sink_name, said: error.to_string() }),
        (Ok(None), Ok(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_the_address_in_its_environment() {
        let variables = environment(
            "postgres://soar%40x:p%20%22w@db.example.com:5433/foot%2Dprint?sslmode=verify-full&host=/run/postgresql&x=1",
        );
        let variables = variables.unwrap();
        let of = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(of("PGUSER"), Some("soar@x"));
        assert_eq!(of("PGPASSWORD"), Some("p \"w"));
        assert_eq!((of("PGHOST"), of("PGPORT")), (Some("/run/postgresql"), Some("5433")));
        assert_eq!((of("PGDATABASE"), of("PGSSLMODE")), (Some("foot-print"), Some("verify-full")));
        let variables = environment("postgresql://[::1]/x").unwrap();
        assert!(variables.contains(&("PGHOST", "::1".to_owned())), "{variables:?}");
    }

    #[tokio::test]
    async fn the_error_of_a_missing_program_names_its_package() {
        let error = run("pg_of_no_machine", &mut program("pg_of_no_machine", &[])).await.unwrap_err();
        assert!(error.to_string().contains("Debian's package postgresql-client"), "{error}");
    }
}
