//! Secrets from the output of a declared program, such as a vault's client.

use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use soar_connector::Redactor;
use soar_connector::name::quoted;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tracing::warn;

use super::{Environment, LARGEST_SECRET, VaultCommand, too_long};

/// The most bytes of the program's error output in the log.
const LONGEST_COMPLAINT: usize = 2_000;

/// The output of the program.
pub(super) async fn run(name: &str, command: &VaultCommand, environment: &Environment) -> Result<Vec<u8>, String> {
    if !command.program.is_absolute() {
        return Err("cannot be fetched: its program is no absolute path in the host's settings.".to_owned());
    }
    let mut secrets = Redactor::default();
    let mut starting = tokio::process::Command::new(&command.program);
    starting.args(&command.arguments).env_clear().envs(&command.environment);
    for value in command.environment.values().chain(&command.arguments) {
        secrets.add(&SecretString::from(value.as_str()));
    }
    for variable in &command.inherit {
        if let Some(value) = environment(variable) {
            if let Some(text) = value.to_str() {
                secrets.add(&SecretString::from(text));
            }
            starting.env(variable, value);
        }
    }
    starting.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = starting.spawn().map_err(|error| {
        warn!(command = name, %error, "a vault command did not start");
        "cannot be fetched: its program does not start. The host's log has the cause.".to_owned()
    })?;
    let (output, complaint) = (process.stdout.take(), process.stderr.take());
    let ended = async {
        let (output, complaint) =
            tokio::join!(read(output, LARGEST_SECRET + 1), read_all(complaint, LONGEST_COMPLAINT));
        // The rest of a longer output is not read, so the program could block for ever.
        let status = if output.len() > LARGEST_SECRET { None } else { process.wait().await.ok() };
        (status, output, complaint)
    };
    let limit = Duration::from_secs(command.time_limit_seconds.max(1));
    let Ok((status, output, complaint)) = tokio::time::timeout(limit, ended).await else {
        warn!(command = name, seconds = limit.as_secs(), "a vault command took too long");
        return Err(format!("was not printed within the timeout of {} s.", limit.as_secs()));
    };
    if output.len() > LARGEST_SECRET {
        return Err(too_long());
    }
    match status {
        Some(status) if status.success() => Ok(output),
        status => {
            // The output before the failure may contain the secret, and the error output may repeat it.
            for word in String::from_utf8_lossy(&output).split_whitespace() {
                secrets.add(&SecretString::from(word));
            }
            let complaint = String::from_utf8_lossy(&complaint).into_owned();
            let complaint = quoted(&secrets.clean(&complaint)).to_owned();
            warn!(command = name, status = status.map(tracing::field::display), complaint, "a vault command failed");
            Err("cannot be fetched: its command failed. The host's log has the cause.".to_owned())
        }
    }
}

/// Reads up to `limit` bytes.
async fn read(from: Option<impl AsyncRead + Unpin>, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // A broken pipe ends the output. The exit status shows whether the program failed.
        let _ = from.take(limit as u64).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Reads to the end and keeps the first `limit` bytes, so that the program does not block on its error output.
async fn read_all(from: Option<impl AsyncRead + Unpin>, limit: usize) -> Vec<u8> {
    let Some(mut from) = from else { return Vec::new() };
    let bytes = read(Some(&mut from), limit).await;
    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    bytes
}
