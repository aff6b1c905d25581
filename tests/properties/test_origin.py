"""Whatever is sent as an origin: own pages always get in, foreign ones never, nothing crashes."""

from hypothesis import assume, given
from hypothesis import strategies as st

from gochat_py.core.origin import (
    DEFAULT_PORTS,
    Authority,
    HostRule,
    OriginRule,
    Proxies,
    counted_as,
    plain,
)
from tests.support.case import TestCase

labels = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=4).map(".".join)
addresses = st.ip_addresses(v=6).map(lambda address: f"[{address}]")
hosts = names | st.ip_addresses(v=4).map(str) | addresses
ports = st.none() | st.integers(min_value=0, max_value=65_535)
schemes = st.sampled_from(sorted(DEFAULT_PORTS))
cases = st.sampled_from([str.lower, str.upper, str.title])


def spell(host: str, port: int | None) -> str:
    return host if port is None else f"{host}:{port}"


class OriginProperties(TestCase):
    @given(schemes, hosts, ports, cases)
    def test_a_page_of_the_same_host_is_always_allowed(self, scheme, host, port, case) -> None:
        authority = Authority.parse(case(spell(host, port)))
        assert authority is not None
        default = DEFAULT_PORTS[scheme]
        for shown in {port, None if port == default else port, default if port is None else port}:
            self.assertTrue(
                OriginRule(()).allows([f"{scheme}://{spell(host, shown)}"], [authority])
            )

    @given(schemes, hosts, ports, hosts, ports)
    def test_a_page_of_another_host_is_never_allowed(
        self, scheme, host, port, foreign, foreign_port
    ) -> None:
        own, other = Authority.parse(host), Authority.parse(foreign)
        assert own is not None and other is not None
        assume(own.host != other.host)
        origin = f"{scheme}://{spell(foreign, foreign_port)}"
        rule = OriginRule([f"https://{host}", f"http://{host}"])
        self.assertFalse(rule.allows([origin], [Authority(own.host, port)]))

    @given(st.lists(st.text()), st.text(), st.lists(st.text()), st.none() | st.text())
    def test_no_text_can_crash_it(self, origins, host, listed, scheme) -> None:
        authority = Authority.parse(host)
        names = [authority] if authority else []
        OriginRule(listed).allows(origins, names, scheme)

    @given(st.text(alphabet="0123456789abcdef.:[]% ,") | st.text(), st.lists(st.text()))
    def test_no_forwarded_address_can_crash_it(self, peer, forwarded) -> None:
        self.assertEqual(Proxies([]).client(peer, forwarded), peer)
        client = Proxies(["::/0", "0.0.0.0/0"]).client(peer, forwarded)
        counted_as(client)
        plain(client)

    @given(hosts, ports)
    def test_an_authority_is_read_back_as_it_was_written(self, host, port) -> None:
        authority = Authority.parse(spell(host, port))
        self.assertEqual(Authority.parse(str(authority)), authority)


class HostProperties(TestCase):
    @given(st.ip_addresses(), ports)
    def test_an_address_is_always_known(self, address, port) -> None:
        host = f"[{address}]" if address.version == 6 else str(address)
        authority = Authority.parse(spell(host, port))
        assert authority is not None
        self.assertTrue(HostRule("127.0.0.1", ()).allows(authority))

    @given(st.lists(names, max_size=4), names, ports, cases, st.sampled_from(["", "."]))
    def test_a_name_is_accepted_if_and_only_if_it_is_listed(self, listed, name, port, case, dot):
        authority = Authority.parse(case(spell(name + dot, port)))
        assert authority is not None
        assume(name != "localhost" and not name.endswith(".localhost"))
        assume(not name.replace(".", "").isdigit())  # such a one may be an address
        assume(all(len(each) <= 253 for each in (*listed, name)))
        rule = HostRule("0.0.0.0", listed)
        self.assertEqual(rule.allows(authority), name in listed)
        self.assertTrue(HostRule("0.0.0.0", [name]).allows(authority))
        below = Authority.parse(f"x.{name}")
        if below is not None:
            self.assertTrue(HostRule("0.0.0.0", [f"*.{name}"]).allows(below))
            self.assertFalse(HostRule("0.0.0.0", [f"*.{name}"]).allows(authority))

    @given(st.text(), st.text(), st.lists(st.text()))
    def test_no_text_can_crash_it(self, text, host, listed) -> None:
        authority = Authority.parse(text)
        rule = HostRule(host, listed)
        if authority is not None:
            rule.allows(authority)
