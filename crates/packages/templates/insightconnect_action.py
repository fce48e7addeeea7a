import insightconnect_plugin_runtime

from .schema import Component, Input, Output, @class@Input, @class@Output  # noqa: F401

# Custom imports below


class @class@(insightconnect_plugin_runtime.Action):
    def __init__(self):
        super(self.__class__, self).__init__(
            name="@name@",
            description=Component.DESCRIPTION,
            input=@class@Input(),
            output=@class@Output(),
        )

    def run(self, params={}):
        outcome = self.connection.run(@command@, params)
        return {
            Output.ROWS: outcome["contextData"],
            Output.KEY_FIELDS: outcome["keyFields"],
            Output.WARNINGS: [warning["message"] for warning in outcome["warnings"]],
        }
