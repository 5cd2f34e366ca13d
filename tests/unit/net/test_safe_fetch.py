"""A result URL may lead to the open internet or to a host somebody configured: nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from app.errors import ImageDownload, ImageExpired
from app.net.addresses import Resolve, is_public
from app.net.client import NetClient
from app.net.fetch import safe_fetch
from tests.fakes.vendor import Fault, Vendor, free_port, serving, vendor_app
from tests.fakes.vendor_bfl import bfl_routes

PUBLIC = "93.184.216.34"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def base(vendor: Vendor) -> AsyncIterator[str]:
    async with serving(vendor_app(vendor, bfl_routes(vendor))) as url:
        yield url


@pytest.fixture
async def net() -> AsyncIterator[NetClient]:
    async with NetClient() as client:
        yield client


def always(*addresses: str) -> Resolve:
    async def lookup(host: str, port: int) -> list[str]:
        return list(addresses)

    return lookup


def trusted(base: str) -> frozenset[str]:
    return frozenset({base.removeprefix("http://")})


async def no_lookup(host: str, port: int) -> list[str]:
    raise AssertionError("looked up a name that was to be refused before")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "ftp://example.org/x.png",
        "http://example.org/x.png",
        "https://good@evil.example/x.png",
        "https://user:pw@example.org/x.png",
        "https://example.org:22/x.png",
        "https://example.org:8443/x.png",
        "//example.org/x.png",
        "https://",
        "https:///x.png",
        "https://[bad/x.png",
        "",
        "x.png",
        "https://exa\nmple.org/",
    ],
)
async def test_an_address_of_the_wrong_kind_is_refused_unseen(net: NetClient, url: str) -> None:
    with pytest.raises(ImageDownload):
        await safe_fetch(net, url, lookup=no_lookup)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "[::1]",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[fd00::1]",
    ],
)
async def test_no_address_inside_is_reached_however_it_is_spelled(
    net: NetClient, host: str
) -> None:
    with pytest.raises(ImageDownload):
        await safe_fetch(net, f"https://{host}/x.png", seconds=2)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "not an address",
    ],
)
def test_an_address_that_is_not_public_is_known_as_such(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_known_as_such(address: str) -> None:
    assert is_public(address)


async def test_one_private_answer_among_public_ones_is_enough_to_refuse(net: NetClient) -> None:
    with pytest.raises(ImageDownload):
        await safe_fetch(net, "https://cdn.example/x", lookup=always(PUBLIC, "10.0.0.1"))


async def test_an_unknown_name_is_a_failed_download(net: NetClient) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(ImageDownload):
        await safe_fetch(net, "https://nowhere.example/x", lookup=unknown)


def watching(seen: list[httpx.Request]) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "192.0.2.1":
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, stream=httpx.ByteStream(b"picture"), request=request)

    return handler


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    seen: list[httpx.Request] = []
    async with NetClient(transport=httpx.MockTransport(watching(seen))) as net:
        await safe_fetch(net, "https://cdn.example/x?sig=1", lookup=always(PUBLIC))
    (request,) = seen
    assert str(request.url) == f"https://{PUBLIC}/x?sig=1"
    assert request.headers["host"] == "cdn.example"
    assert request.extensions["sni_hostname"] == "cdn.example"


async def test_a_connection_known_by_address_is_not_kept_for_another_name() -> None:
    seen: list[httpx.Request] = []
    async with NetClient(transport=httpx.MockTransport(watching(seen))) as net:
        await safe_fetch(net, "https://cdn.example/x", lookup=always(PUBLIC))
    assert seen[0].headers["connection"] == "close"


async def test_the_name_is_looked_up_once() -> None:
    asked: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    seen: list[httpx.Request] = []
    async with NetClient(transport=httpx.MockTransport(watching(seen))) as net:
        await safe_fetch(net, "https://cdn.example/x", lookup=changing)
    assert (len(asked), seen[0].url.host) == (1, PUBLIC)


async def test_the_next_address_is_tried_when_nobody_answers_at_the_first() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, stream=httpx.ByteStream(b"picture"), request=request)

    async with NetClient(transport=httpx.MockTransport(handler)) as net:
        assert await safe_fetch(net, "https://c.example/", lookup=always(PUBLIC, "1.1.1.1"))
    assert [request.url.host for request in seen] == [PUBLIC, "1.1.1.1"]


async def test_behind_a_proxy_the_proxy_looks_the_name_up() -> None:
    seen: list[httpx.Request] = []
    transport = httpx.MockTransport(watching(seen))
    async with NetClient(proxy="http://proxy.test:3128", transport=transport) as net:
        assert net.proxied
        with pytest.raises(ImageDownload):
            await safe_fetch(net, "https://127.0.0.1/x", lookup=always("127.0.0.1"))
    assert seen == []


async def test_a_configured_host_may_be_http_and_loopback(
    net: NetClient, base: str, vendor: Vendor
) -> None:
    vendor.fail(Fault(on="download", do="answer", text="picture"))
    got = await safe_fetch(net, f"{base}/delivery/1", trusted_hosts=trusted(base))
    assert got == b"picture"


@pytest.mark.parametrize(
    "url, host",
    [
        ("http://images.test/x", "images.test"),
        ("https://images.test/x", "images.test"),
        ("http://images.test/x", "images.test:80"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ],
)
async def test_a_trusted_host_is_reached_by_its_name(url: str, host: str) -> None:
    seen: list[httpx.Request] = []
    async with NetClient(transport=httpx.MockTransport(watching(seen))) as net:
        await safe_fetch(net, url, trusted_hosts={host}, lookup=no_lookup)
    assert str(seen[0].url) == url


async def test_trust_is_for_that_port_only(net: NetClient, base: str) -> None:
    with pytest.raises(ImageDownload):
        await safe_fetch(
            net, f"http://127.0.0.1:{free_port()}/x", trusted_hosts=trusted(base) | {"127.0.0.1"}
        )


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_what_is_no_longer_given_out_is_expired(
    net: NetClient, base: str, vendor: Vendor, status: int
) -> None:
    vendor.fail(Fault(on="download", do="answer", status=status))
    with pytest.raises(ImageExpired):
        await safe_fetch(net, f"{base}/delivery/1", trusted_hosts=trusted(base))


@pytest.mark.parametrize("status", [204, 206, 301, 302, 429, 500, 503])
async def test_any_other_status_is_a_failed_download(
    net: NetClient, base: str, vendor: Vendor, status: int
) -> None:
    headers = {"location": f"{base}/delivery/2"}
    vendor.fail(Fault(on="download", do="answer", status=status, headers=headers))
    with pytest.raises(ImageDownload):
        await safe_fetch(net, f"{base}/delivery/1", trusted_hosts=trusted(base))
    assert len(vendor.ledger.of("download")) == 1


@pytest.mark.parametrize("do", ["hang", "drip", "cut", "reset", "endless", "gzip"])
async def test_a_broken_slow_or_swollen_body_is_a_failed_download_in_time(
    net: NetClient, base: str, vendor: Vendor, do: str
) -> None:
    vendor.fail(Fault(on="download", do=do))
    with pytest.raises(ImageDownload):
        await safe_fetch(
            net, f"{base}/delivery/1", trusted_hosts=trusted(base), limit=200_000, seconds=0.1
        )


async def test_an_announced_size_over_the_cap_is_refused_unread(
    net: NetClient, base: str, vendor: Vendor
) -> None:
    vendor.fail(Fault(on="download", do="cut"))
    with pytest.raises(ImageDownload, match="announces"):
        await safe_fetch(net, f"{base}/delivery/1", trusted_hosts=trusted(base), limit=999)


async def test_the_error_tells_no_signed_url(net: NetClient, base: str, vendor: Vendor) -> None:
    vendor.fail(Fault(on="download", do="reset"))
    with pytest.raises(ImageDownload) as caught:
        await safe_fetch(net, f"{base}/delivery/1?sig=s3cret", trusted_hosts=trusted(base))
    assert "s3cret" not in str(caught.value)
