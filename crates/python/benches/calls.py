"""One side of the benchmark: `calls.py SIDE URL USER PASSWORD CALLS THREADS` prints seconds.

Each call reads the next page of List Devices: a caller that goes through all pages, and begins again.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

PAGES, PAGE_SIZE = 10, 100


def package(url, user, password):
    import coda_footprint

    connector = coda_footprint.Connector(
        server_url=url, user_name=user, password=password, requests_per_second=10000, requests_in_flight=1000
    )

    def call(number):
        outcome = connector.execute("List Devices", {"Page": number % PAGES + 1, "Page Size": PAGE_SIZE})
        assert outcome["returnData"] == "Successful" and len(outcome["contextData"]) == PAGE_SIZE
        assert isinstance(outcome["rawData"], str)

    return call


def requests(url, user, password):
    import json

    import requests

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=8, pool_maxsize=8))
    session.trust_env = False
    login = session.post(f"{url}/api/auth/token/", json={"username": user, "password": password})
    session.headers["Authorization"] = f"Bearer {json.loads(login.text)['access']}"

    def call(number):
        parameters = {"page": number % PAGES + 1, "pageSize": PAGE_SIZE}
        reply = session.get(f"{url}/api/console/elements/devices/", params=parameters)
        reply.raise_for_status()
        assert len(json.loads(reply.text)["items"]) == PAGE_SIZE

    return call


def main():
    side, url, user, password, calls, threads = sys.argv[1:]
    if side == "import":
        started = time.perf_counter()
        import coda_footprint  # noqa: F401

        return time.perf_counter() - started
    make = {"package": package, "requests": requests}[side]
    with ThreadPoolExecutor(int(threads)) as pool:
        started = time.perf_counter()
        call = make(url, user, password)
        list(pool.map(call, range(int(calls))))
        return time.perf_counter() - started


print(main())
