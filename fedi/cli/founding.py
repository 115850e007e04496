"""Founding a node: all of it, or nothing is left behind."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect

from actors.local import create_actor, instance_handle
from actors.models import Role
from fedi.accounts.signup import create_account
from fedi.cli.refusals import Refused, database_errors
from fedi.core.config import Config, is_reserved
from fedi.core.db import open_engine
from fedi.core.node import open_node
from fedi.core.seal import create_secret
from fedi.core.settings import load_config
from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.migrations.upgrade import remove_tables, upgrade

HEADER = "# Written by `fedi init`; config.example.toml explains every key there is."


@dataclass(frozen=True)
class Founding:
    """What is decided about a node when it is made."""

    config: Path
    domain: str
    url: str
    handle: str
    name: str
    summary: str = ""
    data_dir: Path | None = None
    database: str = ""


@dataclass(frozen=True)
class Admin:
    """The first administrator."""

    handle: str
    email: str
    password: str


async def found(founding: Founding, admin: Admin | None = None) -> None:
    """Make settings, secret key, database and actors of a new node.

    Raises `Refused` when there is something in their place already, `Malformed` or
    `BadConfiguration` for settings that cannot be, `Invalid` for such an administrator.
    """
    made: list[Path] = []
    try:
        _write_settings(founding, made)
        settings = load_config(founding.config)
        _make_room(settings, made)
        create_secret(settings.secret_path)
        with database_errors():
            await _require_empty(settings)
            await _make_rows(settings, admin)
    except BaseException as error:  # Ctrl-C too leaves nothing behind
        _unmake(made)
        if isinstance(error, OSError):
            raise Refused(f"the node cannot be made: {error}") from error
        raise


def _write_settings(founding: Founding, made: list[Path]) -> None:
    text = write_settings(founding)
    founding.config.parent.mkdir(parents=True, exist_ok=True)
    try:
        with founding.config.open("x", encoding="utf-8") as file:
            made.append(founding.config)
            file.write(text)
    except FileExistsError as error:
        raise Refused(f"{founding.config} exists already: it is not replaced") from error


def write_settings(founding: Founding) -> str:
    """The settings file of a new node: what differs from the defaults.

    A reserved domain makes a node for this machine: its own port, http unless the
    URL says otherwise, and peers at private addresses.
    """
    local = is_reserved(origin_of(f"https://{founding.domain}").host)
    url = founding.url or f"{'http' if local else 'https'}://{founding.domain}"
    here = founding.config.parent
    data_dir = os.path.relpath(founding.data_dir or here / "data", here)
    sections: dict[str, dict[str, object]] = {
        "node": {"domain": founding.domain, "url": url, "data_dir": data_dir},
        "network": {"handle": founding.handle, "name": founding.name, "summary": founding.summary},
    }
    if founding.database:
        sections["node"]["database"] = founding.database
    if local:
        sections["listen"] = {"port": origin_of(url).port}
        sections["federation"] = {
            "allow_private_addresses": True,
            "allow_http": url.startswith("http:"),
        }
    return "\n\n".join([HEADER, *(_section(*item) for item in sections.items())]) + "\n"


def _section(name: str, keys: dict[str, object]) -> str:
    # A JSON string, number or truth value is written the same way in TOML.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    return "\n".join([f"[{name}]", *lines])


def _make_room(settings: Config, made: list[Path]) -> None:
    """Make the data directory; note what will be in it, once sure that nothing of it is.

    It may be in a directory that others read, so the database is closed to them by itself.
    """
    if not settings.node.data_dir.is_dir():
        settings.node.data_dir.mkdir(mode=0o700, parents=True)
        made.append(settings.node.data_dir)
    files = [settings.secret_path, *settings.database_files]
    for file in files:
        if file.exists():
            raise Refused(f"{file} exists already: there is a node here")
    made += files
    for file in settings.database_files[:1]:
        file.touch(mode=0o600)  # SQLite gives its other files the same rights


async def _require_empty(settings: Config) -> None:
    """Refuse a PostgreSQL database that something is in: it is never emptied here."""
    engine = open_engine(settings.database_url, write=False)
    try:
        async with engine.connect() as connection:
            if await connection.run_sync(lambda plain: inspect(plain).get_table_names()):
                raise Refused("there are tables in this database already: a node needs its own")
    finally:
        await engine.dispose()


def _unmake(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


async def _make_rows(settings: Config, admin: Admin | None) -> None:
    await upgrade(settings.database_url)
    try:
        await _settle(settings, admin)
    except BaseException:
        await remove_tables(settings.database_url)
        raise


async def _settle(settings: Config, admin: Admin | None) -> None:
    node = open_node(settings)
    try:
        async with node.db.unit() as unit:
            await _create_actors(unit, settings)
            if admin is not None:
                await create_account(
                    unit,
                    handle=admin.handle,
                    email=admin.email,
                    password=admin.password,
                    admin=True,
                )
    finally:
        await node.close()


async def _create_actors(unit: Unit, settings: Config) -> None:
    """The Application that signs for the node, and the Group that stands for the network."""
    network = settings.network
    await create_actor(
        unit, role=Role.INSTANCE, handle=instance_handle(unit), name=settings.site.domain
    )
    await create_actor(
        unit,
        role=Role.NETWORK,
        handle=network.handle,
        name=network.name,
        summary=network.summary,
        language=network.languages[0],
    )
