"""A process whose libraries are unmapped goes on as before, with less memory."""

import subprocess
import sys

WORKS_ON = """
import hashlib, sqlite3, ssl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pathlib import Path
from fedi.core.mapped import unmap_what_is_in_files

def of_files():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssFile:")[2].split()[0])

key = Ed25519PrivateKey.generate()
before = of_files()
unmap_what_is_in_files()
assert of_files() < before / 2, (before, of_files())
key.public_key().verify(key.sign(b"said"), b"said")
ssl.create_default_context()
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
print("works")
"""


def test_a_process_works_on_when_its_libraries_are_unmapped():
    done = subprocess.run(
        [sys.executable, "-c", WORKS_ON], capture_output=True, text=True, check=False
    )
    assert done.stdout == "works\n", done.stderr
