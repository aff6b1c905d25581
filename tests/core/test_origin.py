"""Origins, hosts and proxies: which are accepted and trusted."""

from gochat_py.core.origin import (
    Authority,
    HostRule,
    Origin,
    OriginRule,
    Proxies,
    counted_as,
    plain,
)
from tests.support.case import TestCase

OWN = [Authority("chat.example", None)]


class AuthorityTest(TestCase):
    def test_names_addresses_and_ports_are_parsed(self) -> None:
        for text, host, port in (
            ("chat.example", "chat.example", None),
            ("Chat.EXAMPLE:8080", "chat.example", 8080),
            ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example", None),
            ("127.0.0.1:80", "127.0.0.1", 80),
            ("[::1]:8080", "[::1]", 8080),
            ("[0:0:0:0:0:0:0:1]", "[::1]", None),
            ("my_service:80", "my_service", 80),
            ("localhost:", "localhost", None),
        ):
            with self.subTest(text):
                self.assertEqual(Authority.parse(text), Authority(host, port))

    def test_invalid_hosts_are_refused(self) -> None:
        for text in (
            *("", " ", ":80", "a b", "a/b", "a@b", "a,b", "a;b", "a:b", "a:80:80", "a:65536"),
            *("[::1", "::1", "[::g]", "[1.2.3.4]", "a\r\nb", "mün.example", "-a", "a" * 300),
        ):
            with self.subTest(text):
                self.assertIsNone(Authority.parse(text))


