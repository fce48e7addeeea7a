"""The CODA Footprint connector. The help texts come from the connector's manifest."""

# json and asyncio are imported where they are used: each takes longer than this package.
from . import _native

__all__ = ["Connector", "Rows", "__version__", "manifest"]

__version__ = _native.VERSION

_engine = _native.Engine()


class Rows:
    """The rows of a command, each as a dict as the server sent it, read while they arrive.

    After the last row, `outcome` has `returnData`, `error`, `receipt` and `warnings`. A command that fails ends the
    rows and raises nothing: check `outcome["returnData"]` before the rows count as complete.
    """

    def __init__(self, pages):
        self._pages = pages
        self._rows = iter(())
        self.outcome = None

    def __iter__(self):
        return self

    def __next__(self):
        import json

        while True:
            if self._pages is not None:
                self._pages.require_process()
            for row in self._rows:
                return json.loads(row)
            if self._pages is None:
                raise StopIteration
            rows, self.outcome = self._pages.next()
            if rows is None:
                self._pages = None
            else:
                self._rows = iter(rows)

    def close(self):
        """Ends the command. Further rows are not read."""
        if self._pages is not None:
            self._pages.cancel()
        self._pages, self._rows = None, iter(())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Connector(_native.Connector):
    _engine = _engine

    def execute(self, command, parameters=None, *, time_limit=None):
        return self._execute(command, _text(parameters), time_limit)

    async def execute_async(self, command, parameters=None, *, time_limit=None):
        import asyncio

        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def set_result(outcome, error):
            if future.done():
                return
            if error is None:
                future.set_result(outcome)
            else:
                future.set_exception(error)

        def done(outcome, error):
            if not loop.is_closed():
                loop.call_soon_threadsafe(set_result, outcome, error)

        task = self._start(command, _text(parameters), time_limit, done)
        try:
            return await future
        except asyncio.CancelledError:
            task.cancel()
            raise

    def iterate(self, command, parameters=None, *, time_limit=None):
        return Rows(self._pages(command, _text(parameters), time_limit))


def manifest():
    """The connector's manifest: a dict of `connector` and `commands`."""
    import json

    return json.loads(_engine.manifest())


def _text(parameters):
    if parameters is None:
        return None
    import json

    if not isinstance(parameters, dict):
        raise TypeError(f"parameters: expected a dict of names and values, found {type(parameters).__name__}")
    try:
        return json.dumps(parameters, allow_nan=False)
    except RecursionError:
        raise ValueError("parameters: nested too deep") from None
    except (TypeError, ValueError) as error:
        raise type(error)(f"parameters: {error}") from None


def _describe():
    global __doc__
    __doc__, Connector.__doc__, commands = _engine.help()
    Connector.execute.__doc__ = (
        "Runs a command and returns its outcome: a dict of returnData, result (columns, rows), keyFields, contextData,\n"
        "rawData (the server's JSON text), error, receipt and warnings. A command that fails raises nothing: returnData\n"
        "is Failed then, and error has code, cause and cure. time_limit is in seconds.\n\n"
        "Commands:\n" + commands
    )
    Connector.execute_async.__doc__ = "As `execute`, to be awaited. Cancelling it ends the command."
    Connector.iterate.__doc__ = (
        "Runs a command and returns its rows while they arrive: `Rows`. Takes the same commands and parameters as\n"
        "`execute`; with {\"All Pages\": True} it reads a whole list in the memory of two pages."
    )


_describe()
del _describe
