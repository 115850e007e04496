"""Where the node may connect, and what keeps fetching within bounds."""

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.core.addresses import Denied, Gate, is_public
from fedi.core.budget import Budget, Failures
from fedi.core.errors import BudgetSpent, ForbiddenAddress, Gone, Malformed, NotFound, Unreachable
from fedi.core.urls import Site, parse_url

SITE = Site("https://tilios.example")
FIRST_AND_LAST = """
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255
169.254.0.0 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.1 192.31.196.1
192.52.193.1 192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255
198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
"""
CLOSED_V6 = """
:: ::1 ::7f00:1 ::808:808 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::808:808 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:1ff:ffff::1 2001:db8::1
2002:7f00:1:: 2002:808:808::1 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1
fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
"""


@pytest.mark.parametrize("address", (FIRST_AND_LAST + CLOSED_V6).split())
def test_special_addresses_are_not_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2a00:1450:4007:80e::200e",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
    ],
)
def test_addresses_beside_the_special_ones_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "1.1.1.1 ", "::g"])
def test_what_is_no_address_is_not_the_internet(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses())
def test_nothing_private_is_public(address: IPv4Address | IPv6Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
    if isinstance(address, IPv4Address):
        assert is_public(f"::ffff:{address}") == is_public(str(address))


@given(st.ip_addresses(v=4))
def test_an_address_hidden_in_another_is_not_reached(address: IPv4Address) -> None:
    number = int(address)
    hidden = [number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    assert not any(is_public(str(IPv6Address(value))) for value in hidden)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://tilios.example/p/ana", "own-address"),
        ("https://TILIOS.example:443/p/ana", "own-address"),
        ("http://paris.org/x", "plain-http"),
        ("https://paris.org:25/x", "unusual-port"),
        ("https://paris.org:8080/x", "unusual-port"),
        ("https://1.1.1.1/x", "ip-literal"),
        ("https://169.254.169.254/x", "ip-literal"),
        ("https://[::1]/x", "ip-literal"),
        ("https://①②⑦.⓪.⓪.①/x", "ip-literal"),
        ("https://localhost/x", "reserved-name"),
        ("https://intranet/x", "reserved-name"),
        ("https://db.internal/x", "reserved-name"),
        ("https://printer.local/x", "reserved-name"),
        ("https://x.onion/x", "reserved-name"),
        ("https://1.0.0.127.in-addr.arpa/x", "reserved-name"),
        ("https://peer.test./x", "reserved-name"),
        ("https://peer.example/x", "reserved-name"),
    ],
)
def test_in_production_only_names_of_the_internet_are_asked(url: str, code: str) -> None:
    with pytest.raises(ForbiddenAddress) as refused:
        Gate(SITE).admit(url)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "url", [None, {"url": "https://paris.org"}, "data:,x", "file:///etc/passwd"]
)
def test_what_is_no_address_is_not_asked(url: object) -> None:
    with pytest.raises(Malformed):
        Gate(SITE, allow_private=True, allow_http=True).admit(url)


def test_a_test_node_may_ask_its_neighbours() -> None:
    gate = Gate(Site("http://localhost:8080"), allow_private=True, allow_http=True)
    for url in ("http://localhost:8081/x", "http://127.0.0.1:9/x", "https://b.test:8443/x"):
        assert str(gate.admit(url)) == url
    with pytest.raises(ForbiddenAddress):
        gate.admit("http://localhost:8080/x")


def test_further_ports_and_networks_can_be_opened() -> None:
    gate = Gate(SITE, ports={443, 4443}, also=["10.8.0.0/16", "fd00::/8"])
    assert gate.admit("https://paris.org:4443/x")
    assert gate.permits("10.8.1.1")
    assert gate.permits("::ffff:10.8.1.1")
    assert gate.permits("fd00::1")
    assert not gate.permits("10.9.1.1")
    assert not gate.permits("127.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo"])
def test_no_socket_is_made_for_a_forbidden_address(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    info = (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 443))
    with pytest.raises(Denied):
        Gate(SITE).open_socket(info)
    if not address.startswith("fe80"):
        Gate(SITE, allow_private=True).open_socket(info).close()


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_budget_ends_after_so_many_fetches() -> None:
    budget = Budget(gets=2)
    budget.spend(parse_url("https://a.example/1"))
    budget.spend(parse_url("https://a.example/2"))
    with pytest.raises(BudgetSpent) as spent:
        budget.spend(parse_url("https://a.example/3"))
    assert spent.value.code == "budget-gets"


def test_a_budget_covers_few_servers() -> None:
    budget = Budget(hosts=2)
    for url in ("https://a.example/", "https://b.example/", "https://a.example/2"):
        budget.spend(parse_url(url))
    with pytest.raises(BudgetSpent) as spent:
        budget.spend(parse_url("https://c.example/"))
    assert spent.value.code == "budget-hosts"
    budget.spend(parse_url("https://b.example/2"))


def test_a_budget_lasts_half_a_minute() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    budget.spend(parse_url("https://a.example/1"))
    clock.now += 29
    assert budget.seconds_left == pytest.approx(1)
    clock.now += 2
    assert budget.seconds_left == 0
    with pytest.raises(BudgetSpent) as spent:
        budget.spend(parse_url("https://a.example/2"))
    assert spent.value.code == "budget-time"


def test_a_failure_is_remembered_for_minutes() -> None:
    clock = Clock()
    failures = Failures(clock=clock)
    failures.remember("https://a.example/", NotFound("no", code="http-403"))
    failures.remember("https://b.example/", Unreachable("no", code="tls"))
    failures.check("https://c.example/")
    with pytest.raises(NotFound, match="no") as again:
        failures.check("https://a.example/")
    assert again.value.code == "http-403"
    clock.now += 61
    failures.check("https://b.example/")
    with pytest.raises(NotFound):
        failures.check("https://a.example/")
    clock.now += 240
    failures.check("https://a.example/")


def test_the_memory_of_failures_is_bounded() -> None:
    failures = Failures(limit=3)
    for number in range(10):
        failures.remember(f"https://a.example/{number}", Gone())
    failures.check("https://a.example/6")
    with pytest.raises(Gone):
        failures.check("https://a.example/7")
    failures.forget("https://a.example/7")
    failures.check("https://a.example/7")
