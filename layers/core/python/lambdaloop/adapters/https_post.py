"""One POST over HTTPS to an address that somebody configured: never to a private network, and never where a redirect leads.

A function in AWS can reach addresses that no outsider can (such as the one that gives out credentials), so an address is looked up
once, refused where it is not public, and exactly what was found is connected to: a name that answers otherwise the second time gains
nothing.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from urllib.parse import urlsplit

from lambdaloop.domain.errors import AlertUndeliveredError

_READ_BYTES = 500
"""Of an answer: enough to tell why it was refused."""
_UNUSABLE = "the address must be https://host/… without user and password, in ASCII and without spaces"


def _addresses(host: str, port: int) -> set[str]:
    return {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}


def public_addresses(
    host: str, port: int, *, find: Callable[[str, int], Collection[str]] = _addresses
) -> list[str]:
    """The addresses of a host, all of which are public; AlertUndeliveredError where one is not, or there is none.

    Those of IPv4 first: a function outside of a VPC does not reach others.
    """
    try:
        found = find(host, port)
    except OSError as error:
        raise AlertUndeliveredError(f"host {host!r} has no address: {error}") from error
    for address in found:
        if not ipaddress.ip_address(address).is_global:
            raise AlertUndeliveredError(f"host {host!r} is at {address}, which is not a public address")
    return sorted(found, key=lambda each: (ipaddress.ip_address(each).version, each))


def open_tcp(
    addresses: Sequence[str],
    port: int,
    seconds: float,
    *,
    connect: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection,
) -> socket.socket:
    """A connection to the first address that takes it; all together get the time that one would."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return connect((address, port), seconds / len(addresses))
    return connect((last, port), seconds / len(addresses))


def open_tls(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to a public address of the host, whose certificate is the host's."""
    plain = open_tcp(public_addresses(host, port), port, seconds)
    plain.settimeout(seconds)
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float,
    connect: Callable[[str, int, float], socket.socket] = open_tls,
) -> tuple[int, str]:
    """Status, and the beginning of the answer. AlertUndeliveredError for an address that is not to be used, or does not answer."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise AlertUndeliveredError(_UNUSABLE) from None
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise AlertUndeliveredError(_UNUSABLE)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with closing(http.client.HTTPSConnection(parts.hostname, port, timeout=seconds)) as connection:
            connection.sock = connect(parts.hostname, port, seconds)
            connection.request("POST", target, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(_READ_BYTES).decode(errors="replace")
    except (http.client.InvalidURL, UnicodeError):
        raise AlertUndeliveredError(_UNUSABLE) from None  # the error holds the address, which is a secret
    except (OSError, http.client.HTTPException) as error:
        raise AlertUndeliveredError(f"no answer from {parts.hostname}: {error}") from error
