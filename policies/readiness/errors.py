"""What stops a run before a verdict: one small tree, each error with what to do about it. Exit code 2."""


class ReadinessError(Exception):
    """Root of the tree: the gate could not judge. The message names the file or option and the way out."""


class NothingToJudge(ReadinessError):
    """The path does not exist, cannot be read or holds nothing that the gate knows."""


class BadRequest(ReadinessError):
    """An option names something that does not exist, such as an unknown item or control."""
