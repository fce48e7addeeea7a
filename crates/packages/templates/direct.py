"""Runs the commands of @name@ with the Python package @module@."""

from @module@ import Connector

__all__ = ["Connector"]
