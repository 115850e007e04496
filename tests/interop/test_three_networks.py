"""Three networks debate: real processes, real sockets, one tree."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from postgres import NoPostgres, Server
from processes import NodeProcess, Nodes, eventually, tree

from actors.local import get_local
from fedi.accounts.models import AccountRole
from fedi.accounts.sessions import find_account
from fedi.core.node import open_node
from fedi.core.settings import load_config
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.moderation.acts import act_on_post
from fedi.moderation.models import Act
from fedi.moderation.reports import list_reports, write_report

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database_of_velo(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """On PostgreSQL, where there is one: two kinds of nodes have to agree."""
    try:
        server: Server = request.getfixturevalue("postgres")
    except NoPostgres:
        yield ""
        return
    url = await server.create_database()
    yield url
    await server.drop_database(url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def networks(
    tmp_path_factory: pytest.TempPathFactory, database_of_velo: str
) -> AsyncIterator[tuple[NodeProcess, NodeProcess, NodeProcess]]:
    """Les Tilleuls, whose debates the two others follow, and a member of each."""
    async with Nodes(tmp_path_factory.mktemp("networks")) as nodes:
        tilleuls = await nodes.add("tilleuls", "camille")
        velo = await nodes.add("velo", "ines", database=database_of_velo)
        nord = await nodes.add("nord", "marc")
        for node in (velo, nord):
            await node.command("network", "follow", f"{tilleuls.url}/g/tilleuls")
        await eventually(lambda: _followers(tilleuls), lambda count: count == 2)
        yield tilleuls, velo, nord


async def _followers(node: NodeProcess) -> int:
    followers = await node.get(f"{node.url}/g/{node.handle}/followers")
    total: int = followers["totalItems"]
    return total


async def same_everywhere(
    nodes: tuple[NodeProcess, ...], root: str, count: int
) -> list[tuple[str, str | None, int, bool, str]]:
    """Wait until every node shows `count` posts and the tree of the first; that tree."""

    async def trees() -> list[list[tuple[str, str | None, int, bool, str]]]:
        return [tree(await node.thread(root)) for node in nodes]

    shown = await eventually(
        trees,
        lambda found: len(found[0]) == count and all(one == found[0] for one in found),
        seconds=60,
    )
    return shown[0]


async def _signatures_for(node: NodeProcess) -> list[str | None]:
    peers = json.loads(await node.command("peers", "list", "--json"))
    return [peer["signatures"] for peer in peers]


async def test_members_of_three_networks_see_one_tree(
    networks: tuple[NodeProcess, NodeProcess, NodeProcess],
) -> None:
    tilleuls, velo, nord = networks
    root = await tilleuls.open_debate(
        "camille", "Mutualiser nos ateliers bois ?", "<p>Qui décide, qui paie ?</p>"
    )
    await same_everywhere(networks, root, 1)

    from_velo = await velo.reply("ines", root, "<p>Chez nous, une SCIC porte l'atelier.</p>")
    await same_everywhere(networks, root, 2)
    from_nord = await nord.reply("marc", from_velo, "<p>Et les assurances ?</p>")
    await same_everywhere(networks, root, 3)
    again = await velo.reply("ines", from_nord, "<p>Par convention entre les lieux.</p>")
    home = await tilleuls.reply("camille", from_nord, "<p>Nous en parlons mardi.</p>")
    shown = await same_everywhere(networks, root, 5)
    assert [(post[0], post[1], post[2]) for post in shown] == [
        (root, None, 0),
        (from_velo, root, 1),
        (from_nord, from_velo, 2),
        (again, from_nord, 3),
        (home, from_nord, 3),
    ]


async def test_nodes_sign_quickly_for_each_other(
    networks: tuple[NodeProcess, NodeProcess, NodeProcess],
) -> None:
    tilleuls, *_ = networks
    for number in range(2):
        root = await tilleuls.open_debate("camille", f"Deux fois {number}", "<p>Ouvert.</p>")
        await same_everywhere(networks, root, 1)

    # The row is written once the delivery is, which is after the others have the debate.
    signatures = await eventually(
        lambda: _signatures_for(tilleuls), lambda found: None not in found, seconds=20
    )
    assert signatures == ["ed25519", "ed25519"]


async def test_edits_and_deletions_reach_every_network(
    networks: tuple[NodeProcess, NodeProcess, NodeProcess],
) -> None:
    tilleuls, velo, nord = networks
    root = await tilleuls.open_debate("camille", "Un label commun ?", "<p>Pour ou contre.</p>")
    await same_everywhere(networks, root, 1)
    first = await velo.reply("ines", root, "<p>Plutôt pour.</p>")
    await same_everywhere(networks, root, 2)
    second = await nord.reply("marc", first, "<p>Plutôt contre.</p>")
    await same_everywhere(networks, root, 3)

    await velo.edit("ines", first, "<p>Pour, à une condition.</p>")
    await nord.act("marc", "Delete", second)

    async def trees() -> list[list[tuple[str, str | None, int, bool, str]]]:
        return [tree(await node.thread(root)) for node in networks]

    shown = await eventually(
        trees,
        lambda found: all(
            one == found[0] and one[2][3] and "condition" in one[1][4] for one in found
        ),
        seconds=60,
    )
    assert [post[0] for post in shown[0]] == [root, first, second]
    assert shown[0][2][4] == "", "a tombstone keeps its place and says nothing"


@asynccontextmanager
async def inside(node: NodeProcess) -> AsyncIterator[Unit]:
    """Do there what its moderators do on their pages."""
    opened = open_node(load_config(node.config))
    async with opened.db.unit() as unit:
        yield unit
    await opened.close()


async def judge(node: NodeProcess, act: Act, uri: str) -> None:
    async with inside(node) as unit:
        account, post = await find_account(unit, "camille"), await unit.find(Post, uri=uri)
        assert account is not None
        assert post is not None
        account.role = AccountRole.MODERATOR
        await act_on_post(unit, account, act, post, reason="Publicité pour un fournisseur")


async def test_a_report_travels_and_a_removal_elsewhere_is_advice_here(
    networks: tuple[NodeProcess, NodeProcess, NodeProcess],
) -> None:
    tilleuls, velo, nord = networks
    root = await tilleuls.open_debate("camille", "Acheter ensemble ?", "<p>Quoi ?</p>")
    await same_everywhere(networks, root, 1)
    reply = await velo.reply("ines", root, "<p>Mon vélo, pas cher.</p>")
    await same_everywhere(networks, root, 2)

    async with inside(nord) as unit:
        post, marc = await unit.find(Post, uri=reply), await get_local(unit, "marc")
        assert post is not None
        key = post.key
        await write_report(unit, reason="Publicité", post=post, reporter=marc, forward=True)

    async def reported() -> list[tuple[str, str, str | None, bool]]:
        async with inside(velo) as unit:
            return [
                (
                    one.report.origin,
                    one.report.reason,
                    one.post and one.post.uri,
                    bool(one.reporter),
                )
                for one in await list_reports(unit, closed=False)
            ]

    there = await eventually(reported, bool)
    assert there == [(nord.url, "Publicité", reply, False)], "by whom it was reported stays at Nord"

    async def shown_anyway() -> str:
        asked = {"Accept": "text/html", "Accept-Language": "fr"}
        path = f"{nord.url}/posts/{key}/removed"
        async with nord.session.get(path, headers=asked) as answer:
            return await answer.text() if answer.status == 200 else ""

    async def words_at_nord() -> str:
        words: str = tree(await nord.thread(root))[1][4]
        return words

    await judge(tilleuls, Act.HIDE, reply)
    page = await eventually(shown_anyway, bool)
    assert "Publicité pour un fournisseur" in page
    assert "Mon vélo, pas cher." in page
    assert await words_at_nord() == ""
    await judge(tilleuls, Act.RESTORE, reply)
    await eventually(words_at_nord, lambda words: "pas cher" in words)
    assert await shown_anyway() == ""


async def test_a_reply_to_an_unknown_post_brings_the_whole_debate(tmp_path: Path) -> None:
    async with Nodes(tmp_path) as nodes:
        tilleuls = await nodes.add("tilleuls", "camille")
        root = await tilleuls.open_debate("camille", "Prêter nos machines ?", "<p>À qui ?</p>")
        branch = await tilleuls.reply("camille", root, "<p>Aux voisins d'abord.</p>")
        other = await tilleuls.reply("camille", root, "<p>Aux autres réseaux aussi.</p>")

        cafes = await nodes.add("cafes", "yaya")
        mine = await cafes.reply("yaya", branch, "<p>Avec un carnet de prêt.</p>")
        shown = await same_everywhere((tilleuls, cafes), root, 4)
        assert [post[0] for post in shown] == [root, branch, mine, other]


async def test_likes_of_other_networks_are_counted_at_the_origin(
    networks: tuple[NodeProcess, NodeProcess, NodeProcess],
) -> None:
    tilleuls, velo, nord = networks
    root = await tilleuls.open_debate("camille", "Chauffer moins ?", "<p>À combien ?</p>")
    await same_everywhere(networks, root, 1)
    await velo.act("ines", "Like", root)
    liked = await nord.act("marc", "Like", root)

    async def likes() -> int:
        total: int = (await tilleuls.get(f"{root}/likes"))["totalItems"]
        return total

    await eventually(likes, lambda total: total == 2)
    await nord.act("marc", "Undo", liked)
    await eventually(likes, lambda total: total == 1)
