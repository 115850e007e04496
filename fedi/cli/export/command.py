"""`fedi export`: everything public, as files."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, opened_node
from fedi.core.errors import Conflict

if TYPE_CHECKING:
    from fedi.cli.export.walk import Walk

#: Answers machines and people at one address, as the node did; Caddy and Apache can do the same.
NGINX = """\
map $http_accept $kind {{
    default html;
    ~application/(activity|ld)\\+json json;
}}
server {{
    listen 80;
    server_name {host};
    root {root};
    types {{
        application/activity+json json;
        application/atom+xml atom;
        image/jpeg jpg;
        image/png png;
        image/svg+xml svg;
        text/css css;
        text/html html;
        text/javascript js;
    }}
    add_header Vary Accept;
    location /inbox {{ return 503; }}
    location / {{
        try_files $uri/index$is_args$args.$kind $uri/index.$kind
            $uri/index$is_args$args.json $uri/index.json $uri/index.html $uri =404;
    }}
{gone}}}
"""
GONE = """\
    location = {path} {{
        error_page 410 {path}/index.json;
        return 410;
    }}
"""


def export(
    static: Annotated[
        Path, typer.Option("--static", metavar="DIR", help="A new directory for the files.")
    ],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write all that is public, for a web server that serves it without this program."""
    if static.exists() and any(static.iterdir()):
        raise Conflict(f"{static} is not empty", code="not-empty")
    walk = asyncio.run(_export(config, static))
    gone = "".join(GONE.format(path=path) for path in sorted(set(walk.gone)))
    host = walk.node.site.origin.host
    settings = NGINX.format(host=host, root=static.resolve(), gone=gone)
    (static / "nginx.conf").write_text(settings, encoding="utf-8")
    print(f"{walk.written} files; {static}/nginx.conf serves them under their addresses")


async def _export(config: Path, directory: Path) -> "Walk":
    from fedi.cli.export.asking import asking
    from fedi.cli.export.walk import Walk

    async with opened_node(config) as node, asking(node) as answers:
        walk = Walk(node, answers, directory)
        await walk.run()
    return walk
