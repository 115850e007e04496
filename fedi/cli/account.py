"""`fedi account`: members of the node."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, new_group, opened_node, read_password
from fedi.core.errors import NotFound

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
    from fedi.accounts.sessions import find_account

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account = await find_account(unit, name)
            if account is None:
                raise NotFound(f"there is no member {name}")
            purpose = Purpose.PASSWORD if reset else Purpose.SIGN_IN
            address = make_member_link(unit, account, purpose)
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
    from fedi.accounts.sessions import find_account

    async with opened_node(config) as node:
        made = await hash_password(password)
        async with node.db.unit() as unit:
            account = await find_account(unit, name)
            if account is None:
                raise NotFound(f"there is no member {name}")
            await set_password(unit, account, made)


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
    from fedi.accounts.sessions import find_account
    from fedi.accounts.tokens import create_token

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            account = await find_account(unit, name)
            if account is None:
                raise NotFound(f"there is no member {name}")
            secret = await create_token(unit, account, scopes)
        print(secret)
