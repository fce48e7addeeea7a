import insightconnect_plugin_runtime
from insightconnect_plugin_runtime.exceptions import ConnectionTestException, PluginException

from icon_@plugin@.util.connector import Connector

from .schema import ConnectionSchema

# Custom imports below

SETTINGS = @settings@
HEALTH_CHECK = @health_check@


def given(values):
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


class Connection(insightconnect_plugin_runtime.Connection):
    def __init__(self):
        super(self.__class__, self).__init__(input=ConnectionSchema())

    def connect(self, params={}):
        settings = given({name: params.get(name) for name in SETTINGS})
        # A secret comes as an object.
        settings = {name: value["secretKey"] if isinstance(value, dict) else value for name, value in settings.items()}
        # An optional number that nobody typed comes as 0.
        settings = {name: value for name, value in settings.items() if value is not False and value != 0}
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
