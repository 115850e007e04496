"""`fedi account`: members of the node."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fedi.cli.frame import (
    DEFAULT_CONFIG,
    ConfigPath,
    new_group,
    opened_node,
    print_json,
    read_password,
)
from fedi.core.errors import NotFound

if TYPE_CHECKING:
    from fedi.accounts.models import Account
    from fedi.core.unit import Unit

app = new_group("Members: logins, and the tokens of their programs.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The handle, without @.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command("create")
def create(
    name: Name,
    email: Annotated[
        str, typer.Option("--email", metavar="E", help="The address to sign in and be reached.")
    ],
    password_stdin: PasswordStdin = False,
    admin: Annotated[bool, typer.Option("--admin", help="May administer the node.")] = False,
    display_name: Annotated[
        str, typer.Option("--display-name", metavar="TEXT", help="The name people see.")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a member: a login and the person it speaks for."""
    password = read_password(from_stdin=password_stdin)
    asyncio.run(_create(config, name, email, password, admin, display_name))


async def _create(
    config: Path, name: str, email: str, password: str, admin: bool, display_name: str
) -> None:
    from fedi.accounts.signup import create_account
    from fedi.moderation.audit import record

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account = await create_account(
                unit,
                handle=name,
                email=email,
                password=password,
                display_name=display_name,
                admin=admin,
            )
            role = account.role.value
            await record(unit, who=None, act="create-account", target=f"@{name}", after=role)
        print(f"@{name}@{node.site.domain}")


@app.command("role")
def role(
    name: Name,
    role: Annotated[
        Literal["member", "moderator", "administrator"],
        typer.Argument(metavar="ROLE", help="member, moderator or administrator."),
    ],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say what a member may do for all; their sessions end, and they sign in anew."""
    asyncio.run(_change_role(config, name, role))


async def _change_role(config: Path, name: str, role: str) -> None:
    from actors.local import get_local
    from fedi.accounts.models import AccountRole
    from fedi.moderation.acts import change_role

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            person = await get_local(unit, name)
            if person is None:
                raise NotFound(f"there is no member {name}")
            await change_role(unit, None, person, AccountRole(role))
        print(f"@{name} is {role}")


@app.command("link")
def link(
    name: Name,
    reset: Annotated[
        bool, typer.Option("--reset", help="To choose a new password, not to sign in.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print a link with which a member signs in once, or chooses a new password."""
    asyncio.run(_link(config, name, reset))


async def _link(config: Path, name: str, reset: bool) -> None:
    from fedi.accounts.links import Purpose
    from fedi.accounts.recovery import make_member_link
    from fedi.moderation.audit import handle_of, record

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account = await _member(unit, name)
            purpose = Purpose.PASSWORD if reset else Purpose.SIGN_IN
            address = make_member_link(unit, account, purpose)
            target = await handle_of(unit, account)
            await record(unit, who=None, act=f"link-{purpose.value}", target=target)
        print(address)


@app.command("password")
def password(
    name: Name,
    password_stdin: PasswordStdin = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Give a member another password; all their sessions end, and they are told by mail."""
    asyncio.run(_password(config, name, read_password(from_stdin=password_stdin)))


async def _password(config: Path, name: str, password: str) -> None:
    from fedi.accounts.passwords import hash_password
    from fedi.accounts.recovery import set_password
    from fedi.moderation.audit import handle_of, record

    async with opened_node(config) as node:
        made = await hash_password(password)
        async with node.db.unit() as unit:
            account = await _member(unit, name)
            await set_password(unit, account, made)
            target = await handle_of(unit, account)
            await record(unit, who=None, act="set-password", target=target)


@app.command("codes")
def codes(
    name: Name,
    remove: Annotated[
        bool, typer.Option("--remove", help="Ask for no code any more, as when all is lost.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say whether a member signs in with a code as well; with --remove, they do so no more."""
    asyncio.run(_codes(config, name, remove))


async def _codes(config: Path, name: str, remove: bool) -> None:
    from fedi.accounts.codes import asks_for_code, stop_codes
    from fedi.moderation.audit import handle_of, record

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account = await _member(unit, name)
            asked = await asks_for_code(unit, account.id)
            if asked and remove:
                await stop_codes(unit, account)
                target = await handle_of(unit, account)
                await record(unit, who=None, act="remove-codes", target=target)
        print("signs in with a code as well" if asked and not remove else "signs in without codes")


@app.command("token")
def token(
    name: Name,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", metavar="SCOPE", help="read or write.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print a bearer token with which a program may act for a member; both scopes by default."""
    asyncio.run(_token(config, name, tuple(scope or ("read", "write"))))


async def _token(config: Path, name: str, scopes: tuple[str, ...]) -> None:
    from fedi.accounts.tokens import create_token

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account = await _member(unit, name)
            secret = await create_token(unit, account, scopes)
        print(secret)


@app.command("export")
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP file to write.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write everything of a member into a ZIP file."""
    asyncio.run(_export(config, name, file))


async def _export(config: Path, name: str, file: Path) -> None:
    from fedi.belongings.writing import write_export
    from fedi.moderation.audit import record

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account_id, handle = await _whose(unit, name)
            await record(unit, who=None, act="export-account", target=f"@{handle}")
        size = await write_export(node, account_id, file)
        print(f"{file}: {size} bytes")


@app.command("close")
def close(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Close a member's account; it is erased 30 days later, unless they sign in before."""
    asyncio.run(_close(config, name))


async def _close(config: Path, name: str) -> None:
    from fedi.belongings.closing import close_account

    async with opened_node(config) as node, node.db.unit() as unit:
        account = await close_account(unit, (await _whose(unit, name))[0], who=None)
        print(f"to be erased on {account.leaving_at:%Y-%m-%d}")


@app.command("reopen")
def reopen(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let a member back in who closed their account less than 30 days ago."""
    asyncio.run(_reopen(config, name))


async def _reopen(config: Path, name: str) -> None:
    from fedi.belongings.closing import reopen_account

    async with opened_node(config) as node, node.db.unit() as unit:
        await reopen_account(unit, (await _whose(unit, name))[0])


@app.command("hold")
def hold(
    name: Name,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Who asks, and by what right.")
    ],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print what is kept for a year of an account that was erased; the audit log notes it."""
    asyncio.run(_hold(config, name, reason))


async def _hold(config: Path, name: str, reason: str) -> None:
    from fedi.belongings.erasing import open_hold

    async with opened_node(config) as node, node.db.unit() as unit:
        print_json(await open_hold(unit, name, reason))


async def _member(unit: "Unit", name: str) -> "Account":
    """The account of a member who may sign in."""
    from fedi.accounts.sessions import find_account

    account = await find_account(unit, name)
    if account is None:
        raise NotFound(f"there is no member {name}")
    return account


async def _whose(unit: "Unit", name: str) -> tuple[int, str]:
    """The account and the handle of a member, hidden ones included."""
    from sqlalchemy import select

    from actors.local import get_local
    from fedi.accounts.models import Account

    actor = await get_local(unit, name.removeprefix("@").lower())
    query = select(Account.id).where(Account.actor_id == (actor.id if actor is not None else 0))
    account_id = await unit.session.scalar(query)
    if actor is None or account_id is None:
        raise NotFound(f"there is no member {name}")
    return account_id, actor.handle
