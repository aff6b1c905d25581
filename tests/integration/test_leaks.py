"""Thousands of connections leave no thread, descriptor or memory."""

import resource

from tests.support import process
from tests.support.case import TestCase, descriptors, eventually
from tests.support.raw import RawClient
from tests.support.server import ServerProcess

#: KiB that an idle connection may take, with its two threads. Without the interpreter lock 408 were
#: measured with CPython 3.13, and 847 with 3.14 (see `process.FREE_THREADED`).
MOST = 900 if process.FREE_THREADED else 60


class LeakTest(TestCase):
    STORM, IDLE = 2000, 5000

    def setUp(self) -> None:
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < self.IDLE + 100:
            needed = self.IDLE + 100
            self.skipTest(f"This test needs {needed} open files, but the system allows {hard}.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, self.IDLE + 100), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.server = self.enterContext(ServerProcess("--max-connections-per-address", "10000"))
        self.pid = self.server.process.pid

    def threads(self) -> int:
        return process.status(self.pid, "Threads")

    def descriptors(self) -> int:
        """The number of open descriptors, except the database's, which are opened when needed."""
        data = str(self.server.data)
        return sum(not what.startswith(data) for what in descriptors(self.pid).values())

    def assert_all_gone(self, threads: int, files: int) -> None:
        eventually(lambda: self.threads() == threads, "the threads end")
        eventually(lambda: self.descriptors() == files, "the descriptors are closed")

    def hold(self, count: int) -> int:
        """Hold `count` idle connections, let them go, and give the memory they took, in KiB."""
        before = process.proportional_memory(self.pid)
        clients = [RawClient(self.server.port) for _ in range(count)]
        try:
            # Everyone hears the last one's line, so everyone is served, not only accepted.
            clients[-1].send("all here")
            for client in clients:
                self.assertEqual(client.line(), "all here")
            self.assertEqual(self.threads(), self.resting + 2 * count)
            return process.proportional_memory(self.pid) - before
        finally:
            for client in clients:
                client.close()

    def test_a_connection_storm_and_thousands_of_idle_connections_leak_nothing(self):
        RawClient(self.server.port).close()  # so that it is serving, not only listening
        eventually(lambda: self.threads() == 4, "only main thread, log, journal and hub are there")
        self.resting = self.threads()
        files = self.descriptors()
        for _ in range(self.STORM):
            RawClient(self.server.port).close()
        self.assert_all_gone(self.resting, files)
        taken = self.hold(self.IDLE)
        self.assert_all_gone(self.resting, files)
        self.assertLess(taken / self.IDLE, MOST, "KiB a connection")
        # The allocator keeps what the first thousands took, for the next ones; what is lost for
        # each connection would go on growing.
        after = []
        for _ in range(2):
            self.hold(self.IDLE)
            self.assert_all_gone(self.resting, files)
            after.append(process.proportional_memory(self.pid))
        self.assertLess(after[1], after[0] * 1.25)
        print(f"{taken / self.IDLE:.1f} KiB a connection", end=" ", flush=True)
