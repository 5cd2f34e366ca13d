"""Which addresses a URL from outside may lead to: public ones only, looked up once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Resolve = Callable[[str, int], Awaitable[list[str]]]

_NAT64 = IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a name, IPv4 first (many machines have no way out for IPv6).

    Raises OSError when the name is unknown.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in ordered))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, seen through IPv6's ways to hide IPv4."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    hidden = _hidden(ip)
    if hidden is not None:
        return is_public(str(hidden))
    return ip.is_global and not ip.is_multicast


def _hidden(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv4-mapped, 6to4, Teredo or NAT64 address."""
    if isinstance(ip, IPv4Address):
        return None
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
