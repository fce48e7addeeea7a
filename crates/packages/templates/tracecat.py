from @module@ import Connector


def main(command, parameters, settings):
    given = {name: value for name, value in settings.items() if value not in (None, "")}
    wanted = {name: value for name, value in parameters.items() if value is not None}
    outcome = Connector(**given).execute(command, wanted)
    error = outcome["error"]
    if error is not None:
        parts = (error["failureIndicator"], error["message"], error["cause"], error["cure"])
        raise RuntimeError(" ".join(part for part in parts if part))
    return outcome
