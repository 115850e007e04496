"""What is wrong in a form is said at its field: seen beside it, heard with it."""

from html.parser import HTMLParser
from pathlib import Path

from factories import FakeClock, make_group
from visitors import Page, pages

Attributes = dict[str, str | None]


class Fields(HTMLParser):
    """The ids of a page, and its fields that are said to be wrong."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.wrong: list[Attributes] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if given.get("aria-invalid") == "true":
            self.wrong.append(given)


def explained(page: Page) -> set[str]:
    """The names of the wrong fields, each of which is described by its error."""
    fields = Fields(page)
    for field in fields.wrong:
        descriptions = (field.get("aria-describedby") or "").split()
        assert descriptions, field
        assert set(descriptions) <= fields.ids, field
    said = {name for name in fields.ids if name.endswith("-error")}
    pointed = " ".join(field["aria-describedby"] or "" for field in fields.wrong).split()
    assert said <= set(pointed), "an error that no field points to"
    return {field.get("name") or "" for field in fields.wrong}


async def test_every_error_is_said_at_its_field(tmp_path: Path):
    async with pages(tmp_path, FakeClock()) as site:
        elise = await site.member("elise")
        ada = await site.member("ada", admin=True)
        async with site.node.db.unit() as unit:
            await make_group(unit, "communs")
        await elise.send("/open", title="Prêter ?", text="Oui ?", group="communs")
        debate = (await elise.get("/")).links("/d/")[0]
        key = debate.split("/")[2]
        visitor = site.visitor()
        uri = f"{site.node.site.url}/o/{key}"
        lie = [("photos", "a.jpg", b"<svg/>")]
        refused = {
            "login": await visitor.send("/sign-in", login="elise", password="faux"),
            "handle": await visitor.send("/interact", uri=uri, handle="nowhere"),
            "email": await visitor.send("/sign-in/link", email="no"),
            "title": await elise.send("/open", title="", text=""),
            "photos": await elise.send(f"/posts/{key}/reply", text="Oui", files=lie, attach="1"),
            "text": await elise.send(f"/posts/{key}/reply", text=""),
            "hat-name": await elise.send("/settings/hats", **{"hat-name": ""}),
            "name": await elise.send("/settings/profile", name="x" * 101, consents="on"),
            "portrait": await elise.send(
                "/settings/profile", name="Élise", files=[("portrait", "a.jpg", b"no")]
            ),
            "reason": await ada.send(f"/posts/{key}/delete", reason=" "),
            "address": await ada.send("/networks", address="nowhere"),
            "uses": await ada.send("/admin/invitations", uses="0", days="3"),
            "person": await ada.send("/admin/groups/communs", person="nobody", appoint="1"),
        }
        refused["tags"] = await elise.send(
            "/open", title="a", text="b", group="communs", tags=",".join("abcdefgh")
        )
        for name, page in refused.items():
            assert page.status in (401, 403, 422), (name, page.status, page.words[:300])
            assert name in explained(page), (name, page.path)
        edited = await elise.send(f"/posts/{key}/edit", title="", text="")
        assert {"title", "text"} & explained(edited)
        reported = await visitor.send("/report", post=key, reason="")
        assert explained(reported) == {"reason"}