class OriginRuleTest(TestCase):
    def allows(self, origin: str, host: str, listed: tuple[str, ...] = ()) -> bool:
        authority = Authority.parse(host)
        assert authority is not None
        return OriginRule(listed).allows([origin], [authority])

    def test_a_request_without_an_origin_is_accepted(self) -> None:
        self.assertTrue(OriginRule(()).allows([], OWN))
        self.assertTrue(OriginRule(()).allows([], []))

    def test_the_same_host_and_port_are_accepted(self) -> None:
        for origin, host in (
            ("http://chat.example", "chat.example"),
            ("http://chat.example", "chat.example:80"),
            ("http://chat.example:80", "chat.example"),
            ("https://chat.example", "chat.example"),
            ("https://chat.example", "chat.example:443"),
            ("https://chat.example:8443", "chat.example:8443"),
            ("HTTP://Chat.Example", "chat.example"),
            ("http://chat.example", "CHAT.example"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://[0:0::1]:8080", "[::1]:8080"),
        ):
            with self.subTest(origin=origin, host=host):
                self.assertTrue(self.allows(origin, host))

    def test_another_host_port_or_scheme_is_refused(self) -> None:
        for origin, host in (
            ("http://evil.example", "chat.example"),
            ("http://chat.example.evil.example", "chat.example"),
            ("http://evilchat.example", "chat.example"),
            ("http://chat.example:8080", "chat.example"),
            ("http://chat.example", "chat.example:443"),
            ("https://chat.example", "chat.example:80"),
            ("http://chat.example", "chat.example:8080"),
            ("http://chat.example@evil.example", "chat.example"),
            ("http://chat.example/path", "chat.example"),
            ("chrome-extension://chat.example", "chat.example"),
            ("chat.example", "chat.example"),
            ("//chat.example", "chat.example"),
            ("null", "chat.example"),
            ("null", "null"),
            ("", "chat.example"),
            ("*", "chat.example"),
        ):
            with self.subTest(origin=origin, host=host):
                self.assertFalse(self.allows(origin, host))

    def test_listed_origins_are_accepted_exactly(self) -> None:
        listed = ("https://other.example", "http://local.example:3000", "https://münchen.example")
        for origin, welcome in (
            ("https://other.example", True),
            ("https://other.example:443", True),
            ("http://other.example", False),
            ("https://other.example:444", False),
            ("http://local.example:3000", True),
            ("http://local.example", False),
            ("https://xn--mnchen-3ya.example", True),
        ):
            with self.subTest(origin):
                self.assertEqual(self.allows(origin, "chat.example", listed), welcome)

    def test_a_star_accepts_every_origin_and_null_only_if_listed(self) -> None:
        self.assertTrue(self.allows("https://evil.example", "chat.example", ("*",)))
        self.assertTrue(self.allows("null", "chat.example", ("*",)))
        self.assertTrue(self.allows("null", "chat.example", ("null",)))
        self.assertFalse(self.allows("gibberish", "chat.example", ("null",)))

    def test_two_origin_headers_are_refused(self) -> None:
        rule = OriginRule(())
        self.assertFalse(rule.allows(["http://chat.example"] * 2, OWN))

    def test_a_known_scheme_must_be_the_same(self) -> None:
        rule = OriginRule(())
        self.assertTrue(rule.allows(["https://chat.example"], OWN, "https"))
        self.assertFalse(rule.allows(["http://chat.example"], OWN, "https"))

    def test_any_of_several_names_is_accepted(self) -> None:
        names = [Authority("chat.example", None), Authority("backend", 8080)]
        self.assertTrue(OriginRule(()).allows(["https://chat.example"], names))
        self.assertTrue(OriginRule(()).allows(["http://backend:8080"], names))

    def test_an_origin_has_the_default_port_of_its_scheme(self) -> None:
        self.assertEqual(Origin.parse("https://a"), Origin("https", "a", 443))
        self.assertEqual(Origin.parse("app://a"), Origin("app", "a", None))


class HostRuleTest(TestCase):
    def allows(self, host: str, *names: str, listens: str = "127.0.0.1") -> bool:
        authority = Authority.parse(host)
        assert authority is not None, host
        return HostRule(listens, names).allows(authority)

    def test_addresses_and_localhost_are_always_accepted(self) -> None:
        for host in (
            *("127.0.0.1", "198.51.100.1:8080", "0.0.0.0", "[::1]", "[2001:db8::1]:8080"),
            *("localhost", "LocalHost:8080", "localhost.", "chat.localhost", "a.b.localhost."),
        ):
            with self.subTest(host):
                self.assertTrue(self.allows(host))

    def test_no_name_is_accepted_unless_listed(self) -> None:
        for host in (
            *("rebound.example", "localhost.example", "xlocalhost", "local", "127.0.0.1.nip.io"),
            *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1"),
            *("127.0.0.01", "127.0.0.1.", "1", "127.0.0.256", "localhost..", "my_host"),
        ):
            with self.subTest(host):
                self.assertFalse(self.allows(host))

    def test_a_listed_name_is_accepted_in_any_spelling(self) -> None:
        for host, known in (
            ("chat.example", True),
            ("CHAT.Example:8080", True),
            ("chat.example.", True),
            ("a.chat.example", False),
            ("xchat.example", False),
            ("chat.example.evil", False),
            ("chat.example..", False),
        ):
            with self.subTest(host):
                self.assertEqual(self.allows(host, "Chat.EXAMPLE."), known)

    def test_the_name_of_the_listening_address_is_accepted(self) -> None:
        self.assertTrue(self.allows("chat.lan:8080", listens="Chat.LAN"))
        self.assertFalse(self.allows("other.lan", listens="chat.lan"))

    def test_a_star_accepts_any_name_and_a_leading_star_any_subdomain(self) -> None:
        self.assertTrue(self.allows("whatever.example", "*"))
        for host, known in (
            ("a.example.org", True),
            ("a.b.example.org.", True),
            ("example.org", False),
            ("aexample.org", False),
        ):
            with self.subTest(host):
                self.assertEqual(self.allows(host, "*.Example.org"), known)

    def test_other_scripts_are_compared_as_browsers_send_them(self) -> None:
        self.assertTrue(self.allows("xn--mnchen-3ya.example", "münchen.example"))
        self.assertTrue(self.allows("xn--mnchen-3ya.example", "MÜNCHEN。example"))
        self.assertTrue(self.allows("a.xn--mnchen-3ya.example", "*.münchen.example"))
        self.assertTrue(self.allows("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"))
        self.assertFalse(self.allows("munchen.example", "münchen.example"))


class ProxiesTest(TestCase):
    proxies = Proxies(["10.0.0.0/8", "::1", "192.0.2.7"])

    def test_addresses_and_networks_can_be_trusted(self) -> None:
        for address, trusted in (
            ("10.1.2.3", True),
            ("::1", True),
            ("::ffff:10.1.2.3", True),
            ("192.0.2.7", True),
            ("192.0.2.8", False),
            ("fe80::1%eth0", False),
            ("nonsense", False),
        ):
            with self.subTest(address):
                self.assertEqual(self.proxies.trusts(address), trusted)

    def test_no_proxy_is_trusted_unless_listed(self) -> None:
        self.assertFalse(Proxies([]).trusts("127.0.0.1"))
        self.assertEqual(Proxies([]).client("127.0.0.1", ["1.2.3.4"]), "127.0.0.1")

    def test_the_client_is_the_last_address_that_is_no_proxy(self) -> None:
        for forwarded, client in (
            (["198.51.100.1"], "198.51.100.1"),
            (["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            (["6.6.6.6, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            (["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
            (["198.51.100.1:4711"], "198.51.100.1"),
            (["[2001:db8::1]:4711"], "2001:db8::1"),
            (["2001:db8::1"], "2001:db8::1"),
            (["10.9.9.9, 10.8.8.8"], "10.9.9.9"),
            (["198.51.100.1, unknown"], "10.0.0.1"),
            (["198.51.100.1, unknown, 10.9.9.9"], "10.9.9.9"),
            ([""], "10.0.0.1"),
            ([], "10.0.0.1"),
        ):
            with self.subTest(forwarded):
                self.assertEqual(self.proxies.client("10.0.0.1", forwarded), client)

    def test_the_zone_of_an_address_is_ignored(self) -> None:
        """It was logged unchanged, and could forge a line."""
        for zone in ("eth0", "x\nINFO forged", "\x1b[2J"):
            self.assertEqual(self.proxies.client("10.0.0.1", [f"fe80::1%{zone}"]), "fe80::1")

    def test_headers_of_an_untrusted_peer_are_ignored(self) -> None:
        self.assertEqual(self.proxies.client("198.51.100.1", ["1.1.1.1"]), "198.51.100.1")


class AddressTest(TestCase):
    def test_an_ipv6_network_counts_as_one_address(self) -> None:
        self.assertEqual(counted_as("198.51.100.1"), "198.51.100.1")
        self.assertEqual(counted_as("::ffff:198.51.100.1"), "198.51.100.1")
        self.assertEqual(counted_as("2001:db8:1:2:3::4"), counted_as("2001:db8:1:2:ffff::9"))
        self.assertNotEqual(counted_as("2001:db8:1:2::1"), counted_as("2001:db8:1:3::1"))
        self.assertEqual(counted_as("fe80::1%eth0"), "fe80::/64")

    def test_mapped_addresses_are_written_as_ipv4(self) -> None:
        self.assertEqual(plain("::ffff:198.51.100.1"), "198.51.100.1")
        self.assertEqual(plain("198.51.100.1"), "198.51.100.1")
        self.assertEqual(plain("2001:db8:0::1"), "2001:db8::1")
