"""Refused clients get their answer whole, and cannot stay."""

import resource
import selectors
import socket
import struct
from unittest import mock

from gochat_py.deadline import Deadline
from gochat_py.http import refused
from gochat_py.http.refused import Refused
from tests.support.case import PATIENCE, TestCase
from tests.support.edge import Client, request


class RefusedTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.selector = selectors.DefaultSelector()
        self.addCleanup(self.selector.close)
        self.refused = Refused(self.selector)
        self.addCleanup(self.refused.close)
        log = self.assertLogs("gochat_py.http", "WARNING")
        log.__enter__()
        self.addCleanup(log.__exit__, None, None, None)

    def refuse_one(self, *, at_once: bool = False) -> Client:
        """A client that has sent its request before it was refused."""
        client = Client(self.listener.getsockname()[1])
        self.addCleanup(client.sock.close)
        client.send(request())
        sock, _ = self.listener.accept()
        sock.settimeout(PATIENCE)
        sock.recv(1, socket.MSG_PEEK)
        self.refused.refuse(sock, "a test", at_once=at_once)
        return client

    def read(self) -> None:
        for key, _ in self.selector.select(PATIENCE):
            assert isinstance(key.fileobj, socket.socket)
            self.refused.read(key.fileobj)

    def test_the_answer_arrives_whole_and_without_a_reset(self) -> None:
        for at_once in (False, True):
            client = self.refuse_one(at_once=at_once)
            self.assertEqual(client.answer().status, 503)
            self.assertTrue(client.ended())

    def test_a_refused_client_is_read_until_it_closes(self) -> None:
        client = self.refuse_one()
        self.read()
        client.send(b"more")
        self.read()
        self.assertIsNotNone(self.refused.wait)
        client.sock.close()
        self.read()
        self.assertIsNone(self.refused.wait)

    def test_a_refused_client_is_closed_after_its_time(self) -> None:
        self.refuse_one()
        self.refused.close(late_only=True)
        self.assertIsNotNone(self.refused.wait)
        with mock.patch.object(refused, "PATIENCE", 0.0):
            self.refuse_one()
        self.refused.close(late_only=True)
        self.assertEqual(len(self.selector.get_map()), 1)
        self.refused.close()
        self.assertIsNone(self.refused.wait)

    def test_the_number_of_refused_clients_that_are_read_is_limited(self) -> None:
        self.refused = Refused(self.selector, most=2)
        self.addCleanup(self.refused.close)
        clients = [self.refuse_one() for _ in range(5)]
        self.assertEqual(len(self.selector.get_map()), 2)
        for client in clients:
            self.assertEqual(client.answer().status, 503)

    def test_a_refused_client_that_is_gone_is_no_error(self) -> None:
        client = Client(self.listener.getsockname()[1])
        sock, _ = self.listener.accept()
        linger = struct.pack("ii", 1, 0)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        client.sock.close()  # with a reset
        deadline = Deadline(PATIENCE)
        while not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) and not deadline.passed:
            self.selector.select(0.01)
        self.refused.refuse(sock, "a test")
        self.assertIsNone(self.refused.wait)


class ScarceTest(TestCase):
    def test_with_few_descriptors_fewer_refused_clients_are_read(self) -> None:
        for soft, connections, most in (
            (10_000, 100, refused.MAX_REFUSED),
            (resource.RLIM_INFINITY, 100, refused.MAX_REFUSED),
            (64, 24, refused.LEAST_REFUSED),
            (100, 24, 44),
        ):
            with mock.patch.object(resource, "getrlimit", return_value=(soft, soft)):
                self.assertEqual(refused.most_refused(connections), most)
