"""The triggers that write the history, and those that keep it from being altered."""

from audit.triggers.installing import faults, install

__all__ = ["faults", "install"]
