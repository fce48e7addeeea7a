"""The module that runs commands over a host, on answers of a stand-in for the host."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from test_tracecat import scripts

RUNNING = {"error": "", "returnData": "Running", "run": 7, "message": "It goes on as run 7.", "followToken": "abc"}
DETAILS = {
    "failureIndicator": "List Devices failed.",
    "statusCode": "404",
    "message": "Not Found.",
    "code": "not-found",
    "cause": "It is not there.",
    "cure": "Look elsewhere.",
    "retryable": True,
}
FAILED = {"error": "List Devices failed.\nStatus Code: 404.\nMessage: Not Found.", "returnData": "Failed", "errorDetails": DETAILS}
WARNED = {
    "error": "",
    "returnData": "Successful",
    "contextData": [{"ID": 1}],
    "receipt": {"missing": "3 rows are missing."},
    "warnings": [{"code": "rows-missing", "message": "3 rows are missing."}],
}


@contextlib.contextmanager
def host(status, body, seconds=0):
    """The settings of a connection to a host that always gives this answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            threading.Event().wait(seconds)
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        yield {"host_url": address, "host_key": "key", "host_user": "Admin", "site": "Acme Corp"}
        server.shutdown()


@pytest.fixture(scope="module")
def connector(packages):
    (module,) = (packages / "shuffle" / "via-host").rglob("connector.py")
    names = {}
    exec(compile(module.read_text(), str(module), "exec"), names)
    return names["Connector"]


def error_of(connector, status, body, seconds=0, time_limit=330):
    with host(status, body, seconds) as settings:
        outcome = connector(**settings).execute("List Devices", time_limit=time_limit)
    assert (outcome["returnData"], outcome["contextData"]) == ("Failed", [])
    return outcome["error"]


def test_work_that_goes_on_is_an_error_that_says_how_to_follow_it(connector):
    error = error_of(connector, 200, RUNNING)
    assert (error["code"], error["message"], error["retryable"]) == ("still-running", "It goes on as run 7.", True)
    assert error["cure"].startswith("Run it again with Follow = abc.")


def test_the_error_of_a_failed_command_keeps_its_parts(connector):
    assert error_of(connector, 200, FAILED) == DETAILS
    assert error_of(connector, 400, {"Error": "Page: expected 1."})["message"] == "Page: expected 1."


def test_warnings_and_receipt_come_along(connector):
    with host(200, WARNED) as settings:
        outcome = connector(**settings).execute("List Devices")
    assert (outcome["returnData"], outcome["error"]) == ("Successful", None)
    assert {name: outcome[name] for name in ("contextData", "receipt", "warnings")} == {
        name: WARNED[name] for name in ("contextData", "receipt", "warnings")
    }


@pytest.mark.parametrize(
    ("status", "body", "seconds", "message"),
    [
        (200, WARNED, 2, "no answer within 1 seconds"),
        (200, b"<html>", 0, "cannot be read"),
        (200, [], 0, "cannot be read"),
        (504, b"<html>", 0, "status 504"),
    ],
)
def test_a_command_whose_answer_is_lost_may_have_been_carried_out(connector, status, body, seconds, message):
    said = error_of(connector, status, body, seconds, time_limit=1)["message"]
    assert message in said and said.endswith("List Devices may have been carried out.")


@pytest.mark.parametrize(
    "change",
    [{"host_url": "soar.example.com"}, {"host_url": "file:///etc/passwd"}, {"host_key": "a\nb"}, {"host_ca_file": "/no/file"}],
)
def test_settings_that_cannot_work_are_a_value_error_without_the_key(connector, change):
    (name,) = change
    settings = {"host_url": "https://soar.example.com", "host_key": "key", "host_user": "Admin", "site": "Acme Corp"}
    with pytest.raises(ValueError, match=name.replace("_", " ").title().replace("Url", "URL").replace("Ca ", "CA ")) as refused:
        connector(**{**settings, **change})
    assert change.get("host_key", "a\nb") not in str(refused.value)


def test_a_step_of_tracecat_fails_unless_the_command_was_successful(packages):
    (check,) = scripts(packages / "tracecat" / "via-host")
    for answer, problem in [(RUNNING, "Follow = abc"), (FAILED, "Look elsewhere"), ({"returnData": "Failed", "error": "No."}, "No.")]:
        with pytest.raises(RuntimeError, match=problem):
            check(answer)
    assert check(WARNED) == WARNED


def test_a_direct_step_of_tracecat_fails_unless_the_command_was_successful(packages, connections):
    (main,) = scripts(packages / "tracecat" / "direct")
    assert main("List Devices", {"Page Size": 1, "Page": None}, connections["direct"])["returnData"] == "Successful"
    with pytest.raises(RuntimeError, match="List Device Users failed"):
        main("List Device Users", {"Device ID": 999999999}, connections["direct"])
