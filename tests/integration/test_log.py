"""What the log may say: the line of a mistake, never the secrets it was made with."""

import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from factories import make_node
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

SECRET = "n6PUidevL89jlHa1f6yT"
PROGRAM = """
import structlog
from fedi.core.log import set_up_log

def sign_in(token):
    raise ValueError("no such session")

set_up_log("info", {form!r})
try:
    sign_in("n6PUidev" + "L89jlHa1f6yT")
except ValueError:
    structlog.get_logger().exception("request failed")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_values(form: str):
    program = [sys.executable, "-c", PROGRAM.format(form=form)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stderr
    assert "request failed" in said
    assert "no such session" in said
    assert SECRET not in said


async def test_a_refused_statement_does_not_repeat_what_it_was_to_store(tmp_path: Path):
    node = await make_node(tmp_path)
    try:
        with pytest.raises(DBAPIError) as refusal:
            async with node.db.unit() as unit:
                await unit.session.execute(
                    text("insert into sessions (id, token_hash) values (1, :token)"),
                    {"token": SECRET},
                )
        said = traceback.format_exception(refusal.value)
        assert not [line for line in said if SECRET in line and "test_log.py" not in line]
    finally:
        await node.close()
