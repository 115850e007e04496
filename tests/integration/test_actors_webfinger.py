"""WebFinger: our answers, and what we make of the answers of others."""

import ssl
from urllib.parse import quote

import pytest
import trustme
from factories import make_group, make_person, make_remote_actor
from hostile import HostilePeer, answer, document, redirect

from actors.webfinger import find_resource, lookup, lookup_intents
from fedi.core.errors import FediError, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget, Fetcher
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import Site
from fedi.core.vocab import ACTIVITY_JSON, JRD_JSON, LD_JSON


def path(handle: str) -> str:
    return f"/.well-known/webfinger?resource={quote('acct:' + handle, safe='')}"


def host(peer: HostilePeer) -> str:
    return peer.origin.partition("://")[2]


def link(href: object, kind: object = ACTIVITY_JSON) -> dict[str, object]:
    return {"rel": "self", "type": kind, "href": href}


def jrd(subject: object, *links: object) -> dict[str, object]:
    return {"subject": subject, "links": list(links)}


# --- our answers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "resource",
    [
        "acct:climat@node.test",
        "acct:Climat@NODE.test",
        "climat@node.test",
        "@climat@node.test",
        "https://node.test/g/climat",
    ],
)
async def test_an_actor_is_found_by_name_and_by_address(unit: Unit, resource: str) -> None:
    climat = await make_group(unit, "climat")

    assert await find_resource(unit, resource) is climat


async def test_the_node_itself_is_found_by_its_host_name(unit: Unit) -> None:
    actor = await find_resource(unit, "acct:node.test@node.test")

    assert actor.uri == "https://node.test/actor"


@pytest.mark.parametrize(
    "resource",
    [
        "acct:undefined@node.test",  # NodeBB asks this at each new thread
        "acct:climat@elsewhere.example",
        "acct:suspended@node.test",
        "acct:gone@node.test",
        "https://node.test/g/personne",
        "https://node.test/p/suspended",
        "https://lisbon.example/users/ana",
    ],
)
async def test_unknown_suspended_and_foreign_actors_have_the_same_answer(
    unit: Unit, resource: str
) -> None:
    (await make_person(unit, "suspended")).suspended_at = unit.now
    (await make_person(unit, "gone")).gone_at = unit.now
    await make_remote_actor(unit, "ana", "https://lisbon.example")

    with pytest.raises(NotFound) as missing:
        await find_resource(unit, resource)
    assert str(missing.value) == "there is no such actor here"


@pytest.mark.parametrize(
    "resource", ["", " ", "acct:", "acct:a@b@c", "acct:\x00@node.test", "climat", "a" * 3000]
)
async def test_what_is_no_name_is_malformed(unit: Unit, resource: str) -> None:
    with pytest.raises(Malformed):
        await find_resource(unit, resource)


# --- the answers of others ---------------------------------------------------------------


async def test_a_name_leads_to_an_actor(node: Node) -> None:
    async with HostilePeer() as peer:
        handle = f"ana@{host(peer)}"
        uri = peer.url("/users/ana")
        peer.on(path(handle), document(jrd(f"acct:{handle}", link(uri)), JRD_JSON))

        assert await lookup(node.fetcher, f"@{handle}", Budget()) == uri
        assert peer.requests[0].headers["accept"] == JRD_JSON


@pytest.mark.parametrize(
    ("links", "chosen"),
    [
        ([link("/users/ana", "text/html"), link("/users/ana")], "/users/ana"),
        ([link("/users/ana", LD_JSON)], "/users/ana"),
        ([link("/u/ana"), link("/c/ana")], "/u/ana"),
    ],
)
async def test_the_first_link_to_a_document_counts(
    node: Node, links: list[dict[str, str]], chosen: str
) -> None:
    async with HostilePeer() as peer:
        handle = f"ana@{host(peer)}"
        entries = [{**each, "href": peer.url(each["href"])} for each in links]
        peer.on(path(handle), document(jrd(f"acct:{handle}", *entries), JRD_JSON))

        assert await lookup(node.fetcher, handle) == peer.url(chosen)


UNUSABLE = {
    "no subject": jrd(None, link("https://a.example/ana")),
    "a subject that is an address": jrd("https://a.example/ana", link("https://a.example/ana")),
    "a subject that is no handle": jrd("acct:ana", link("https://a.example/ana")),
    "no link": jrd("acct:ana@HOST"),
    "a link to a page": jrd("acct:ana@HOST", link("https://a.example/ana", "text/html")),
    "a link without a type": jrd("acct:ana@HOST", link("https://a.example/ana", None)),
    "a link with a list of types": jrd("acct:ana@HOST", link("https://a.example/ana", ["x"])),
    "a link to data": jrd("acct:ana@HOST", link("data:application/json,{}")),
    "a link that is an object": jrd("acct:ana@HOST", link({"id": "https://a.example"})),
    "links that are none": {"subject": "acct:ana@HOST", "links": "x"},
}


@pytest.mark.parametrize("case", UNUSABLE)
async def test_an_answer_is_refused_for(node: Node, case: str) -> None:
    async with HostilePeer() as peer:
        handle = f"ana@{host(peer)}"
        script = document(UNUSABLE[case], JRD_JSON)
        if isinstance(subject := UNUSABLE[case].get("subject"), str):
            subject = subject.replace("HOST", host(peer))
            script = document(UNUSABLE[case] | {"subject": subject}, JRD_JSON)
        peer.on(path(handle), script)

        with pytest.raises((Malformed, NotFound)):
            await lookup(node.fetcher, handle)


