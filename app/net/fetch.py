"""Downloads a finished picture from a URL a vendor named, and from nowhere inside our walls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass

import httpx

from app.errors import ImageDownload, ImageExpired
from app.net.addresses import Resolve, is_public, resolve
from app.net.client import BadReply, NetClient, read_capped, refuse_encoding

#: providers.md 9: no picture of ours comes near this
MAX_PICTURE = 40 * 1024 * 1024
_ADDRESSES_TRIED = 3
_GONE = frozenset({401, 403, 404, 410})
_LOCAL = frozenset({"localhost", "local", "internal"})
_HOST = re.compile(rb"[0-9a-zA-Z._-]+|[0-9a-fA-F:.]+")
_DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """A URL that may be fetched, and the addresses it may be fetched from (None: by name)."""

    url: httpx.URL
    addresses: tuple[str | None, ...]


async def safe_fetch(
    net: NetClient,
    url: str,
    *,
    trusted_hosts: Collection[str] = (),
    limit: int = MAX_PICTURE,
    seconds: float = 60.0,
    lookup: Resolve = resolve,
) -> bytes:
    """The bytes behind `url`, at most `limit` of them, within `seconds` altogether.

    Only https on port 443 and only public addresses, looked up once and then connected to as
    found; a host in `trusted_hosts` ("name" on the default port, or "name:port") may be http and
    private. No redirects, no encodings, and no header of ours but User-Agent.

    Raises `ImageExpired` when the vendor no longer gives it out (401, 403, 404, 410), else
    `ImageDownload`; neither names the URL, which may be signed.
    """
    try:
        async with asyncio.timeout(seconds), net.fetch_gate:
            target = await _admit(net, url, trusted_hosts, lookup)
            return await _first_reachable(net, target, limit)
    except TimeoutError as error:
        raise ImageDownload(f"the picture did not arrive within {seconds:g} s") from error
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise ImageDownload(f"the picture broke off ({type(error).__name__})") from error
    except BadReply as error:
        raise ImageDownload(str(error)) from error


async def _admit(
    net: NetClient, url: str, trusted_hosts: Collection[str], lookup: Resolve
) -> _Target:
    """Refuse every URL that leads, or could lead, anywhere but to the open internet."""
    parsed = _parse(url)
    port = parsed.port or _DEFAULT_PORT[parsed.scheme]
    if _is_trusted(parsed, port, trusted_hosts):
        return _Target(url=parsed, addresses=(None,))
    if parsed.scheme != "https" or port != 443:
        raise ImageDownload("the picture's address is not plain https")
    if net.proxied and not _is_literal(parsed.host):
        # The proxy looks names up itself, and what it lets through is the company's choice.
        return _Target(url=parsed, addresses=(None,))
    addresses = await lookup(parsed.host, port)
    if not addresses or not all(is_public(address) for address in addresses):
        raise ImageDownload("the picture's address does not lead to the open internet")
    return _Target(url=parsed, addresses=tuple(addresses[:_ADDRESSES_TRIED]))


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise ImageDownload("the picture's address is not a URL") from error
    if parsed.scheme not in _DEFAULT_PORT or not _HOST.fullmatch(parsed.raw_host):
        raise ImageDownload("the picture's address is not a web address")
    if parsed.userinfo:
        raise ImageDownload("the picture's address carries a user name")
    return parsed


def _is_trusted(url: httpx.URL, port: int, trusted_hosts: Collection[str]) -> bool:
    name = f"[{url.host}]" if ":" in url.host else url.host
    by_name = port == _DEFAULT_PORT[url.scheme] and name in trusted_hosts
    return by_name or f"{name}:{port}" in trusted_hosts


def _is_literal(host: str) -> bool:
    """Whether the host is an address (in any spelling) or a name that never leaves the machine."""
    return ":" in host or host.rpartition(".")[2].lower() in _LOCAL or host[-1].isdigit()


async def _first_reachable(net: NetClient, target: _Target, limit: int) -> bytes:
    *others, last = target.addresses
    for address in others:
        try:
            return await _get(net, target.url, address, limit)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await _get(net, target.url, last, limit)


async def _get(net: NetClient, url: httpx.URL, address: str | None, limit: int) -> bytes:
    request = _pinned(net, url, address)
    response = await net.http.send(request, stream=True)
    try:
        _refuse_status(response.status_code)
        refuse_encoding(response)
        return await read_capped(response, limit)
    finally:
        await response.aclose()


def _pinned(net: NetClient, url: httpx.URL, address: str | None) -> httpx.Request:
    """A request to exactly `address`, with the name in Host and in the TLS greeting.

    `Connection: close` keeps the pool from handing this connection, known there by its address
    only, to another name behind the same address.
    """
    headers = {"Accept": "image/png, image/jpeg, image/webp", "Connection": "close"}
    if address is None:
        return net.http.build_request("GET", url, headers=headers)
    headers["Host"] = url.netloc.decode("ascii")
    return net.http.build_request(
        "GET",
        url.copy_with(host=address),
        headers=headers,
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )


def _refuse_status(status: int) -> None:
    if status in _GONE:
        raise ImageExpired(f"the vendor no longer gives the picture out (HTTP {status})")
    if status != 200:
        raise ImageDownload(f"the picture's host answered HTTP {status}")
