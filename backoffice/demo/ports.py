"""Which ports the demo listens on."""

import errno
import socket
from dataclasses import dataclass

from django.core.management.base import CommandError

HOST = "127.0.0.1"
LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Ports:
    web: int
    mail_page: int
    smtp: int


def choose_ports(web: int) -> Ports:
    """The web on the port asked for, the mail catcher on the next two or, when those are taken, on free ones.

    Raises:
        CommandError: the web's port cannot be had; the message says which one can.
    """
    if not 0 < web <= LAST_PORT:
        msg = f"{web} is not a port. Choose one from 1024 to {LAST_PORT}: make demo PORT=8000"
        raise CommandError(msg)
    if problem := _problem(web):
        way_out = next((port for port in range(max(web, 1024) + 1, LAST_PORT) if not _problem(port)), 8000)
        msg = f"Port {web} {problem}. Stop what uses it, or choose another: make demo PORT={way_out}"
        raise CommandError(msg)
    near = [web + 1, web + 2]
    if near[-1] > LAST_PORT or any(_problem(port) for port in near):
        near = _any_free(2)
    return Ports(web, *near)


def _problem(port: int) -> str:
    """What keeps us from listening there; empty when nothing does. A browser may try IPv6 first, so both count."""
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
        except PermissionError:
            return "may only be used by the administrator of this machine"
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is taken"
            if family == socket.AF_INET:
                raise
    return ""


def _any_free(count: int) -> list[int]:
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind((HOST, 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
