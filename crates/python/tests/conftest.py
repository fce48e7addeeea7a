"""The simulator that the tests use: the binary that FOOTPRINT names."""

import json
import os
import subprocess

import pytest

from coda_footprint import Connector


class Simulator:
    def __init__(self, *arguments):
        command = [os.environ["FOOTPRINT"], "simulate", "--json", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        about = json.loads(self.process.stdout.readline())
        self.url, self.about = about["url"], about
        self.user = about["users"][0]

    def settings(self, **more):
        user = {"user_name": self.user["user_name"], "password": self.user["password"]}
        return {"server_url": self.url, **user, "requests_per_second": 10000, **more}

    def connect(self, **more):
        return Connector(**self.settings(**more))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def simulator():
    simulator = Simulator("--devices", "250")
    yield simulator
    simulator.stop()


@pytest.fixture
def simulate():
    started = []

    def start(*arguments):
        started.append(Simulator(*arguments))
        return started[-1]

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture
def connector(simulator):
    return simulator.connect()
