<%
    lines = (upgrades or "pass").splitlines()
    body = "\n".join(line for line in lines if not line.strip().startswith("# ###")).strip()
%>\
"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports + "\n" if imports else ""}\

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
% if "TEXT" in body:

#: In the order of its bytes on both databases.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
% endif


def upgrade() -> None:${"" if down_revision else "  # noqa: PLR0915  every table at once"}
    ${body}
