"""Packages as `footprint package` writes them, and an instance that they run on."""

import json
import os
import subprocess

import pytest

FOOTPRINT = os.environ["FOOTPRINT"]
WAYS = {
    "cortex-xsoar": ["direct", "via-host"],
    "airbyte": ["direct"],
    "shuffle": ["direct", "via-host"],
    "tracecat": ["direct", "via-host"],
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
def simulator():
    command = [FOOTPRINT, "simulate", "--json", "--devices", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(scope="session")
def connection(simulator):
    user = simulator["users"][0]
    return {"server_url": simulator["url"], "user_name": user["user_name"], "password": user["password"]}
