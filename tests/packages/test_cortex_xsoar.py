"""The unit test of Cortex XSOAR's pack, run as it is written, with our stand-ins for the vendor's two modules."""

import json
import os
import pathlib
import subprocess
import sys

import pytest


@pytest.mark.parametrize("way", ["direct", "via-host"])
def test_the_packs_unit_test_passes_on_an_instance(packages, connections, way):
    folder = packages / "cortex-xsoar" / way / "Packs" / "CODAFootprint" / "Integrations" / "CODAFootprint"
    stand_ins = pathlib.Path(__file__).parent / "stand_ins"
    environment = {**os.environ, "PYTHONPATH": str(stand_ins), "CONNECTION": json.dumps(connections[way])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "CODAFootprint_test.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "skipped" not in done.stdout, done.stdout
