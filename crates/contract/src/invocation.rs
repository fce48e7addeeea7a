//! A call of a command, found and checked where it comes in.

use std::sync::Arc;

use crate::error::CommandError;
use crate::failure::Failure;
use crate::manifest::{Command, Manifest, UnknownCommand};
use crate::parameters::{ParameterProblems, Parameters, RawParameters};

/// A command with its typed parameters, ready to be run. [`Manifest::invocation`] makes it.
#[derive(Debug, Clone)]
pub struct Invocation {
    command: Arc<Command>,
    parameters: Parameters,
}

impl Invocation {
    /// A call of `command`, with `raw` in the types of its inputs.
    ///
    /// # Errors
    /// [`ParameterProblems`] when the command does not take these parameters.
    pub fn parse(command: &Arc<Command>, raw: &RawParameters) -> Result<Self, ParameterProblems> {
        Parameters::parse(command, raw).map(|parameters| Self { command: Arc::clone(command), parameters })
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &Arc<Command> {
        &self.command
    }

    /// Its parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// Why a call names nothing that can be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidCall {
    /// The connector has no such command.
    #[error(transparent)]
    Command(#[from] UnknownCommand),
    /// The command does not take these parameters.
    #[error("{problems}")]
    Parameters {
        /// The command.
        command: Arc<Command>,
        /// The problems of the parameters.
        problems: ParameterProblems,
    },
}

impl InvalidCall {
    /// The command that was called, if there is one.
    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        match self {
            Self::Command(_) => None,
            Self::Parameters { command, .. } => Some(command),
        }
    }

    /// The error code that the call ends in.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Command(_) => "unknown-command",
            Self::Parameters { problems, .. } => problems.code(),
        }
    }

    /// The Error tab of the call, with the cause and the cure of `manifest`.
    #[must_use]
    pub fn error_tab(&self, manifest: &Manifest) -> CommandError {
        manifest.error_tab(self.command(), Failure::new(self.code(), self.to_string()))
    }
}

impl Manifest {
    /// The command of that name, in any of the forms people type, with `raw` in the types of its inputs.
    ///
    /// # Errors
    /// [`InvalidCall`] when there is no such command, or it does not take these parameters.
    pub fn invocation(&self, name: &str, raw: &RawParameters) -> Result<Invocation, InvalidCall> {
        let command = self.find(name)?;
        Invocation::parse(command, raw)
            .map_err(|problems| InvalidCall::Parameters { command: Arc::clone(command), problems })
    }
}
