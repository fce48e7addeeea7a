"""Runs Airbyte's source with `airbyte-cdk`: `airbyte.py MANIFEST CONNECTION ROWS_OF_DEVICES` does spec, check, discover
and read."""

import collections
import json
import pathlib
import sys
import tempfile

from airbyte_cdk.models import Status, SyncMode
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import _run_command, discover, read


def main():
    manifest, connection, devices = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])

    def source(config, catalog=None):
        return YamlDeclarativeSource(manifest, catalog=catalog, config=config, state=None)

    def run(config, *command):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.json"
            file.write_text(json.dumps(config))
            arguments = [*command, *(["--config", str(file)] if command[0] == "check" else [])]
            return _run_command(source(config), arguments)._messages

    by_password = {**{name: connection[name] for name in ("server_url", "user_name", "password")}}
    by_password["authentication"] = "password"
    by_key = {"server_url": connection["server_url"] + "/api/", "api_key": connection["api_key"], "authentication": "api_key"}

    (specification,) = [message.spec for message in run(by_password, "spec") if message.spec]
    assert set(specification.connectionSpecification["required"]) == {"server_url", "authentication"}
    for config, wanted in [
        (by_password, Status.SUCCEEDED),
        (by_key, Status.SUCCEEDED),
        ({**by_password, "password": "wrong"}, Status.FAILED),
    ]:
        (status,) = [message.connectionStatus for message in run(config, "check") if message.connectionStatus]
        assert status.status == wanted, status

    streams = [stream.name for stream in discover(source(by_password), by_password).catalog.catalog.streams]
    catalog = CatalogBuilder()
    for stream in streams:
        catalog = catalog.with_stream(stream, SyncMode.full_refresh)
    catalog = catalog.build()
    output = read(source(by_password, catalog), by_password, catalog)
    assert not output.errors, output.errors
    rows = collections.Counter(record.record.stream for record in output.records)
    assert set(rows) == set(streams) and rows["devices"] == devices, rows
    ids = [record.record.data["id"] for record in output.records if record.record.stream == "devices"]
    assert len(set(ids)) == devices
    print(dict(rows))


main()
