"""Reads the findings of a simulated instance through a declarative source of `airbyte-cdk`, with an incremental cursor and
with duplicates dropped by their primary key. Reads the same findings with `footprint run list-vulnerabilities`, and
collects them with `footprint findings collect`, which also compares and stores them. The source and the collection do it
twice: the first time, and with the state of the first.

`findings.py FOOTPRINT FINDINGS` prints the times and their ratios. The status is 1 when a ratio is below 20.
"""

import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import yaml
from airbyte_cdk.models import SyncMode, Type
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.test.catalog_builder import CatalogBuilder

PER_DEVICE = 100
AT_ONCE = 8
LEAST = 20


def manifest(url, key):
    requester = {
        "type": "HttpRequester",
        "url_base": f"{url}/api",
        "http_method": "GET",
        "authenticator": {
            "type": "ApiKeyAuthenticator",
            "api_token": key,
            "inject_into": {"type": "RequestOption", "inject_into": "header", "field_name": "FootprintApiKey"},
        },
    }

    # A page after the last one is 404. The tool asks for it where the last page is full.
    end_of_pages = {
        "type": "DefaultErrorHandler",
        "response_filters": [{"type": "HttpResponseFilter", "http_codes": [404], "action": "IGNORE"}],
    }

    def stream(name, path, field_path, **parts):
        retriever = {
            "type": "SimpleRetriever",
            "requester": {**requester, "path": path, "error_handler": end_of_pages},
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": field_path},
            },
            **parts.pop("retriever"),
        }
        schema = {"type": "object", "additionalProperties": True, "properties": {"id": {"type": "integer"}}}
        loader = {"type": "InlineSchemaLoader", "schema": schema}
        return {"type": "DeclarativeStream", "name": name, "primary_key": ["id"], "retriever": retriever,
                "schema_loader": loader, **parts}

    def option(name):
        return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}

    devices = stream(
        "devices",
        "/console/elements/devices/",
        ["items"],
        retriever={
            "paginator": {
                "type": "DefaultPaginator",
                "pagination_strategy": {"type": "PageIncrement", "page_size": 100, "start_from_page": 1},
                "page_token_option": option("page"),
                "page_size_option": option("pageSize"),
            }
        },
    )
    findings = stream(
        "findings",
        "/console/elements/device/{{ stream_partition.device }}/vulnerabilities/",
        [],
        retriever={
            "partition_router": {
                "type": "SubstreamPartitionRouter",
                "parent_stream_configs": [
                    {"type": "ParentStreamConfig", "stream": devices, "parent_key": "id", "partition_field": "device"}
                ],
            }
        },
        incremental_sync={
            "type": "DatetimeBasedCursor",
            "cursor_field": "discovered",
            "cursor_datetime_formats": ["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ"],
            "datetime_format": "%Y-%m-%dT%H:%M:%S.%f%z",
            "start_datetime": "2015-01-01T00:00:00.000000+0000",
            # The API has no filter by time.
            "is_client_side_incremental": True,
        },
    )
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["devices"]},
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": AT_ONCE, "max_concurrency": AT_ONCE},
        "streams": [devices, findings],
    }


def read_with_airbyte(url, key, folder):
    """The number of findings, and the seconds of the first sync and of one with its state."""
    file = pathlib.Path(folder) / "manifest.yaml"
    file.write_text(yaml.safe_dump(manifest(url, key), sort_keys=False))
    # The tool looks for its manifest below the working folder.
    os.chdir(folder)
    catalog = CatalogBuilder().with_stream("findings", SyncMode.incremental).build()
    kept, state, seconds = {}, None, []
    for _ in range(2):
        begun = time.monotonic()
        source = YamlDeclarativeSource("manifest.yaml", catalog=catalog, config={}, state=state)
        last = None
        for message in source.read(logging.getLogger("airbyte"), {}, catalog, state):
            if message.type == Type.RECORD:
                kept[message.record.data["id"]] = message.record.data
            elif message.type == Type.STATE:
                last = message.state
        assert last is not None, "the source gave no state"
        seconds.append(time.monotonic() - begun)
        state = [last]
    return len(kept), seconds


def collect(footprint, url, user, folder):
    """The number of findings, and the seconds of the first collection and of one without changes."""
    environment = {**os.environ, "FOOTPRINT_INSTANCE": os.path.join(folder, "instance")}

    def run(*arguments, text=None):
        command = [footprint, *arguments]
        return subprocess.run(command, env=environment, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout

    run("init", "--yes", "--time-zone", "UTC", "--output", "json")
    connection = ["connection", "add", "Footprint", "--site", "Security Operations", "--secret-stdin", "Password"]
    connection += ["--integration", "coda-footprint"]
    for name, value in [("Server URL", url), ("User Name", user["user_name"]), ("Requests per Second", "10000")]:
        connection += ["--param", f"{name}={value}"]
    run(*connection, "--param", f"Requests in Flight={AT_ONCE}", text=user["password"])
    seconds = []
    for _ in range(2):
        begun = time.monotonic()
        said = json.loads(run("findings", "collect", "--all-tenants", "--output", "json"))
        seconds.append(time.monotonic() - begun)
        (tenant,) = said["tenants"]
        assert tenant["status"] == "Whole", tenant
    return tenant["rowsRead"], seconds


def read(footprint, url, user):
    """The number of findings, and the seconds in which one command reads them."""
    settings = {"SERVER_URL": url, "USER_NAME": user["user_name"], "PASSWORD": user["password"]}
    settings |= {"REQUESTS_PER_SECOND": "10000", "REQUESTS_IN_FLIGHT": str(AT_ONCE)}
    environment = {**os.environ, **{f"FOOTPRINT_{name}": value for name, value in settings.items()}}
    begun = time.monotonic()
    command = [footprint, "run", "list-vulnerabilities", "--output", "ndjson"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        rows = sum(part.count(b"\n") for part in iter(lambda: process.stdout.read(1 << 20), b""))
    assert process.returncode == 0
    return rows, time.monotonic() - begun


def main():
    footprint, findings = os.path.realpath(sys.argv[1]), int(sys.argv[2])
    logging.disable(logging.INFO)
    simulate = [footprint, "simulate", "--json", "--generation", "legacy", "--no-oddities", "--tenants", "1"]
    simulate += ["--devices", str(findings // PER_DEVICE), "--vulnerabilities", str(PER_DEVICE)]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(simulate, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            about = json.loads(simulator.stdout.readline())
            user = about["users"][0]
            read_rows, read_seconds = read(footprint, about["url"], user)
            ours, ours_seconds = collect(footprint, about["url"], user, folder)
            theirs, theirs_seconds = read_with_airbyte(about["url"], user["api_key"], folder)
        finally:
            simulator.terminate()
    if not read_rows == ours == theirs == findings:
        sys.exit(f"the numbers of findings differ: {read_rows}, {ours} and {theirs} of {findings}")
    first, second = theirs_seconds
    ratios = []
    for what, one, other in [
        ("read: footprint run list-vulnerabilities", read_seconds, first),
        ("collected first: footprint findings collect", ours_seconds[0], first),
        ("collected again, without changes: footprint findings collect", ours_seconds[1], second),
    ]:
        ratios.append(other / one)
        print(f"{findings} findings, {what} {one:.2f} s, a declarative source of airbyte-cdk {other:.2f} s, ratio")
        print(f"  {ratios[-1]:.1f}, at least {LEAST} wanted")
    sys.exit(0 if min(ratios) >= LEAST else 1)


main()
