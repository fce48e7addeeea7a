"""Packages as `footprint package` writes them, and an instance that they run on."""

import subprocess

import pytest

import instance
from instance import FOOTPRINT

WAYS = {
    "cortex-xsoar": ["direct", "via-host"],
    "splunk-soar": ["direct", "via-host"],
    "insightconnect": ["direct", "via-host"],
    "airbyte": ["direct"],
    "shuffle": ["direct", "via-host"],
    "tracecat": ["direct", "via-host"],
    "n8n": ["via-host"],
    "d3-soar": ["direct", "via-host"],
}
PACKAGES = [(host, way) for host, ways in WAYS.items() for way in ways]


def package(host, way, folder):
    command = [FOOTPRINT, "package", host, "--out", str(folder), *(["--via-host"] if way == "via-host" else [])]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """The folder of each package: `packages / host / way`."""
    root = tmp_path_factory.mktemp("packages")
    for host, way in PACKAGES:
        written = package(host, way, root / host / way)
        assert written.returncode == 0, written.stderr
    return root


@pytest.fixture(scope="session")
def connections(tmp_path_factory):
    """The settings of a connection in each way."""
    folder = tmp_path_factory.mktemp("host") / "instance"
    with instance.simulator() as direct, instance.host(direct, folder) as via_host:
        yield {"direct": {name: value for name, value in direct.items() if name != "api_key"}, "via-host": via_host}
