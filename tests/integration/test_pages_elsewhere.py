"""Taking part from elsewhere: visitors go home, members bring what they met, networks follow."""

from pathlib import Path
from urllib.parse import quote

import pytest
from factories import make_remote_actor, remote_document
from hostile import HostilePeer, document
from notes import note, received
from opened import opened
from sqlalchemy import select
from visitors import pages

from actors.models import Actor, Follow, Role
from fedi.core.vocab import JRD_JSON

LISBON = "https://lisbon.example"
CREATE, OBJECT = "https://w3id.org/fep/3b86/Create", "https://w3id.org/fep/3b86/Object"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"


def publish_templates(peer: HostilePeer, **templates: str) -> str:
    """Let a peer say where it takes what; returns a handle there."""
    host = peer.origin.partition("://")[2]
    resource = quote(f"acct:ana@{host}", safe="")
    links = [{"rel": rel, "template": template} for rel, template in templates.items()]
    answer = document({"subject": f"acct:ana@{host}", "links": links}, JRD_JSON)
    peer.on(f"/.well-known/webfinger?resource={resource}", answer)
    return f"@ana@{host}"


@pytest.mark.parametrize(
    ("rels", "target", "rest"),
    [
        ((SUBSCRIBE,), "/interact?uri=", ""),
        ((SUBSCRIBE, OBJECT), "/see?o=", ""),
        ((SUBSCRIBE, OBJECT, CREATE), "/write?a=", "&t="),
    ],
)
async def test_a_visitor_replies_from_their_own_server(
    tmp_path: Path, rels: tuple[str, ...], target: str, rest: str
):
    async with opened(tmp_path) as it, HostilePeer() as peer:
        places = {
            SUBSCRIBE: "/interact?uri={uri}",
            OBJECT: "/see?o={object}",
            CREATE: "/write?a={inReplyTo}&t={content}",
        }
        handle = publish_templates(peer, **{rel: peer.url(places[rel]) for rel in rels})
        visitor = it.site.visitor()
        page = await visitor.get(it.page.path)
        assert "Reply from your own server" in page.words
        page = await visitor.send("/interact", uri=it.root.uri, handle=handle)
        expected = peer.url(target + quote(it.root.uri, safe="") + rest)
        assert page.headers["Refresh"] == f"0; url={expected}"
        assert expected in page.links()
        page = await visitor.get(it.page.path)
        assert f'value="{handle}"' in page.text, "the address is remembered"


@pytest.mark.parametrize(
    ("handle", "sentence"),
    [
        ("ana", "An address looks like @name@server.example."),
        ("https://evil.example/", "An address looks like @name@server.example."),
        ("@ana@127.0.0.1:1", "That server does not say where it takes replies"),
    ],
)
async def test_a_way_that_is_not_found_is_told_with_another_one(
    tmp_path: Path, handle: str, sentence: str
):
    async with opened(tmp_path) as it:
        page = await it.site.visitor().send("/interact", uri=it.root.uri, handle=handle)
        assert page.status == 422
        assert sentence in page.words
        assert it.root.uri in page.words, "what to search for over there"
        assert f'value="{handle}"' in page.text


async def test_a_server_cannot_send_a_visitor_to_a_script(tmp_path: Path):
    async with opened(tmp_path) as it, HostilePeer() as peer:
        handle = publish_templates(
            peer, **{SUBSCRIBE: "javascript:alert('{uri}')", OBJECT: "data:text/html,{object}"}
        )
        page = await it.site.visitor().send("/interact", uri=it.root.uri, handle=handle)
        assert page.status == 422
        assert "Refresh" not in page.headers


async def test_buttons_of_a_message_lead_visitors_to_where_they_say_their_server(tmp_path: Path):
    async with opened(tmp_path) as it:
        visitor = it.site.visitor()
        (link,) = set((await visitor.get(it.page.path)).links("/interact"))
        page = await visitor.get(link)
        assert page.title == "Take part from your own server"
        assert f'value="{it.root.uri}"' in page.text
        assert (await visitor.get("/interact?post=0123456789abcdefghjkmnpqrs")).status == 404


