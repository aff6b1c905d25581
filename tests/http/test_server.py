"""The HTTP server: binding, counting and refusing connections, and the order of its stop."""

import socket
import threading
from typing import Any
from unittest import mock

from gochat_py.deadline import Deadline
from gochat_py.dialect import Upgrade
from gochat_py.errors import StartupError
from gochat_py.http.server import ChatServer
from gochat_py.http.static.assets import Assets
from gochat_py.settings import Settings
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.edge import FILES, Client, Edge, hold, request, upgrade


def server(**settings: object) -> ChatServer:
    return ChatServer(Settings(**{"port": 0, **settings}), Assets(FILES), hold)  # type: ignore[arg-type]


def read_pool() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("reader-")]


class StartTest(TestCase):
    def test_a_port_that_is_taken_is_refused_with_the_remedy(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with self.assertRaisesRegex(StartupError, f"port {port} is taken.*--port"):
                server(port=port)

    def test_an_address_of_another_machine_is_refused_with_the_remedy(self) -> None:
        with self.assertRaisesRegex(StartupError, "192.0.2.1 is not an address of this machine"):
            server(host="192.0.2.1")

    def test_a_host_that_cannot_be_resolved_is_refused_with_the_remedy(self) -> None:
        for host in ("999.999.999.999", "a..b", "", "x" * 300):
            with self.subTest(host), self.assertRaisesRegex(StartupError, "--host"):
                server(host=host)

    def test_the_url_has_the_listening_address(self) -> None:
        four = server()
        self.addCleanup(four.server_close)
        self.assertEqual(four.url, f"http://127.0.0.1:{four.server_port}/")

    def test_an_ipv6_address_is_written_in_brackets(self) -> None:
        try:
            six = server(host="::1")
        except StartupError as error:
            self.skipTest(f"This test needs IPv6, but {error}.")
        self.addCleanup(six.server_close)
        self.assertEqual(six.url, f"http://[::1]:{six.server_port}/")

    def test_listening_on_all_addresses_includes_ipv4(self) -> None:
        seen: list[str] = []
        try:
            edge = Edge(lambda upgraded: seen.append(upgraded.address), host="::")
        except StartupError as error:
            self.skipTest(f"This test needs IPv6, but {error}.")
        with edge, Client(edge.port) as client:
            self.assertEqual(client.ask(upgrade()).status, 101)
            self.assertTrue(client.ended())
        self.assertEqual(seen, ["127.0.0.1"])

    def test_no_name_server_is_asked(self) -> None:
        with mock.patch("socket.getfqdn", side_effect=AssertionError("a look-up")):
            server().server_close()


class StopTest(TestCase):
    def test_shutdown_may_be_called_before_serving_twice_and_after_the_end(self) -> None:
        early = server()
        early.shutdown()
        early.serve_forever()
        early.shutdown()
        early.hang_up()
        self.assertEqual(early.join(Deadline(PATIENCE)), 0)
        early.server_close()
        early.server_close()
        early.shutdown()

    def test_at_the_stop_connections_between_requests_end_at_once(self) -> None:
        edge = Edge()
        with Client(edge.port) as kept, Client(edge.port) as silent, Client(edge.port) as halfway:
            self.assertEqual(kept.ask(request()).status, 200)
            halfway.send(b"GET / HT")
            eventually(lambda: len(read_pool()) == 3, "three connections were accepted")
            self.assertEqual(edge.stop(), 0)
            for client in (kept, silent, halfway):
                self.assertTrue(client.ended())

    def test_at_the_stop_an_answer_is_sent_to_its_end(self) -> None:
        edge = Edge()
        with Client(edge.port) as client:
            client.send(request(path="/assets/img/big.png"))
            client.more()  # it has begun, and is far more than the kernel holds
            edge.hang_up()
            answer = client.answer()
            self.assertTrue(answer.body == FILES["img/big.png"], len(answer.body))
            self.assertTrue(client.ended())
        self.assertEqual(edge.stop(), 0)

    def test_at_the_stop_a_client_that_reads_nothing_is_cut_off_at_the_deadline(self) -> None:
        edge = Edge()
        with Client(edge.port) as client:
            client.send(request(path="/assets/img/big.png"))
            client.more()
            self.assertEqual(edge.stop(seconds=0.1), 0)

    def test_at_the_stop_websockets_are_left_to_their_endpoint(self) -> None:
        def echo(upgraded: Upgrade) -> None:
            upgraded.sock.settimeout(PATIENCE)
            while (data := upgraded.sock.recv(4)) not in (b"", b"stop"):
                upgraded.sock.sendall(data)

        edge = Edge(echo)
        with Client(edge.port) as client:
            self.assertEqual(client.ask(upgrade()).status, 101)
            edge.hang_up()
            for _ in range(50):
                client.send(b"live")
                self.assertEqual(client.sock.recv(4), b"live")
            client.send(b"stop")
            self.assertEqual(edge.stop(), 0)
            self.assertTrue(client.ended())

    def test_at_the_stop_an_endpoint_that_does_not_end_is_counted(self) -> None:
        ending = threading.Event()
        edge = Edge(lambda upgraded: void(ending.wait(PATIENCE)))
        with Client(edge.port) as client:
            self.assertEqual(client.ask(upgrade()).status, 101)
            with mock.patch("gochat_py.http.server.LAST_JOIN", 0.0):
                self.assertEqual(edge.stop(seconds=0.0), 2)  # the reader, and its writer
            ending.set()

    def test_at_the_stop_no_upgrade_is_accepted(self) -> None:
        with Edge() as edge:
            client = edge.client()
            self.assertEqual(client.ask(request(path="/readyz")).body, b"ok\n")
            edge.server.shutdown()
            answer = client.ask(upgrade())
            self.assertEqual(answer.status, 503)
            self.assertTrue(client.ended())

    def test_at_the_stop_readiness_and_keep_alive_end(self) -> None:
        with Edge() as edge:
            client = edge.client()
            self.assertEqual(client.ask(request(path="/readyz")).status, 200)
            edge.server.shutdown()
            answer = client.ask(request(path="/readyz"))
            self.assertEqual((answer.status, answer.body), (503, b"stopping\n"))
            self.assertEqual(answer.headers["connection"], "close")


class LimitTest(TestCase):
    def test_a_connection_beyond_the_limit_gets_503_until_one_ends(self) -> None:
        for limit in ("max_connections", "max_connections_per_address"):
            changed: dict[str, Any] = {limit: 2}
            quietly = self.assertLogs("gochat_py.http", "WARNING")
            with self.subTest(limit), quietly, Edge(**changed) as edge:
                first, second = edge.client(), edge.client()
                self.assertEqual(first.ask(request()).status, 200)
                self.assertEqual(second.ask(upgrade()).status, 101)
                with Client(edge.port) as third:
                    third.send(request())  # unread by the server: it must not become a reset
                    answer = third.answer()
                    self.assertTrue(third.ended())
                self.assertEqual(answer.status, 503)
                self.assertEqual(answer.headers["connection"], "close")
                self.assertIn("retry-after", answer.headers)
                self.assertEqual(len(read_pool()), 2)
                second.sock.close()
                eventually(lambda: edge.ask(request()).status == 200, "the place was given again")

    def test_many_refusals_leave_connections_for_others(self) -> None:
        with self.assertLogs("gochat_py.http", "WARNING") as said, Edge(max_connections=1) as edge:
            inside = edge.client()
            self.assertEqual(inside.ask(request()).status, 200)
            crowd = [edge.client() for _ in range(300)]
            for client in crowd:
                self.assertEqual(client.answer().status, 503)
            self.assertEqual(inside.ask(request()).status, 200)
        self.assertEqual(len(said.output), 1)  # one line a minute, not one for each

    def test_a_thread_that_cannot_start_is_answered_with_503(self) -> None:
        with Edge() as edge:
            failing = mock.patch.object(
                threading.Thread, "start", side_effect=RuntimeError("can't start new thread")
            )
            with failing, self.assertLogs("gochat_py.http", "WARNING"):
                self.assertEqual(edge.ask(request()).status, 503)
            self.assertEqual(edge.ask(request()).status, 200)
            eventually(
                lambda: not edge.server.visits.admission.addresses.held(),
                "nobody is counted any more",
            )

    def test_without_a_thread_for_its_writer_no_upgrade_is_accepted(self) -> None:
        """The 101 was sent, and after it nothing; the log had a traceback."""
        for error in (RuntimeError("can't start new thread"), MemoryError()):
            with self.subTest(error), Edge() as edge:
                failing = mock.patch.object(edge.server.thread_pool, "reserve", side_effect=error)
                with Client(edge.port) as client:
                    self.assertEqual(client.ask(request()).status, 200)
                    with failing, self.assertLogs("gochat_py.http", "WARNING") as said:
                        answer = client.ask(upgrade())
                    self.assertEqual(answer.status, 503)
                    self.assertIn("retry-after", answer.headers)
                    self.assertTrue(client.ended())
                self.assertIn("refusing WebSockets", said.output[0])
                self.assertEqual(edge.ask(upgrade()).status, 101)

    def test_a_writer_that_is_not_needed_is_released(self) -> None:
        with Edge() as edge:
            with Client(edge.port) as client:
                self.assertEqual(client.ask(request()).status, 200)
                with mock.patch.object(edge.server.visits, "promote", return_value=False):
                    self.assertEqual(client.ask(upgrade()).status, 503)
                self.assertTrue(client.ended())
            eventually(lambda: not edge.server.thread_pool._tasks, "no thread is kept")

    def test_a_request_without_memory_for_it_is_answered_with_503(self) -> None:
        for where in ("handler.parse", "requests.Request.tokens", "handler.Upgrade"):
            with self.subTest(where), Edge() as edge:
                with Client(edge.port) as client:
                    eventually(lambda edge=edge: edge.server.visits, "it was let in")
                    with mock.patch(f"gochat_py.http.{where}", side_effect=MemoryError):
                        self.assertEqual(client.ask(upgrade()).status, 503)
                    self.assertTrue(client.ended())
                eventually(
                    lambda edge=edge: not edge.server.thread_pool._tasks, "no thread is kept"
                )
                self.assertEqual(edge.ask(upgrade()).status, 101)

    def test_accepting_survives_a_lack_of_memory(self) -> None:
        with Edge() as edge, self.assertLogs("gochat_py.http", "WARNING"):
            for victim, name in (
                (edge.server, "_accept_all"),
                (edge.server.visits, "register"),
                (edge.server.thread_pool, "start"),
            ):
                failing = mock.patch.object(victim, name, side_effect=MemoryError)
                with self.subTest(name):
                    failed = failing.start()
                    try:
                        client = edge.client()
                        client.send(request())
                        eventually(lambda failed=failed: failed.called, "it failed")
                        if name != "_accept_all":
                            self.assertEqual(client.answer().status, 503)
                    finally:
                        failing.stop()
                    if name == "_accept_all":  # it waited in the backlog until there was memory
                        self.assertEqual(client.answer().status, 200)
                    client.sock.close()
                    self.assertEqual(edge.ask(request()).status, 200)
            eventually(
                lambda: not edge.server.visits.admission.addresses.held(),
                "nobody is counted any more",
            )

    def test_connections_of_a_trusted_proxy_count_for_its_clients(self) -> None:
        with Edge(max_connections_per_address=1, trusted_proxy=("127.0.0.1",)) as edge:
            held = [edge.client() for _ in range(3)]
            for number, client in enumerate(held):
                forwarded = upgrade(X_Forwarded_For=f"6.6.6.6, 198.51.100.{number}")
                self.assertEqual(client.ask(forwarded).status, 101)
            again = upgrade(X_Forwarded_For="198.51.100.1")
            self.assertEqual(edge.ask(again).status, 503)
            held[1].sock.close()
            eventually(lambda: edge.ask(again).status == 101, "the place was given again")

    def test_one_connection_of_a_proxy_may_serve_several_clients(self) -> None:
        with Edge(max_connections_per_address=1, trusted_proxy=("127.0.0.1",)) as edge:
            client = edge.client()
            for number in range(5):
                forwarded = request(headers={"X-Forwarded-For": f"198.51.100.{number}"})
                self.assertEqual(client.ask(forwarded).status, 200)
            self.assertEqual(edge.server.visits.admission.addresses.held(), {"198.51.100.4": 1})

    def test_counts_end_with_the_connections(self) -> None:
        with Edge() as edge:
            for _ in range(20):
                self.assertEqual(edge.ask(request()).status, 200)
            eventually(lambda: not read_pool(), "all threads ended")
            self.assertEqual(
                (edge.server.visits.admission.addresses.held(), len(edge.server.visits)), ({}, 0)
            )


class ConnectionTest(TestCase):
    def test_threads_are_named_and_numbered(self) -> None:
        names: list[str] = []
        with Edge(lambda upgraded: names.append(threading.current_thread().name)) as edge:
            for _ in range(2):
                with Client(edge.port) as client:
                    self.assertEqual(client.ask(upgrade()).status, 101)
                    self.assertTrue(client.ended())
        self.assertEqual(names, ["reader-1", "reader-2"])

    def test_small_answers_are_sent_without_delay(self) -> None:
        seen: list[int] = []

        def look(upgraded: Upgrade) -> None:
            seen.append(upgraded.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

        with Edge(look) as edge, Client(edge.port) as client:
            self.assertEqual(client.ask(upgrade()).status, 101)
            self.assertTrue(client.ended())
        self.assertEqual([bool(each) for each in seen], [True])

    def test_an_endpoint_that_fails_ends_one_connection(self) -> None:
        def fail(upgraded: Upgrade) -> None:
            raise RuntimeError("a bug")

        with Edge(fail) as edge:
            with self.assertLogs("gochat_py.http", "ERROR"), Client(edge.port) as client:
                self.assertEqual(client.ask(upgrade()).status, 101)
                self.assertTrue(client.ended())
            self.assertEqual(edge.ask(request()).status, 200)


def void(_: object) -> None:
    """Give nothing back."""
