"""Which delivery goes next when some peers are slow."""

from datetime import UTC, datetime
from itertools import count

from signing import rsa_key

from actors.models import Dialect
from outbox.delivery import Message, Parcel
from outbox.lanes import DOUBTFUL_SLOTS, IN_HAND, IN_TURN, SLOTS, WIDTH, Lanes

MESSAGE = Message("https://tilios.example/o/1#create", "Create", b"{}")
_ids = count(1)


def parcel(origin: str, *, doubtful: bool = False) -> Parcel:
    return Parcel(
        id=next(_ids),
        message=MESSAGE,
        inbox=f"{origin}/inbox",
        origin=origin,
        signer_id=1,
        keys={"rsa": rsa_key()},
        way="cavage",
        is_way_known=True,
        doubtful=doubtful,
        reached_lately=False,
        dialect=Dialect.MICROBLOG,
        attempts=1,
        created_at=datetime(2026, 11, 25, tzinfo=UTC),
        leased_until=datetime(2026, 11, 25, 0, 2, tzinfo=UTC),
    )


def fill(lanes: Lanes, *origins: str, doubtful: bool = False) -> None:
    for origin in origins:
        lanes.add(parcel(origin, doubtful=doubtful))


def started(lanes: Lanes) -> list[str]:
    """Start all there is room for, and tell whose they are."""
    origins = []
    while (following := lanes.next()) is not None:
        origins.append(following.origin)
    return origins


def test_a_peer_is_tried_with_one_delivery_first() -> None:
    lanes = Lanes()
    fill(lanes, "a", "a", "a")

    assert started(lanes) == ["a"]


def test_a_peer_that_answers_in_time_gets_two_at_once() -> None:
    lanes = Lanes()
    fill(lanes, "a", "a", "a", "a")
    started(lanes)

    assert lanes.finish("a", well=True) == []
    assert started(lanes) == ["a"] * WIDTH


def test_what_waits_for_a_peer_that_does_not_answer_is_given_back() -> None:
    lanes = Lanes()
    fill(lanes, "a", "a", "a", "b")
    assert started(lanes) == ["a", "b"]

    assert len(lanes.finish("a", well=False)) == 2
    assert lanes.in_hand == 1


def test_a_peer_that_became_slow_gets_one_at_a_time_again() -> None:
    lanes = Lanes()
    fill(lanes, "a")
    started(lanes)
    lanes.finish("a", well=True)
    fill(lanes, "a", "a")
    started(lanes)
    lanes.finish("a", well=False)
    lanes.finish("a", well=False)
    fill(lanes, "a", "a")

    assert started(lanes) == ["a"]


def test_peers_take_turns() -> None:
    lanes = Lanes()
    fill(lanes, "a", "b")
    started(lanes)
    lanes.finish("a", well=True)
    lanes.finish("b", well=True)
    fill(lanes, "a", "a", "b", "b")

    assert started(lanes) == ["a", "b", "a", "b"]


def test_peers_in_trouble_leave_room_for_the_others() -> None:
    lanes = Lanes()
    fill(lanes, *[f"dead {number}" for number in range(SLOTS)], doubtful=True)
    fill(lanes, "well")

    origins = started(lanes)

    assert len(origins) == DOUBTFUL_SLOTS + 1
    assert origins[-1] == "well"


def test_a_peer_that_recovers_makes_room_for_another_in_trouble() -> None:
    lanes = Lanes()
    fill(lanes, *[f"dead {number}" for number in range(SLOTS)], doubtful=True)
    first = started(lanes)[0]

    lanes.finish(first, well=True)

    assert len(started(lanes)) == 1


def test_no_more_is_claimed_for_a_peer_than_it_can_take() -> None:
    lanes = Lanes()
    fill(lanes, "a", "b", "b")
    started(lanes)
    assert lanes.busy() == ["a", "b"]

    lanes.finish("a", well=True)

    assert lanes.busy() == ["b"]


def test_no_more_is_in_flight_or_in_hand_than_there_is_room_for() -> None:
    lanes = Lanes()
    fill(lanes, *[f"peer {number}" for number in range(IN_TURN)])

    assert len(started(lanes)) == SLOTS
    assert lanes.room == 0


def test_a_long_queue_for_one_peer_takes_no_room_from_the_others() -> None:
    lanes = Lanes()
    fill(lanes, *["a"] * IN_TURN)

    assert lanes.room == IN_TURN - 1


def test_memory_is_bounded_whatever_waits() -> None:
    lanes = Lanes()
    fill(lanes, *["a", "b"] * (IN_HAND // 2))

    assert lanes.room == 0


def test_stopping_lets_go_of_all_that_waits() -> None:
    lanes = Lanes()
    fill(lanes, "a", "a", "b", "b")
    started(lanes)

    assert [left.origin for left in lanes.empty()] == ["a", "b"]
    assert lanes.in_hand == 2
