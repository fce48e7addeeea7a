"""Runs Airbyte's source with `airbyte-cdk`: `airbyte.py MANIFEST INSTANCE ROWS_OF_DEVICES` does spec, check, discover and
read, and reads the changes of findings incrementally. INSTANCE is the line of JSON of tests/packages/instance.py, in a file."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import jsonschema
from airbyte_cdk.models import Status, SyncMode
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import _run_command, discover, read
from airbyte_cdk.test.state_builder import StateBuilder

CHANGES = "finding_changes"


class Source:
    """The source with the settings of a connection."""

    def __init__(self, manifest, config):
        self.manifest, self.config = manifest, config

    def source(self, catalog=None, state=None):
        return YamlDeclarativeSource(self.manifest, catalog=catalog, config=self.config, state=state)

    def run(self, *command):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.json"
            file.write_text(json.dumps(self.config))
            arguments = [*command, *(["--config", str(file)] if command[0] == "check" else [])]
            return _run_command(self.source(), arguments)._messages

    def streams(self):
        return {stream.name: stream for stream in discover(self.source(), self.config).catalog.catalog.streams}

    def sync(self, streams, state):
        catalog = CatalogBuilder()
        for stream in streams:
            catalog = catalog.with_stream(stream, SyncMode.incremental if stream == CHANGES else SyncMode.full_refresh)
        catalog = catalog.build()
        return read(self.source(catalog, state), self.config, catalog, state)

    def read(self, streams, state=None):
        """The records, and the state of the stream that was read last."""
        output = self.sync(streams, state)
        assert not output.errors, output.errors
        return [message.record for message in output.records], output.most_recent_state

    def fails(self, streams, state):
        """The problem that a user sees."""
        errors = self.sync(streams, state).errors
        assert errors, "no problem"
        return " ".join(message.trace.error.message for message in errors)


class Host:
    """The host that collects the findings of the simulated instance."""

    def __init__(self, instance):
        self.folder, self.direct = instance["folder"], instance["direct"]

    def footprint(self, *arguments, **variables):
        environment = {**os.environ, "FOOTPRINT_INSTANCE": self.folder, **variables}
        return subprocess.run([os.environ["FOOTPRINT"], *arguments], env=environment, capture_output=True, text=True)

    def collect(self):
        # Its status is 1: the trial of one tenant is over.
        done = self.footprint("findings", "collect", "--all-tenants", "--output", "json")
        assert '"Whole"' in done.stdout, done.stdout + done.stderr

    def rescan(self):
        names = {f"FOOTPRINT_{name.upper()}": self.direct[name] for name in ("server_url", "user_name", "password")}
        done = self.footprint("run", "patch-rescan", "--all-scanners", **names)
        assert done.returncode == 0, done.stdout + done.stderr
        time.sleep(1.5)


def read_everything(manifest, config, devices):
    source = Source(manifest, config)
    streams = source.streams()
    assert CHANGES not in streams, "there is no host"
    records, _ = source.read(streams)
    rows = collections.Counter(record.stream for record in records)
    assert set(rows) == set(streams) and rows["devices"] == devices, rows
    ids = {record.data["id"] for record in records if record.stream == "devices"}
    assert len(ids) == devices
    return dict(rows)


def read_of_each_generation(manifest, config, devices):
    """The rows of the tenant that is asked for, and no error for a list that an older instance does not have."""
    ids = []
    for tenant in (1, 2):
        records, _ = Source(manifest, {**config, "footprint_tenant_id": tenant}).read(["devices"])
        ids.append({record.data["id"] for record in records})
    assert [len(found) for found in ids] == [devices, devices] and not ids[0] & ids[1]
    command = [os.environ["FOOTPRINT"], "simulate", "--json", "--generation", "legacy", "--devices", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            about = json.loads(simulator.stdout.readline())
            user = {name: about["users"][0][name] for name in ("user_name", "password")}
            records, _ = Source(manifest, {**config, **user, "server_url": about["url"]}).read(["devices", "scans"])
        finally:
            simulator.terminate()
    assert [record.stream for record in records] == ["devices"] * 5


def read_changes_twice(manifest, config, host):
    source = Source(manifest, config)
    schema = source.streams()[CHANGES].json_schema
    host.collect()

    def new(state):
        records, after = source.read([CHANGES], state)
        for record in records:
            jsonschema.validate(record.data, schema)
            assert set(record.data) <= set(schema["properties"]), set(record.data) - set(schema["properties"])
        numbers = [record.data["sequence"] for record in records]
        assert numbers == sorted(set(numbers))
        return numbers, StateBuilder().with_stream_state(CHANGES, after.stream_state).build()

    first, state = new(None)
    assert len(first) > 2000, "several pages"
    assert new(state)[0] == [], "nothing is new"
    host.rescan()
    host.collect()
    second, state = new(state)
    assert second and min(second) > max(first), (len(second), max(first))
    assert new(state)[0] == []
    whole, _ = new(None)
    assert whole == first + second
    # A number that is not in the log.
    lost = StateBuilder().with_stream_state(CHANGES, {"sequence": 10**15}).build()
    assert "Clear the stream" in source.fails([CHANGES], lost)
    return f"{len(first)} changes at first, then {len(second)} new ones"


def main():
    manifest, devices = sys.argv[1], int(sys.argv[3])
    instance = json.loads(pathlib.Path(sys.argv[2]).read_text())
    connection, via_host = instance["direct"], instance["via-host"]
    by_password = {name: connection[name] for name in ("server_url", "user_name", "password")}
    by_password["authentication"] = "password"
    by_key = {"server_url": connection["server_url"] + "/api/", "api_key": connection["api_key"], "authentication": "api_key"}
    host_url = via_host["host_url"].removesuffix("/VSOC")
    with_host = {**by_password, "host_url": host_url + "/", "host_key": via_host["host_key"]}

    (specification,) = [message.spec for message in Source(manifest, by_password).run("spec") if message.spec]
    assert set(specification.connectionSpecification["required"]) == {"server_url", "authentication"}
    for config, wanted in [
        (by_password, Status.SUCCEEDED),
        (by_key, Status.SUCCEEDED),
        (with_host, Status.SUCCEEDED),
        ({**by_password, "password": "wrong"}, Status.FAILED),
    ]:
        (status,) = [message.connectionStatus for message in Source(manifest, config).run("check") if message.connectionStatus]
        assert status.status == wanted, status
    rows = read_everything(manifest, by_password, devices)
    read_of_each_generation(manifest, by_password, devices)
    print(rows, read_changes_twice(manifest, with_host, Host(instance)))


main()
