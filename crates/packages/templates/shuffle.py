import json

from shuffle_sdk import AppBase

from connector import Connector


def run(command, connection, parameters):
    settings = {name: value for name, value in connection.items() if value not in (None, "")}
    wanted = {name: value for name, value in parameters.items() if value not in (None, "")}
    try:
        outcome = Connector(**settings).execute(command, wanted)
    except (TypeError, ValueError) as error:
        return json.dumps({"success": False, "reason": str(error)})
    error = outcome["error"]
    if error is not None:
        parts = (error["failureIndicator"], error["message"], error["cause"], error["cure"])
        return json.dumps({"success": False, "reason": " ".join(part for part in parts if part), "error": error})
    names = ("keyFields", "contextData", "rawData", "receipt", "warnings")
    return json.dumps({"success": True, **{name: outcome[name] for name in names}})


class @class@(AppBase):
    __version__ = @version@
    app_name = @name@

    def __init__(self, redis=None, logger=None, console_logger=None):
        super().__init__(redis=redis, logger=logger, console_logger=console_logger)
@methods@


if __name__ == "__main__":
    @class@.run()