async def test_a_handle_of_another_domain_has_to_be_confirmed_there(node: Node) -> None:
    async with HostilePeer(name="localhost") as server, HostilePeer() as domain:
        asked, true = f"ana@{host(server)}", f"ana@{host(domain)}"
        uri = server.url("/users/ana")
        server.on(path(asked), document(jrd(f"acct:{true}", link(uri)), JRD_JSON))
        domain.on(path(true), document(jrd(f"acct:{true}", link(uri)), JRD_JSON))

        assert await lookup(node.fetcher, asked) == uri


@pytest.mark.parametrize("confirmation", ["another actor", "another name again", "nothing"])
async def test_a_server_cannot_answer_for_the_names_of_another(
    node: Node, confirmation: str
) -> None:
    async with HostilePeer(name="localhost") as evil, HostilePeer() as victim:
        asked, claimed = f"x@{host(evil)}", f"alice@{host(victim)}"
        uri = evil.url("/users/alice")
        evil.on(path(asked), document(jrd(f"acct:{claimed}", link(uri)), JRD_JSON))
        truth = {
            "another actor": jrd(f"acct:{claimed}", link(victim.url("/users/alice"))),
            "another name again": jrd(f"acct:{asked}", link(uri)),
        }
        if confirmation in truth:
            victim.on(path(claimed), document(truth[confirmation], JRD_JSON))

        with pytest.raises((Malformed, NotFound)):
            await lookup(node.fetcher, asked)


async def test_a_domain_may_send_us_on_to_the_server_it_lives_on(node: Node) -> None:
    async with HostilePeer(name="localhost") as domain, HostilePeer() as server:
        handle = f"ana@{host(domain)}"
        uri = server.url("/users/ana")
        domain.on(path(handle), redirect(server.url("/wf")))
        server.on("/wf", document(jrd(f"acct:{handle}", link(uri)), JRD_JSON))

        assert await lookup(node.fetcher, handle) == uri


async def test_host_meta_tells_where_webfinger_is_when_it_is_elsewhere(node: Node) -> None:
    async with HostilePeer() as peer:
        handle = f"ana@{host(peer)}"
        uri = peer.url("/users/ana")
        template = {"rel": "lrdd", "template": peer.url("/wf?q={uri}")}
        links = {"links": ["x", {"rel": "other", "template": "{uri}"}, template]}
        peer.on("/.well-known/host-meta.json", document(links, "application/json"))
        target = f"/wf?q={quote('acct:' + handle, safe='')}"
        peer.on(target, document(jrd(f"acct:{handle}", link(uri)), JRD_JSON))

        assert await lookup(node.fetcher, handle) == uri


@pytest.mark.parametrize("links", [None, {"links": []}, {"links": [{"rel": "lrdd"}]}])
async def test_a_name_nobody_has_is_not_found(node: Node, links: object) -> None:
    async with HostilePeer() as peer:
        if links is not None:
            peer.on("/.well-known/host-meta.json", document(links, "application/json"))

        with pytest.raises(NotFound):
            await lookup(node.fetcher, f"personne@{host(peer)}")


async def test_a_server_in_trouble_may_be_asked_again(node: Node) -> None:
    async with HostilePeer() as peer:
        peer.on(path(f"ana@{host(peer)}"), answer(503))

        with pytest.raises(Unreachable):
            await lookup(node.fetcher, f"ana@{host(peer)}")


async def test_where_plain_http_is_not_allowed_https_is_asked() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    fetcher = Fetcher(Site("https://node.test"), user_agent="test", allow_private=True, tls=client)
    async with HostilePeer(name="localhost", tls=server) as peer:
        handle = f"ana@{host(peer)}"
        uri = peer.url("/users/ana")
        peer.on(path(handle), document(jrd(f"acct:{handle}", link(uri)), JRD_JSON))

        assert await lookup(fetcher, handle) == uri
        await fetcher.close()


async def test_a_visitor_is_sent_to_where_their_own_server_takes_them(node: Node) -> None:
    async with HostilePeer() as peer:
        handle = f"ana@{host(peer)}"
        subscribe = "http://ostatus.org/schema/1.0/subscribe"
        intent = "https://w3id.org/fep/3b86/"
        entries = [
            {"rel": subscribe, "template": "https://social.example/interact?uri={uri}"},
            {"rel": subscribe, "template": "https://second.example/?uri={uri}"},
            {"rel": f"{intent}Object", "template": peer.url("/interact?o={object}")},
            {"rel": f"{intent}Like", "template": "javascript:alert('{object}')"},
            {"rel": f"{intent}Follow", "template": "http://plain.example/?o={object}"},
            {"rel": f"{intent}Create", "template": "https://social.example/share"},
            {"rel": f"{intent}Announce", "template": 5},
            {"rel": "other", "template": "https://social.example/?x={uri}"},
            {"rel": None, "template": "https://social.example/?x={uri}"},
        ]
        peer.on(path(handle), document(jrd(f"acct:{handle}", *entries), JRD_JSON))

        assert await lookup_intents(node.fetcher, handle) == {
            subscribe: "https://social.example/interact?uri={uri}",
            f"{intent}Object": peer.url("/interact?o={object}"),
        }


async def test_what_is_no_handle_is_never_looked_up(node: Node) -> None:
    with pytest.raises(FediError):
        await lookup_intents(node.fetcher, "javascript:alert(1)")
