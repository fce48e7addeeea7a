"""Forks, signals, the end of the program, and the import."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import coda_footprint


def run(program, *arguments, timeout=60):
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)


def test_a_connector_works_in_a_forked_process(simulator, connector):
    assert connector.execute("List Scanners")["returnData"] == "Successful"
    context = multiprocessing.get_context("fork")
    results = context.Queue()

    def child():
        outcome = connector.execute("List Devices", {"Page Size": 2})
        results.put((os.getpid(), outcome["returnData"], outcome["receipt"]["requestId"]))

    children = [context.Process(target=child) for _ in range(3)]
    for process in children:
        process.start()
    found = [results.get(timeout=60) for _ in children]
    for process in children:
        process.join(60)
        assert process.exitcode == 0
    assert {result for _, result, _ in found} == {"Successful"}
    assert len({request for _, _, request in found}) == 3
    # The parent's session goes on.
    assert connector.execute("List Devices", {"Page Size": 2})["receipt"]["requests"] == 1


def test_rows_that_a_fork_interrupted_are_a_clear_error_in_the_child_and_go_on_in_the_parent(connector):
    rows = connector.iterate("List Devices", {"All Pages": True, "Page Size": 10})
    next(rows)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            next(rows)
        except RuntimeError as error:
            status = 0 if "forked" in str(error) else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(list(rows)) == 249


def test_forks_while_other_threads_are_in_calls_hang_nobody(simulator):
    program = """
        import os, sys, threading
        from coda_footprint import Connector
        url, user, password = sys.argv[1:]
        connector = Connector(server_url=url, user_name=user, password=password, requests_per_second=10000)
        stop = threading.Event()
        def call():
            while not stop.is_set():
                assert connector.execute("List Devices", {"Page Size": 5})["returnData"] == "Successful"
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads: thread.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if connector.execute("List Scanners")["returnData"] == "Successful" else 3)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        stop.set()
        for thread in threads: thread.join()
        print("done")
    """
    user = simulator.user
    done = run(program, simulator.url, user["user_name"], user["password"], timeout=120)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


def test_ctrl_c_ends_a_call(simulate):
    simulator = simulate("--fault", "devices delay=60s")
    program = """
        import signal, sys
        from coda_footprint import Connector
        # A shell makes what it starts in the background ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        url, user, password = sys.argv[1:]
        connector = Connector(server_url=url, user_name=user, password=password)
        connector.execute("Test Connection")
        print("ready", flush=True)
        try:
            connector.execute("List Devices")
        except KeyboardInterrupt:
            print("interrupted", connector.execute("List Scanners")["returnData"], flush=True)
    """
    user = simulator.user
    command = [sys.executable, "-c", textwrap.dedent(program), simulator.url, user["user_name"], user["password"]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0] == "interrupted Successful\n"
    finally:
        process.kill()


def test_a_program_ends_while_a_command_is_under_way(simulate):
    simulator = simulate("--fault", "devices delay=60s")
    program = """
        import asyncio, sys
        from coda_footprint import Connector
        url, user, password = sys.argv[1:]
        connector = Connector(server_url=url, user_name=user, password=password)
        rows = connector.iterate("List Devices")
        async def begin():
            asyncio.ensure_future(connector.execute_async("List Devices"))
            await asyncio.sleep(0.3)
        asyncio.run(begin())
        print("end")
    """
    user = simulator.user
    done = run(program, simulator.url, user["user_name"], user["password"], timeout=20)
    assert (done.stdout, done.returncode, done.stderr) == ("end\n", 0, "")


def test_the_import_brings_no_module_that_takes_long():
    done = run("import sys, coda_footprint; print(sorted({'asyncio', 'json', 'typing', 'logging'} & set(sys.modules)))")
    assert done.stdout == "[]\n", done.stderr


def test_it_is_typed():
    folder = os.path.dirname(coda_footprint.__file__)
    assert {"py.typed", "__init__.pyi"} <= set(os.listdir(folder))
