"""A simulated instance, and a host with a connection to it.

As a program it prints one line of JSON, and runs until it is ended. `direct` and `via-host` are the settings of both ways, and
`folder` is the host's folder (FOOTPRINT_INSTANCE).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile

FOOTPRINT = os.environ["FOOTPRINT"]
DEVICES = 120


@contextlib.contextmanager
def running(*arguments, **options):
    """A subcommand that prints a line of JSON once it is ready."""
    process = subprocess.Popen([FOOTPRINT, *arguments], stdout=subprocess.PIPE, text=True, **options)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def simulator():
    """The settings of a connection to a simulated instance, with the password, and the key beside it."""
    # A scan that ends at once changes the findings at once.
    with running("simulate", "--json", "--devices", str(DEVICES), "--scan-seconds", "1") as about:
        user = about["users"][0]
        settings = {name: user[name] for name in ("user_name", "password", "api_key")}
        yield {"server_url": about["url"], **settings}


@contextlib.contextmanager
def host(instance, folder):
    """The settings of a connection over a host in `folder`, which has a connection to `instance`."""
    environment = {**os.environ, "FOOTPRINT_INSTANCE": str(folder)}

    def run(*arguments, text=None):
        command = [FOOTPRINT, *arguments]
        return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=True).stdout

    made = json.loads(run("init", "--yes", "--time-zone", "UTC", "--listen", "127.0.0.1:0", "--output", "json"))
    connection = ["connection", "add", "Footprint", "--site", "Security Operations", "--secret-stdin", "Password"]
    connection += ["--integration", "coda-footprint", "--param", f"Server URL={instance['server_url']}"]
    run(*connection, "--param", f"User Name={instance['user_name']}", text=instance["password"])
    with running("serve", "--json", env=environment) as ready:
        yield {
            "host_url": f"{ready['url']}/VSOC",
            "host_key": made["key"],
            "host_user": "Admin",
            "site": "Security Operations",
        }


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as parent, simulator() as instance:
        folder = os.path.join(parent, "instance")
        with host(instance, folder) as over_host:
            print(json.dumps({"direct": instance, "via-host": over_host, "folder": folder}), flush=True)
            signal.pause()


if __name__ == "__main__":
    main()
