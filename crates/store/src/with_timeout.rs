//! Statements with a timeout: a server that vanished sends neither an answer nor an error.

use std::future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, AnyConnection, Describe, Either, Execute, Executor, SqlStr};
use sqlx_core::any::AnyConnectionBackend;

use super::readers::LimitedConnection;

/// The connection that statements run on.
#[derive(Debug)]
pub(super) enum StatementConnection<'a> {
    Any(&'a mut AnyConnection),
    /// `AnyConnection` does not give out the connection in it, so its statements could not be stopped.
    Reading(&'a mut LimitedConnection),
}

/// A connection to run statements on. If it is a server's, each answer has a timeout.
#[derive(Debug)]
pub(super) struct Statements<'a> {
    connection: StatementConnection<'a>,
    timeout: Option<Duration>,
    /// Whether a server still works on a statement. Its connection is then closed, which ends the statement.
    busy: &'a mut bool,
}

/// [`Statements`] in the form in which sqlx borrows a connection.
#[derive(Debug)]
pub(super) struct WithTimeout<'a>(Statements<'a>);

impl<'a> WithTimeout<'a> {
    pub(super) fn new(connection: StatementConnection<'a>, timeout: Option<Duration>, busy: &'a mut bool) -> Self {
        Self(Statements { connection, timeout, busy })
    }
}

impl<'a> Deref for WithTimeout<'a> {
    type Target = Statements<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for WithTimeout<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// The error of a server that does not answer.
pub(super) fn silent(timeout: Duration) -> sqlx::Error {
    let said = format!("no answer from the server for {} seconds", timeout.as_secs_f32());
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, said))
}

/// The result of `future`, if it ends in time.
pub(super) async fn within<T>(
    timeout: Option<Duration>,
    future: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match timeout {
        None => future.await,
        Some(timeout) => tokio::time::timeout(timeout, future).await.unwrap_or_else(|_| Err(silent(timeout))),
    }
}

type StatementItem = Result<Either<AnyQueryResult, AnyRow>, sqlx::Error>;

fn steps_within<'e>(
    timeout: Duration,
    busy: &'e mut bool,
    steps: BoxStream<'e, StatementItem>,
) -> BoxStream<'e, StatementItem> {
    *busy = true;
    let waited = stream::unfold(Some((steps, busy)), move |state| async move {
        let (mut steps, busy) = state?;
        match tokio::time::timeout(timeout, steps.next()).await {
            Ok(step) => {
                *busy = matches!(step, Some(Ok(_)));
                step.map(|step| (step, Some((steps, busy))))
            }
            Err(_) => Some((Err(silent(timeout)), None)),
        }
    });
    waited.boxed()
}

impl LimitedConnection {
    fn fetch_many<'e, 'q: 'e>(&'e mut self, mut query: impl Execute<'q, Any> + 'q) -> BoxStream<'e, StatementItem> {
        let arguments = match query.take_arguments() {
            Ok(arguments) => arguments,
            Err(error) => return stream::once(future::ready(Err(sqlx::Error::Encode(error)))).boxed(),
        };
        let persistent = query.persistent();
        self.begin().fetch_many(query.sql(), persistent, arguments)
    }

    fn fetch_optional<'e, 'q: 'e>(
        &'e mut self,
        mut query: impl Execute<'q, Any> + 'q,
    ) -> BoxFuture<'e, Result<Option<AnyRow>, sqlx::Error>> {
        let arguments = match query.take_arguments() {
            Ok(arguments) => arguments,
            Err(error) => return future::ready(Err(sqlx::Error::Encode(error))).boxed(),
        };
        let persistent = query.persistent();
        self.begin().fetch_optional(query.sql(), persistent, arguments)
    }
}

impl<'c> Executor<'c> for &'c mut Statements<'_> {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, StatementItem>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let steps = match &mut self.connection {
            StatementConnection::Any(connection) => connection.fetch_many(query),
            StatementConnection::Reading(reading) => return reading.fetch_many(query),
        };
        match self.timeout {
            None => steps,
            Some(timeout) => steps_within(timeout, self.busy, steps),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let mut steps = match &mut self.connection {
            StatementConnection::Reading(reading) => return reading.fetch_optional(query),
            StatementConnection::Any(connection) => match self.timeout {
                None => return connection.fetch_optional(query),
                Some(timeout) => steps_within(timeout, self.busy, connection.fetch_many(query)),
            },
        };
        let to_the_end = async move {
            let mut first = None;
            // A server commits a statement after it has sent its rows, and reports the outcome only then.
            while let Some(step) = steps.next().await {
                first = first.or(step?.right());
            }
            Ok(first)
        };
        to_the_end.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        match &mut self.connection {
            StatementConnection::Any(connection) => {
                within(self.timeout, connection.prepare_with(sql, parameters)).boxed()
            }
            StatementConnection::Reading(reading) => {
                AnyConnectionBackend::prepare_with(reading.begin(), sql, parameters)
            }
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, sqlx::Error>>
    where
        'c: 'e,
    {
        match &mut self.connection {
            StatementConnection::Any(connection) => within(self.timeout, connection.describe(sql)).boxed(),
            StatementConnection::Reading(reading) => AnyConnectionBackend::describe(reading.begin(), sql),
        }
    }
}
