"""Runs the commands against the instance that CONNECTION names: a JSON object of the integration's parameters."""

import json
import os

import demistomock as demisto
import pytest
import @word@ as integration

CONNECTION = os.environ.get("CONNECTION")
NEEDS_AN_INSTANCE = pytest.mark.skipif(not CONNECTION, reason="CONNECTION names no instance")


class Done(Exception):
    """Ends the script, as return_error does."""


def call(monkeypatch, command, arguments=None):
    said = {}

    def failed(message, *_):
        said["error"] = message
        raise Done(message)

    monkeypatch.setattr(demisto, "command", lambda: command)
    monkeypatch.setattr(demisto, "params", lambda: json.loads(CONNECTION or "{}"))
    monkeypatch.setattr(demisto, "args", lambda: arguments or {})
    monkeypatch.setattr(integration, "return_results", lambda results: said.update(results=results))
    monkeypatch.setattr(integration, "return_error", failed)
    try:
        integration.main()
    except Done:
        pass
    return said


@NEEDS_AN_INSTANCE
def test_the_connection_works(monkeypatch):
    assert call(monkeypatch, "test-module") == {"results": "ok"}


@NEEDS_AN_INSTANCE
@pytest.mark.parametrize("command", [name for name in integration.COMMANDS if "-list-" in name and "-device-" not in name])
def test_a_list_has_rows_in_the_context(monkeypatch, command):
    results = call(monkeypatch, command)["results"]
    assert results.outputs_prefix == integration.PREFIXES[integration.COMMANDS[command]]
    assert results.outputs and all(" " not in name for row in results.outputs for name in row)
    assert results.raw_response


def test_a_warning_is_above_the_table():
    outcome = {"contextData": [], "rawData": None, "warnings": [{"code": "rows-missing", "message": "3 rows are missing."}]}
    results = integration.results(next(iter(integration.PREFIXES)), outcome)
    assert results.readable_output.startswith("**Warning**: 3 rows are missing.\n\n###")


def test_a_failed_command_says_why_and_what_to_do(monkeypatch):
    said = call(monkeypatch, next(iter(integration.COMMANDS)), {"no_such_parameter": "1"})
    assert "failed" in said["error"]


def test_a_command_that_does_not_exist_is_an_error(monkeypatch):
    assert "failed" in call(monkeypatch, "no-such-command")["error"]
