"""Commands, their outcomes and their rows."""

import asyncio
import importlib.metadata
import json
import threading
import time

import pytest

import coda_footprint

PARTS = ["returnData", "result", "keyFields", "contextData", "rawData", "error", "receipt", "warnings"]


def test_an_outcome_has_the_parts_in_d3s_names(connector):
    outcome = connector.execute("List Devices", {"Page Size": 3, "Footprint Tenant ID": 1})
    assert list(outcome) == PARTS
    assert (outcome["returnData"], outcome["error"]) == ("Successful", None)
    rows = json.loads(outcome["rawData"])["items"]
    assert outcome["keyFields"]["Device IDs"] == [row["id"] for row in rows]
    columns = outcome["result"]["columns"]
    assert [dict(zip(columns, row)) for row in outcome["result"]["rows"]] == outcome["contextData"]
    assert outcome["receipt"]["rows"] == len(rows) == 3


def test_the_package_says_its_version():
    assert coda_footprint.__version__ == importlib.metadata.version("coda-footprint")


def test_pages_that_were_read_together_are_one_json_text(connector):
    outcome = connector.execute("list_devices", {"all_pages": True, "page size": "100"})
    pages = json.loads(outcome["rawData"])
    assert [len(page["items"]) for page in pages] == [100, 100, 50]
    assert outcome["receipt"]["rows"] == len(outcome["contextData"]) == 250


@pytest.mark.parametrize(
    ("command", "parameters", "code"),
    [
        ("List Moons", None, "unknown-command"),
        ("List Devices", {"Pages": 1}, "unknown-parameter"),
        ("List Devices", {"Page": "one"}, "invalid-parameter"),
        ("List Devices", {"Page": 2**80}, "invalid-parameter"),
        ("List Device Users", {}, "missing-parameter"),
        ("List Device Users", {"Device ID": 999999999}, "device-not-found"),
    ],
)
def test_a_failed_command_raises_nothing(connector, command, parameters, code):
    outcome = connector.execute(command, parameters)
    assert outcome["returnData"] == "Failed"
    assert outcome["error"]["code"] == code
    assert outcome["error"]["cause"] and outcome["error"]["cure"] and outcome["error"]["failureIndicator"]
    assert (outcome["rawData"], outcome["contextData"]) == (None, [])


def test_a_wrong_password_is_an_outcome(simulator):
    outcome = simulator.connect(password="wrong").execute("Test Connection")
    assert outcome["error"]["code"] == "invalid-credentials"


def test_every_command_of_the_manifest_can_be_called(connector):
    manifest = coda_footprint.manifest()
    assert manifest["connector"]["name"] == "CODA Footprint"
    for command in manifest["commands"]:
        outcome = connector.execute(command["name"], {"no such parameter": 1})
        assert outcome["error"]["code"] == "unknown-parameter", command["name"]


@pytest.mark.parametrize("parameters", [[], "Page", {"Page": object()}, {"Page": {1, 2}}, {("a", "b"): 1}])
def test_parameters_of_a_wrong_type_are_a_type_error(connector, parameters):
    with pytest.raises(TypeError, match="parameters: "):
        connector.execute("List Devices", parameters)


def test_parameters_that_are_no_json_are_a_value_error(connector):
    endless, deep = [], []
    endless.append(endless)
    for _ in range(100_000):
        deep = [deep]
    for value in [endless, deep, float("nan"), "\ud800", [[]] and json.loads("[" * 200 + "]" * 200)]:
        with pytest.raises(ValueError, match="arameters"):
            connector.execute("List Devices", {"Filter": value})


@pytest.mark.parametrize("time_limit", [0, -1, float("nan"), float("inf"), 1e300])
def test_a_time_limit_is_a_time(connector, time_limit):
    with pytest.raises(ValueError, match="time_limit"):
        connector.execute("Test Connection", time_limit=time_limit)


def test_a_time_limit_ends_a_command(simulate):
    simulator = simulate("--fault", "devices delay=20s")
    started = time.monotonic()
    outcome = simulator.connect().execute("List Devices", time_limit=0.5)
    assert outcome["error"]["code"] == "timed-out"
    assert time.monotonic() - started < 10


def test_rows_stream_as_the_server_sent_them(connector):
    rows = connector.iterate("List Devices", {"All Pages": True, "Page Size": 20})
    first = next(rows)
    assert rows.outcome is None, "the command is still under way"
    ids = [first["id"]] + [row["id"] for row in rows]
    assert len(set(ids)) == 250
    assert rows.outcome["returnData"] == "Successful" and rows.outcome["receipt"]["rows"] == 250
    assert list(rows) == []


def test_rows_of_a_failed_command_end_and_the_outcome_says_why(connector):
    for command, parameters, code in [
        ("List Device Users", {"Device ID": 999999999}, "device-not-found"),
        ("List Moons", {}, "unknown-command"),
    ]:
        rows = connector.iterate(command, parameters)
        assert list(rows) == []
        assert (rows.outcome["returnData"], rows.outcome["error"]["code"]) == ("Failed", code)


def test_rows_that_are_left_end_the_command(simulate):
    simulator = simulate("--devices", "5000")
    connector = simulator.connect()
    with connector.iterate("List Devices", {"All Pages": True, "Page Size": 10}) as rows:
        next(rows)
    assert list(rows) == []
    del connector.iterate("List Devices", {"All Pages": True, "Page Size": 10})._pages
    assert connector.execute("List Scanners")["returnData"] == "Successful"


def test_threads_share_a_connector_and_the_gil_is_free_meanwhile(simulate):
    simulator = simulate("--fault", "devices delay=500ms")
    connector = simulator.connect(requests_in_flight=16)
    connector.execute("Test Connection")
    outcomes, counted = [], 0
    threads = [threading.Thread(target=lambda: outcomes.append(connector.execute("List Devices"))) for _ in range(8)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        counted += 1
    assert [outcome["returnData"] for outcome in outcomes] == ["Successful"] * 8
    assert time.monotonic() - started < 4 * 0.5 + 1, "they did not run at once"
    assert counted > 1000, "the thread that waits kept the GIL"


def test_asyncio_awaits_many_commands_at_once(simulate):
    simulator = simulate("--fault", "devices delay=300ms")
    connector = simulator.connect(requests_in_flight=32)

    async def all_of_them():
        calls = [connector.execute_async("List Devices", {"Page": 1}) for _ in range(20)]
        failed = connector.execute_async("List Moons")
        return await asyncio.gather(*calls, failed)

    started = time.monotonic()
    *outcomes, failed = asyncio.run(all_of_them())
    assert time.monotonic() - started < 20 * 0.3
    assert {outcome["returnData"] for outcome in outcomes} == {"Successful"}
    assert failed["error"]["code"] == "unknown-command"


def test_a_cancelled_await_ends_the_command(simulate):
    simulator = simulate("--fault", "devices delay=20s")
    connector = simulator.connect()

    async def cancelled():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connector.execute_async("List Devices"), 0.3)
        return await connector.execute_async("List Scanners")

    started = time.monotonic()
    assert asyncio.run(cancelled())["returnData"] == "Successful"
    assert time.monotonic() - started < 10
