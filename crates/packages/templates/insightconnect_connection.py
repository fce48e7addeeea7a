import insightconnect_plugin_runtime
from insightconnect_plugin_runtime.exceptions import ConnectionTestException, PluginException

from icon_@plugin@.util.connector import Connector

from .schema import ConnectionSchema

# Custom imports below

SETTINGS = @settings@
HEALTH_CHECK = @health_check@


def given(values):
    """The values that somebody typed. An optional field that nobody touched comes as the empty value of its type."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {}, 0)}


class Connection(insightconnect_plugin_runtime.Connection):
    def __init__(self):
        super(self.__class__, self).__init__(input=ConnectionSchema())

    def connect(self, params={}):
        settings = {name: params.get(name) for name in SETTINGS}
        # A secret comes as an object.
        secrets = {name: value.get("secretKey") for name, value in settings.items() if isinstance(value, dict)}
        settings = given({**settings, **secrets})
        try:
            self.connector = Connector(**settings)
        except (TypeError, ValueError) as error:
            raise PluginException(cause="The connection's settings cannot work.", assistance=str(error)) from None

    def run(self, command, params):
        outcome = self.connector.execute(command, given(params))
        error = outcome["error"]
        if error is not None:
            cause = " ".join(part for part in (error["failureIndicator"], error["message"], error["cause"]) if part)
            raise PluginException(cause=cause, assistance=error["cure"])
        return outcome

    def test(self):
        try:
            self.run(HEALTH_CHECK, {})
        except PluginException as error:
            raise ConnectionTestException(cause=error.cause, assistance=error.assistance) from None
        return {"success": True}
