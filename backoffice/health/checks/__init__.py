"""The checks of what every app stands on. Importing them registers them."""

from backoffice.health.checks import broker, database, machine, mail_server, processes, serving, setup

__all__ = ["broker", "database", "machine", "mail_server", "processes", "serving", "setup"]
