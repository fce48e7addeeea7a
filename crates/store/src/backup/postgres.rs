//! Backups of a PostgreSQL database by `pg_dump`, in its custom format.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use sqlx::{AnyConnection, Connection as _};

use super::tools::{environment, pipe, program, run};
use super::{Backup, BackupError, POSTGRES_MIGRATIONS, Restored, begin_epoch, check_schema};
use crate::generation::beside;
use crate::model::{AuditEntry, SchemaVersion};
use crate::{Records, Store, StoreError};

/// The first bytes of every dump in the custom format.
const HEAD: &[u8] = b"PGDMP";

/// The table that lists the migrations of a database.
const MIGRATIONS: &str = "_sqlx_migrations";

pub(super) async fn back_up(store: &Store, address: &str, file: &Path) -> Result<Backup, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let environment = environment(address)?;
    let (schema, sealing_keys) = {
        let mut reader = store.reader().await?;
        let mut records = reader.records();
        (records.current_schema().await?, records.sealing_keys_in_use().await?)
    };
    let part = beside(file, ".part");
    let dumped = dump(&environment, &schema, &part).await;
    if dumped.is_err() {
        let _ = fs::remove_file(&part);
    }
    let (bytes, version) = dumped?;
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    fs::rename(&part, file).map_err(BackupError::written(file))?;
    Ok(Backup { bytes, schema: version, sealing_keys })
}

async fn dump(
    environment: &[(&'static str, String)],
    schema: &str,
    part: &Path,
) -> Result<(u64, SchemaVersion), BackupError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(part).map_err(BackupError::written(part))?;
    // Quotes keep pg_dump from reading the name as a pattern.
    let schema = format!("--schema=\"{}\"", schema.replace('"', "\"\""));
    let mut command = program("pg_dump", environment);
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=30s", &schema]);
    command.stdout(written.try_clone().map_err(BackupError::written(part))?);
    run("pg_dump", &mut command).await?;
    written.sync_all().map_err(BackupError::written(part))?;
    let bytes = written.metadata().map_err(BackupError::written(part))?.len();
    // pg_restore reads the whole backup here.
    let mut command = program("pg_restore", &[]);
    command.args(["--no-owner", "--file=/dev/null"]).arg(part);
    run("pg_restore", &mut command).await?;
    Ok((bytes, version_in(part).await?))
}

pub(super) async fn restore(address: &str, file: &Path, entry: &AuditEntry) -> Result<Restored, BackupError> {
    check_head(file)?;
    let environment = environment(address)?;
    let version = version_in(file).await?;
    check_schema(version, &POSTGRES_MIGRATIONS)?;
    let mut connection = AnyConnection::connect(address).await?;
    let used = users_of(&mut connection).await;
    let schema =
        sqlx::query_scalar::<_, String>("SELECT CAST(current_schema() AS TEXT)").fetch_one(&mut connection).await;
    connection.close().await?;
    if let Some(others) = used? {
        return Err(BackupError::InUse(others));
    }
    let schema = schema?;
    let mut script = program("pg_restore", &[]);
    script.args(["--no-owner", "--no-privileges", "--file=-", "--schema", &schema]).arg(file);
    let mut shell = program("psql", &environment);
    shell.args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"]);
    // One transaction: unless all of the backup is restored, the old tables stay.
    let prelude = format!(
        "BEGIN; SET LOCAL client_min_messages = warning; SET LOCAL lock_timeout = '30s';\n{}\n",
        drop_tables(&schema)
    );
    pipe(&prelude, ("pg_restore", &mut script), "\nCOMMIT;\n", ("psql", &mut shell)).await?;
    let (epoch, sealing_keys) = begin_epoch(address, entry).await?;
    Ok(Restored { schema: version, sealing_keys, replaced: None, epoch })
}

/// The other users of the database, if there are any.
async fn users_of(connection: &mut AnyConnection) -> Result<Option<String>, sqlx::Error> {
    let query = sqlx::query_scalar::<_, String>(
        "SELECT CAST(COALESCE(NULLIF(application_name, ''), 'a program without a name') || ' of user ' || usename AS TEXT)
         FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
         ORDER BY 1 LIMIT 20",
    );
    let mut others = query.fetch_all(connection).await?;
    let count = others.len();
    others.dedup();
    Ok((count > 0).then(|| format!("{} ({count} connections)", others.join(", "))))
}

/// SQL that drops all tables and functions that the migrations of this or an earlier version made. It also drops those
/// that the backup does not have.
fn drop_tables(schema: &str) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let mut dropped = vec![format!("DROP TABLE IF EXISTS {}.{MIGRATIONS} CASCADE;", quoted(schema))];
    for migration in POSTGRES_MIGRATIONS.iter() {
        let words: Vec<&str> = migration.sql.as_str().split_whitespace().collect();
        for made in words.windows(3) {
            let (kind, name) = match made {
                ["CREATE", kind @ ("TABLE" | "FUNCTION"), name] => (*kind, *name),
                _ => continue,
            };
            let name = name.split('(').next().unwrap_or_default();
            dropped.push(format!("DROP {kind} IF EXISTS {}.{} CASCADE;", quoted(schema), quoted(name)));
        }
    }
    dropped.join("\n")
}

fn check_head(file: &Path) -> Result<(), BackupError> {
    let mut head = [0; HEAD.len()];
    let mut opened = File::open(file).map_err(BackupError::read(file))?;
    match opened.read_exact(&mut head) {
        Ok(()) if head == HEAD => Ok(()),
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(BackupError::read(file)(error)),
        _ => Err(no_backup(file, "it is not a PostgreSQL dump in the custom format")),
    }
}

/// The version of the tables in a backup, read from its table of migrations.
async fn version_in(file: &Path) -> Result<SchemaVersion, BackupError> {
    let mut command = program("pg_restore", &[]);
    command.args(["--data-only", "--file=-", "--table", MIGRATIONS]).arg(file);
    let script = run("pg_restore", &mut command).await?;
    let script = String::from_utf8_lossy(&script);
    let rows = script.lines().skip_while(|line| !line.starts_with("COPY ")).skip(1).take_while(|line| *line != "\\.");
    let versions = rows.filter_map(|row| row.split('\t').next()?.parse::<SchemaVersion>().ok());
    versions.max().ok_or_else(|| no_backup(file, "it has no tables of a store"))
}

fn no_backup(path: &Path, problem: &str) -> BackupError {
    BackupError::NoBackup { path: path.to_owned(), problem: problem.to_owned() }
}

impl Records<'_> {
    /// The schema of the database that the tables are in.
    async fn current_schema(&mut self) -> Result<String, StoreError> {
        let query = sqlx::query_scalar("SELECT CAST(current_schema() AS TEXT)");
        Ok(query.fetch_one(&mut *self.connection).await?)
    }
}