async def test_a_member_answers_from_here_a_message_met_elsewhere(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            post = await received(unit, ana, "far", inReplyTo=it.root.uri)
        path = f"/authorize_interaction?uri={quote(post.uri, safe='')}"
        page = await it.elise.get(path)
        assert page.title == "From here"
        assert "far" in page.words
        assert f'action="/posts/{post.key}/reply"' in page.text
        for link in (f"/interact?uri={quote(post.uri, safe='')}", f"/interact?post={post.key}"):
            assert (await it.elise.get(link)).title == "From here", link
        assert (await it.site.visitor().get(path)).path.startswith("/sign-in?next=")


async def test_a_message_unknown_here_is_fetched_for_a_member(tmp_path: Path):
    async with opened(tmp_path) as it, HostilePeer() as peer:
        peer.serve("/users/ana", **remote_document("ana", peer.origin))
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", peer.origin)
        written = note(ana, "new", name="Un débat de là-bas")
        peer.serve("/notes/new", **written)
        page = await it.elise.get(f"/authorize_interaction?uri={quote(written['id'], safe='')}")
        assert page.status == 200
        assert "Answer Ana from here" in page.words


async def test_an_address_that_leads_nowhere_is_told(tmp_path: Path):
    async with opened(tmp_path) as it:
        for uri in ("nonsense", "", "javascript:alert(1)"):
            page = await it.elise.get(f"/authorize_interaction?uri={quote(uri, safe='')}")
            assert page.status == 404, uri
        for uri in ("http://127.0.0.1:1/x", "@ana@127.0.0.1:1"):
            page = await it.elise.get(f"/authorize_interaction?uri={quote(uri, safe='')}")
            assert (page.status, page.title) == (502, "The other server does not answer"), uri


# --- networks ----------------------------------------------------------------------------


async def test_an_administrator_follows_a_network_after_seeing_what_was_found(tmp_path: Path):
    async with pages(tmp_path) as site, HostilePeer() as peer:
        uri = peer.serve(
            "/users/debats", **remote_document("debats", peer.origin, "Group", name="Lisbonne")
        )
        odile = await site.member("odile", admin=True)
        page = await odile.send("/networks", address=uri)
        assert "Lisbonne" in page.words
        assert "Follow this network" in page.words
        async with site.node.db.reading() as unit:
            assert (await unit.session.scalars(select(Follow))).all() == []
        page = await odile.send("/networks", address=uri, confirm="1")
        assert (page.status, page.path) == (200, "/networks")
        assert "Waits for its answer" in page.words
        async with site.node.db.reading() as unit:
            follow = (await unit.session.scalars(select(Follow))).one()
            us = (await unit.session.scalars(select(Actor).where(Actor.role == Role.NETWORK))).one()
            assert follow.follower_id == us.id


async def test_a_member_does_not_choose_which_networks_are_followed(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        page = await elise.send("/networks", address="@debats@lisbon.example", confirm="1")
        assert page.status == 403


async def test_an_address_of_no_network_is_told_in_words(tmp_path: Path):
    async with pages(tmp_path) as site, HostilePeer() as peer:
        person = peer.serve("/users/ana", **remote_document("ana", peer.origin))
        odile = await site.member("odile", admin=True)
        for address, sentence in (
            (person, "This is somebody, not a network: only groups hold debates."),
            ("nonsense", "We found no network at this address."),
            ("http://127.0.0.1:1/x", "That server does not answer; try again a little later."),
        ):
            page = await odile.send("/networks", address=address)
            assert page.status == 422, address
            assert sentence in page.words
            assert f'value="{address}"' in page.text


# --- people ------------------------------------------------------------------------------


async def test_a_member_follows_somebody_and_stops(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
        path = "/p/ana@lisbon.example"
        assert 'action="/follow"' not in (await it.site.visitor().get(path)).text
        assert 'action="/follow"' in (await it.elise.get(path)).text
        page = await it.elise.send("/follow", actor=ana.uri)
        assert page.path == path
        assert "You asked to follow; the answer is awaited." in page.words
        async with it.site.node.db.unit() as unit:
            follow = (await unit.session.scalars(select(Follow))).one()
            assert follow.followed_id == ana.id
            follow.accepted_at = unit.now
        assert "Stop following" in (await it.elise.get(path)).words
        page = await it.elise.send("/unfollow", actor=ana.uri)
        assert 'action="/follow"' in page.text
        async with it.site.node.db.reading() as unit:
            assert (await unit.session.scalars(select(Follow))).all() == []


async def test_a_member_follows_a_group_of_the_network_at_once(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.send("/follow", actor=f"{it.site.node.site.url}/g/communs")
        assert page.path == "/g/communs"
        assert "You follow." in page.words
        assert 'action="/follow"' not in (await it.elise.get("/p/elise")).text


async def test_nobody_is_followed_who_is_not_known(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.send("/follow", actor="https://nowhere.example/x")
        assert page.status == 404
        page = await it.elise.send("/follow", actor=f"{it.site.node.site.url}/p/elise")
        assert page.status == 422
        assert "Nobody follows themselves." in page.words
