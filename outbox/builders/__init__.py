"""Our activities as documents, one file each.  Everything here is pure.

Ids come from the caller (`new_key()`), so that a row and its document are made together;
a Create takes the id of its post.
"""

from outbox.builders.accept import build_accept
from outbox.builders.add import build_add
from outbox.builders.announce import build_announce
from outbox.builders.block import build_block
from outbox.builders.create import build_create
from outbox.builders.delete import build_delete
from outbox.builders.envelope import Addressing, write_time
from outbox.builders.flag import build_flag
from outbox.builders.follow import build_follow
from outbox.builders.like import build_like
from outbox.builders.lock import build_lock
from outbox.builders.move import build_move
from outbox.builders.rearrange import build_rearrangement
from outbox.builders.reject import build_reject
from outbox.builders.remove import build_remove
from outbox.builders.undo import build_undo
from outbox.builders.update import build_update

__all__ = [
    "Addressing",
    "build_accept",
    "build_add",
    "build_announce",
    "build_block",
    "build_create",
    "build_delete",
    "build_flag",
    "build_follow",
    "build_like",
    "build_lock",
    "build_move",
    "build_rearrangement",
    "build_reject",
    "build_remove",
    "build_undo",
    "build_update",
    "write_time",
]
