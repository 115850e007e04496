"""Three networks debate: real processes, real sockets, one tree."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from postgres import NoPostgres, Server
from processes import NodeProcess, Nodes, eventually, tree

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
