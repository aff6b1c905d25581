import select

from gochat_py.http.waker import Waker
from tests.support.case import TestCase


class WakerTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.waker = Waker()
        self.addCleanup(self.waker.close)

    def awake(self) -> bool:
        return bool(select.select([self.waker.readable], [], [], 0)[0])

    def test_it_wakes_until_it_is_drained(self):
        """The wake-up byte was not read: after one signal the main thread never slept again."""
        self.assertFalse(self.awake())
        self.waker.wake()
        self.assertTrue(self.awake())
        self.waker.drain()
        self.assertFalse(self.awake())
        self.waker.drain()
        self.waker.wake()
        self.assertTrue(self.awake())

    def test_waking_many_times_never_waits(self):
        for _ in range(100_000):
            self.waker.wake()
        self.waker.drain()
        self.assertFalse(self.awake())

    def test_waking_after_closing_does_nothing(self):
        self.waker.close()
        self.waker.wake()
