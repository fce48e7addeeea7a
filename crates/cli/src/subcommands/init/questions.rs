//! The prompts for a new instance.

use anyhow::{Context as _, Result};
use dialoguer::{Input, Password, Select};

/// Prompts for a text. An empty answer takes the suggested value.
pub(super) fn text(question: &str, suggested: &str) -> Result<String> {
    let typed: String =
        Input::new().with_prompt(question).default(suggested.to_owned()).interact_text().context(UNASKED)?;
    Ok(typed.trim().to_owned())
}

/// Prompts until the answer is valid.
pub(super) fn checked<T>(
    question: &str,
    suggested: &str,
    read: impl Fn(&str) -> Result<T, String> + Copy,
) -> Result<T> {
    let typed: String = Input::new()
        .with_prompt(question)
        .default(suggested.to_owned())
        .validate_with(move |typed: &String| read(typed).map(|_| ()))
        .interact_text()
        .context(UNASKED)?;
    read(&typed).map_err(anyhow::Error::msg)
}

/// Prompts for the store. `None` is a file in the folder. An address is not shown, since it may contain a password.
pub(super) fn store() -> Result<Option<String>> {
    let kinds = ["SQLite: one file in the instance's folder", "PostgreSQL: a database on a server"];
    let chosen = Select::new().with_prompt("The store").items(kinds).default(0).interact();
    if chosen.context(UNASKED)? == 0 {
        return Ok(None);
    }
    let typed = Password::new()
        .with_prompt("Its address, postgres://user:password@host/database (not shown)")
        .validate_with(|typed: &String| {
            if typed.starts_with("postgres://") || typed.starts_with("postgresql://") {
                Ok(())
            } else {
                Err("Expected postgres://user:password@host/database.")
            }
        })
        .interact();
    Ok(Some(typed.context(UNASKED)?))
}

const UNASKED: &str = "The question could not be asked; give --yes and flags instead";
