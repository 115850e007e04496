"""What is installed is written down: every package, its version, and the hashes of its files."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def test_every_dependency_is_locked_to_a_version_it_may_have():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    asked = [
        Requirement(line)
        for line in (
            *project["project"]["dependencies"],
            *extras["speed"],
            *extras["postgresql"],
            *project["build-system"]["requires"],
        )
    ]
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([a-z0-9_.-]+)==(\S+) \\$", lock, re.MULTILINE))
    for requirement in asked:
        version = locked.get(requirement.name.lower().replace("_", "-"))
        assert version, f"{requirement.name} is not in requirements.lock: make lock"
        assert requirement.specifier.contains(version), f"{requirement} is not {version}: make lock"
    for block in re.split(r"^(?=\S)", lock, flags=re.MULTILINE):
        assert block.startswith(("#", "\n")) or not block or "--hash=sha256:" in block, block
