from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal, TypedDict

__version__: str

Command = Literal[
    "Get Technical Context",
    "List Current Targets Ports",
    "List Device Attack Avenues",
    "List Device Network Connections",
    "List Devices",
    "List Device Users",
    "List Device Vulnerabilities",
    "List Scanners",
    "List Scan Surfaces",
    "List Technical Contexts",
    "List Tenants",
    "Patch Rescan",
    "Update Target Scan Scope",
    "Test Connection",
    "List Vulnerabilities",
    "Find Devices",
    "Get Device",
    "Rescan And Wait",
    "List Scans",
    "Get Scan",
    "Update Vulnerability State",
    "Add Scan Targets",
    "Update Device Tags",
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
        server_url: str,
        user_name: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        strict_scanner_id: bool | None = None,
        proxy: str | None = None,
        proxy_user_name: str | None = None,
        proxy_password: str | None = None,
        ca_file: str | None = None,
        minimum_tls_version: Literal["1.2","1.3"] | None = None,
        skip_certificate_checks: bool | None = None,
        allow_plain_http_to: str | None = None,
        requests_per_second: int | None = None,
        requests_in_flight: int | None = None,
        time_limit: int | None = None,
        connect_timeout: int | None = None,
        read_timeout: int | None = None,
        largest_reply: int | None = None,
        most_pages: int | None = None,
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
