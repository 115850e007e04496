"""Every table of the node: importing this module declares them all."""

import actors.models
import fedi.accounts.models
import fedi.belongings.models
import fedi.core.choices
import fedi.debates.models.event
import fedi.debates.models.held
import fedi.debates.models.image
import fedi.debates.models.notification
import fedi.debates.models.post
import fedi.debates.models.reader
import fedi.debates.models.search
import fedi.debates.models.tag
import fedi.debates.models.thread
import fedi.debates.search.index  # makes the indexes of search with the tables
import fedi.moderation.models
import fedi.moderation.sealing  # makes the audit log append-only
import inbox.models
import outbox.models
from fedi.core.tables import Base, tell_postgresql

ROOMS = (
    actors.models,
    outbox.models,
    inbox.models,
    fedi.accounts.models,
    fedi.debates.models.thread,
    fedi.debates.models.post,
    fedi.debates.models.reader,
    fedi.debates.models.search,
    fedi.debates.models.tag,
    fedi.debates.models.image,
    fedi.debates.models.held,
    fedi.debates.models.event,
    fedi.debates.models.notification,
    fedi.moderation.models,
    fedi.belongings.models,
    fedi.core.choices,
)
TABLES = Base.metadata
tell_postgresql(TABLES)  # revisions are written for both databases
