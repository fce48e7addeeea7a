def main(answer):
    if answer["returnData"] == "Running":
        follow = f"Run it again with Follow = {answer['followToken']}. It follows the same work, and starts nothing."
        raise RuntimeError(f"{answer['message']} {follow}")
    if answer["returnData"] != "Successful":
        details = answer.get("errorDetails") or {}
        parts = (answer.get("error"), details.get("cause"), details.get("cure"))
        raise RuntimeError(" ".join(part for part in parts if part))
    return answer
