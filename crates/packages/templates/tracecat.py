from @module@ import Connector


def main(command, parameters, settings):
    given = {name: value for name, value in settings.items() if value not in (None, "")}
    wanted = {name: value for name, value in parameters.items() if value is not None}
    return Connector(**given).execute(command, wanted)
