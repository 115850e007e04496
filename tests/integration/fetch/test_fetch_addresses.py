"""Where a client goes when a peer, a name or a certificate sends it elsewhere."""

import datetime
import ssl
from contextlib import AsyncExitStack

import pytest
import trustme
from hostile import (
    INTERNET,
    SITE,
    HostilePeer,
    Names,
    Open,
    code_of,
    redirect,
)

from fedi.core.errors import ForbiddenAddress, Unreachable
from fedi.core.fetch import Fetcher


async def test_a_peer_of_the_internet_is_reached_by_name(
    open_fetcher: Open, public: HostilePeer
) -> None:
    names = Names(peer_org=[[INTERNET]])
    fetcher = open_fetcher(also=[INTERNET], resolver=names)
    url = public.serve("/o/1")
    assert (await fetcher.get_document(url)).url == url
    assert names.questions == ["peer.org"]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["0.1.2.3"],
        [INTERNET, "127.0.0.1"],
        ["127.0.0.1", INTERNET],
    ],
)
async def test_a_name_with_a_private_address_is_refused(
    open_fetcher: Open, public: HostilePeer, peer: HostilePeer, addresses: list[str]
) -> None:
    fetcher = open_fetcher(also=[INTERNET], resolver=Names(peer_org=[addresses]))
    for server in (public, peer):
        url = f"http://peer.org:{server.port}/o/1"
        assert await code_of(fetcher.get_document(url)) == "private-address"
        assert server.connections == 0


async def test_a_name_that_changes_its_mind_is_refused(
    open_fetcher: Open, public: HostilePeer, peer: HostilePeer
) -> None:
    names = Names(peer_org=[[INTERNET], ["127.0.0.1"]])
    fetcher = open_fetcher(also=[INTERNET], resolver=names)
    await fetcher.get_document(public.serve("/o/1"))
    peer.name = "peer.org"
    assert await code_of(fetcher.get_document(peer.serve("/o/1"))) == "private-address"
    assert peer.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "localhost", "a.test"])
async def test_a_private_name_or_literal_is_never_asked(
    open_fetcher: Open, public: HostilePeer, peer: HostilePeer, host: str
) -> None:
    fetcher = open_fetcher(also=[INTERNET], resolver=Names(peer_org=[[INTERNET]]))
    private = f"http://{host}:{peer.port}/secret"
    hop = public.on("/hop", redirect(private))
    for fetching in (
        fetcher.get_document(private),
        fetcher.get_document(hop, any_origin=True),
        fetcher.get_json(hop, any_origin=True),
        fetcher.post(private, b"{}", {}),
    ):
        with pytest.raises(ForbiddenAddress):
            await fetching
    assert peer.connections == 0


async def test_our_own_address_is_not_asked(fetcher: Fetcher) -> None:
    assert await code_of(fetcher.get_document(f"{SITE.url}/o/1")) == "own-address"


async def test_in_production_http_is_not_spoken(open_fetcher: Open, public: HostilePeer) -> None:
    fetcher = open_fetcher(allow_http=False, also=[INTERNET], resolver=Names())
    assert await code_of(fetcher.get_document(public.serve("/o/1"))) == "plain-http"
    assert public.connections == 0


async def test_a_name_without_an_address_may_get_one_later(open_fetcher: Open) -> None:
    fetcher = open_fetcher(resolver=Names())
    assert await code_of(fetcher.get_document("https://nowhere.org/")) == "dns"


async def test_a_port_nobody_listens_on_may_open_later(fetcher: Fetcher, peer: HostilePeer) -> None:
    async with HostilePeer() as closed:
        url = closed.url("/o/1")
    assert await code_of(fetcher.get_document(url)) == "connect"


@pytest.mark.parametrize(
    "path", ["/a/../b//c", "/%2e%2e/%zz", "/é?q=ü", "/a;b=c'(d)!?x=a+b&y=%20", "/a?", "?q", "/~x"]
)
async def test_the_path_is_sent_as_it_is_signed(
    open_fetcher: Open, peer: HostilePeer, path: str
) -> None:
    signed = []

    def sign(url: str) -> dict[str, str]:
        signed.append(url)
        return {}

    fetcher = open_fetcher(allow_private=True, signers=[sign])
    assert await code_of(fetcher.get_document(peer.url(path))) == "not-found"
    assert signed == [peer.url(peer.targets[0])]


def tls_of(
    authority: trustme.CA, name: str, expires: datetime.datetime | None = None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=expires).configure_cert(context)
    return context


@pytest.mark.parametrize("flaw", ["expired", "self-signed", "wrong name", "none"])
async def test_only_a_trusted_certificate_of_that_name_will_do(
    open_fetcher: Open, stack: AsyncExitStack, flaw: str
) -> None:
    trusted, unknown = trustme.CA(), trustme.CA()
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = {
        "expired": lambda: tls_of(trusted, "peer.org", past),
        "self-signed": lambda: tls_of(unknown, "peer.org"),
        "wrong name": lambda: tls_of(trusted, "other.org"),
        "none": lambda: tls_of(trusted, "peer.org"),
    }[flaw]()
    server = HostilePeer(host=INTERNET, name="peer.org", tls=certificate)
    await stack.enter_async_context(server)
    client = ssl.create_default_context()
    trusted.configure_trust(client)
    fetcher = open_fetcher(
        allow_http=False,
        tls=client,
        ports={server.port},
        also=[INTERNET],
        resolver=Names(peer_org=[[INTERNET]]),
    )
    url = server.serve("/o/1")
    if flaw == "none":
        assert (await fetcher.get_document(url)).url == url
        return
    with pytest.raises(Unreachable) as failed:
        await fetcher.get_document(url)
    assert failed.value.code == "tls"
    assert server.requests == []
