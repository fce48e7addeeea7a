

class @class@Params(Params):
@parameters@


class @class@Output(ActionOutput):
@keys@    row_count: int
    rows: str
    warnings: list[str]


@app.action(description=@description@, verbose=@verbose@, action_type=@kind@, read_only=@read_only@)
def @function@(params: @class@Params, soar: SOARClient, asset: Asset) -> @class@Output:
    return @class@Output(**run(asset, @command@, params.@dump@(), @names@))
