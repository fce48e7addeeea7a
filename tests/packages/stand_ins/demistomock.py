"""Our stand-in for Cortex XSOAR's `demistomock`, which is in no package registry."""


def command():
    return ""


def params():
    return {}


def args():
    return {}
