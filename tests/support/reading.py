"""A debate between networks, large enough to look at, for tests with a browser."""

from datetime import timedelta

from factories import make_local, make_person, make_remote_actor
from notes import received
from visitors import Site

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor, Dialect, Role
from actors.peers import find_peer
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.posts import delete_post, write_reply
from fedi.debates.search.keeping import Indexer
from fedi.debates.threads import open_thread

TITLE = "Prêter nos machines : à quelles conditions ?"
HOSTILE = (
    "<p>Texte <b>honnête</b><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"></p><p style='position:fixed;inset:0'>voile</p>"
    "<svg onload=\"document.title='owned'\"></svg><a href='javascript:alert(1)'>piège</a>"
    "<p>" + "interminable" * 40 + "</p>"
)


async def furnish(site: Site) -> str:
    """Fill a node with three networks and a debate; returns the path of the debate."""
    async with site.node.db.unit() as unit:
        group = await make_local(
            unit, Role.GROUP, "communs", name="Biens communs", summary="Ce que nous partageons."
        )
        camille = await make_person(unit, "camille")
        await _befriend(unit, "Ateliers vélo de Loire", "https://velo.example", minutes=2)
        await _befriend(unit, "Cafés d’Occitanie", "https://cafes.example", failing_days=3)
        thread = await open_thread(
            unit,
            camille,
            group,
            title=TITLE,
            question="Que faut-il écrire, et que laisser à la confiance ?",
            text="Au printemps, une fraiseuse a passé onze semaines dans une grange. " * 6
            + "\n\n1. Qui répond de l’objet ?\n2. Qui décide ?\n\n> On présente le départ.",
            language="fr",
        )
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        await _answer(unit, root, camille)
    await Indexer(site.node.db).run_once()
    return f"/d/{thread.key}/preter-nos-machines-a-quelles-conditions"


async def _befriend(
    unit: Unit, name: str, origin: str, *, minutes: int = 0, failing_days: int = 0
) -> None:
    us = await network_actor(unit)
    them = await make_remote_actor(unit, "debats", origin, "Group", Dialect.NODE, name=name)
    for uri, one, other in ((f"{us.uri}#{name}", us, them), (f"{origin}/1", them, us)):
        await accept_follow(unit, await request_follow(unit, uri, one, other))
    peer = await find_peer(unit, origin)
    peer.heard_at = unit.now - timedelta(minutes=minutes)
    if failing_days:
        peer.failing_since = unit.now - timedelta(days=failing_days)


async def _answer(unit: Unit, root: Post, camille: Actor) -> None:
    """Answers from everywhere: nested, hostile, in another language, taken back."""
    idriss = await make_remote_actor(unit, "idriss", "https://velo.example", name="Idriss Malaval")
    guilhem = await make_remote_actor(
        unit, "guilhem", "https://cafes.example", name="Guilhem Oustau"
    )
    perrine = await make_remote_actor(unit, "perrine", "https://social.example")
    above = root.uri
    for number, author in enumerate((idriss, guilhem, idriss, perrine, idriss, guilhem, idriss)):
        post = await received(
            unit, author, f"deep{number}", inReplyTo=above, at=number, content="<p>D’accord ?</p>"
        )
        above = post.uri
    await received(unit, perrine, "hostile", inReplyTo=root.uri, at=20, content=HOSTILE)
    await received(
        unit, perrine, "english", inReplyTo=root.uri, at=30, contentMap={"en": "<p>I agree.</p>"}
    )
    mistake = await write_reply(unit, camille, root, text="Un mot de trop.")
    await delete_post(unit, camille, mistake)
