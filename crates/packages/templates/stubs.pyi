from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal, TypedDict

__version__: str

Command = Literal[
@commands@
]

class Error(TypedDict):
    failureIndicator: str
    statusCode: str
    message: str
    code: str
    cause: str
    cure: str
    retryable: bool

class Result(TypedDict):
    columns: list[str]
    rows: list[list[Any]]

class Warning(TypedDict):
    code: str
    message: str

class Ending(TypedDict):
    returnData: Literal["Successful", "Failed"]
    error: Error | None
    receipt: dict[str, Any]
    warnings: list[Warning]

class Outcome(Ending):
    result: Result
    keyFields: dict[str, list[Any]]
    contextData: list[dict[str, Any]]
    rawData: str | None

class Rows(Iterator[dict[str, Any]]):
    outcome: Ending | None
    def __next__(self) -> dict[str, Any]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Rows: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

class Connector:
    def __init__(
        self,
        *,
@settings@
    ) -> None: ...
    def execute(
        self, command: Command | str, parameters: dict[str, Any] | None = None, *, time_limit: float | None = None
    ) -> Outcome: ...
    async def execute_async(
        self, command: Command | str, parameters: dict[str, Any] | None = None, *, time_limit: float | None = None
    ) -> Outcome: ...
    def iterate(
        self, command: Command | str, parameters: dict[str, Any] | None = None, *, time_limit: float | None = None
    ) -> Rows: ...

def manifest() -> dict[str, Any]: ...
