"""The table of connections: its limits, its counts, and how it ends connections."""

import select
import socket

from gochat_py.admission import Admission, Terms
from gochat_py.http.visits import Visit, Visits
from tests.support.case import TestCase


class VisitsTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.visits = Visits(Admission(Terms(), 2), 3)

    def visit(self, address: str = "192.0.2.1") -> Visit:
        near, far = socket.socketpair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)
        return Visit(near, address, address)

    def held(self) -> dict[str, int]:
        return self.visits.admission.addresses.held()

    def test_connections_are_limited_in_total_and_for_each_address(self) -> None:
        first, second, third = (self.visit() for _ in range(3))
        self.assertTrue(self.visits.register(first, "192.0.2.1"))
        self.assertTrue(self.visits.register(second, "192.0.2.1"))
        self.assertFalse(self.visits.register(third, "192.0.2.1"))
        self.assertTrue(self.visits.register(self.visit(), "192.0.2.2"))
        self.assertFalse(self.visits.register(self.visit(), "192.0.2.3"))
        self.assertEqual((len(self.visits), self.held()), (3, {"192.0.2.1": 2, "192.0.2.2": 1}))
        self.visits.forget(first)
        self.visits.forget(first)
        self.visits.forget(third)
        self.assertTrue(self.visits.register(third, "192.0.2.1"))
        self.assertEqual(self.held(), {"192.0.2.1": 2, "192.0.2.2": 1})

    def test_a_client_named_by_a_proxy_is_counted_instead_of_the_one_before(self) -> None:
        visit = self.visit()
        self.assertTrue(self.visits.register(visit, None))
        self.assertEqual((visit.meter, self.held()), (None, {}))
        for address in ("198.51.100.1", "198.51.100.1", "198.51.100.2"):
            self.assertTrue(self.visits.count(visit, address))
            self.assertEqual((visit.address, self.held()), (address, {address: 1}))
        for _ in range(2):
            self.visits.register(self.visit(), "198.51.100.3")
        self.assertFalse(self.visits.count(visit, "198.51.100.3"))
        self.assertEqual(self.held(), {"198.51.100.3": 2})
        self.visits.forget(visit)
        self.assertEqual(len(self.visits), 2)

    def test_hang_up_ends_http_connections_and_cut_ends_all(self) -> None:
        plain, upgraded = self.visit("192.0.2.1"), self.visit("192.0.2.2")
        for visit in (plain, upgraded):
            self.visits.register(visit, visit.peer)
        self.assertTrue(self.visits.promote(upgraded))
        self.visits.hang_up()
        self.assertTrue(self.visits.hung_up)
        self.assertEqual(self.ended(plain, upgraded), [plain])
        self.visits.cut()
        self.assertEqual(self.ended(plain, upgraded), [plain, upgraded])

    def ended(self, *visits: Visit) -> list[Visit]:
        """Those whose socket gives the end of what is received."""
        readable, _, _ = select.select([visit.sock for visit in visits], [], [], 0)
        return [visit for visit in visits if visit.sock in readable and not visit.sock.recv(1)]

    def test_no_connection_is_upgraded_while_the_server_stops(self) -> None:
        visit = self.visit()
        self.visits.register(visit, "192.0.2.1")
        self.visits.stopping = True
        self.assertFalse(self.visits.promote(visit))
        self.visits.hang_up()
        self.assertEqual(self.ended(visit), [visit])
