"""A user who spends little does not wait for others, and none spends more than their share."""

import math
import threading

from gochat_py import admission
from gochat_py.admission import ADDRESS_BURST, OWN_BURST, Admission, Meter, Terms
from gochat_py.sharing import Gate, Pool
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import not_none


class AdmissionCase(TestCase):
    terms = Terms(
        connection_budget=100.0, address_budget=1_000.0, rate=2.0, burst=3, new_users=4, new_rooms=2
    )

    def setUp(self) -> None:
        super().setUp()
        self.admission = Admission(self.terms)

    def meter(self, key: str = "a", user: str | None = None) -> Meter:
        meter = self.admission.enter(key)
        assert meter is not None
        if user is not None:
            meter.identify(user)
        return meter

    def spent(self, meters: list[Meter], seconds: float, cost: float = 10.0) -> list[float]:
        """What each spends of a clock's time, going on as soon as it may."""
        next_at = [(0.0, number) for number in range(len(meters))]
        spent = [0.0] * len(meters)
        while True:
            now, number = min(next_at)
            if now >= seconds:
                return spent
            wait = meters[number].spend(cost, now)
            spent[number] += cost
            next_at[number] = (now + wait + 1e-9, number)


class BudgetTest(AdmissionCase):
    def test_a_connection_may_spend_its_burst_and_then_its_rate(self):
        (spent,) = self.spent([self.meter()], 10.0)
        self.assertAlmostEqual(spent, (OWN_BURST + 10.0) * 100.0, delta=20.0)

    def test_all_connections_of_a_user_share_one_budget(self):
        spent = self.spent([self.meter(str(n), "ann") for n in range(20)], 10.0)
        self.assertAlmostEqual(sum(spent), (OWN_BURST + 10.0) * 100.0, delta=20 * 20.0)

    def test_the_connections_of_an_address_share_its_budget_equally(self):
        spent = self.spent([self.meter() for _ in range(50)], 20.0)
        most = (2 * ADDRESS_BURST + 20.0) * 1_000.0 + 50 * 20.0
        self.assertLess(sum(spent), most)
        self.assertGreater(sum(spent), 0.9 * 20.0 * 1_000.0)
        self.assertLess(max(spent) - min(spent), 0.1 * max(spent))

    def test_a_connection_that_spends_little_does_not_wait_for_others_of_its_address(self):
        greedy = [self.meter() for _ in range(30)]
        quiet = self.meter()
        waits = []
        for second in range(20):
            for meter in greedy:
                for _ in range(20):
                    meter.spend(10.0, float(second))
            waits.append(quiet.spend(5.0, second + 0.5))
        self.assertEqual(waits, [0.0] * 20)
        self.assertGreater(greedy[0].spend(10.0, 20.0), 1.0)

    def test_other_addresses_have_their_own_budget(self):
        for _ in range(1_000):
            self.meter("greedy").spend(1_000.0, 0.0)
        self.assertEqual(self.meter("other").spend(10.0, 0.0), 0.0)

    def test_reconnecting_does_not_reset_what_was_spent(self):
        waits = []
        for _ in range(100):
            meter = self.meter()
            waits.append(meter.arrive(100.0, 0.0))
            meter.leave(0.0)
        self.assertEqual(waits[0], 0.0)
        self.assertGreater(waits[-1], 8.0)

    def test_a_debt_is_remembered_after_the_last_connection_until_it_is_paid(self):
        meter = self.meter(user="ann")
        meter.spend(5_000.0, 0.0)
        meter.leave(0.0)
        again = self.meter(user="ann")
        self.assertGreater(again.arrive(1.0, 0.0), 0.0)
        self.assertGreater(again.spend(1.0, 0.0), 0.0)
        again.leave(1_000.0)
        self.assertEqual(self.meter(user="ann").spend(1.0, 1_000.0), 0.0)

    def test_without_limits_nothing_waits(self):
        meter = not_none(Admission(Terms()).enter("a"))
        self.assertEqual(meter.spend(1e12, 0.0), 0.0)
        self.assertEqual(meter.new_user(0.0), 0.0)
        self.assertTrue(meter.claim(1 << 40))


class QuotaTest(AdmissionCase):
    def test_the_number_of_new_users_and_rooms_of_an_address_in_an_hour_is_limited(self):
        users = [self.meter().new_user(0.0) for _ in range(5)]
        self.assertEqual(users[:4], [0.0] * 4)
        self.assertAlmostEqual(users[4], 900.0)
        rooms = [self.meter().new_room(0.0) for _ in range(3)]
        self.assertEqual(rooms[:2], [0.0] * 2)
        self.assertAlmostEqual(rooms[2], 1_800.0)
        self.assertEqual(self.meter("other").new_user(0.0), 0.0)

    def test_a_quota_below_one_an_hour_allows_one_now_and_then(self):
        """An address that may hold few connections has such a quota by default."""
        meter = not_none(Admission(Terms(new_users=0.5, new_rooms=0.8)).enter("a"))
        self.assertEqual([meter.new_user(0.0), meter.new_user(0.0)], [0.0, 7_200.0])
        self.assertEqual([meter.new_room(0.0), meter.new_room(0.0)], [0.0, 4_500.0])

    def test_one_user_has_one_rate_over_all_connections(self):
        buckets = [self.meter(str(n)).identify("ann").sending for n in range(5)]
        self.assertEqual([bucket.take(0.0) for bucket in buckets], [0.0, 0.0, 0.0, 0.5, 0.5])

    def test_the_number_of_connections_of_an_address_is_limited(self):
        few = Admission(Terms(), most_connections=2)
        first, second = few.enter("a"), few.enter("a")
        self.assertIsNotNone(first)
        self.assertIsNone(few.enter("a"))
        self.assertIsNotNone(few.enter("b"))
        not_none(second).leave(0.0)
        self.assertIsNotNone(few.enter("a"))


class MemoryTest(AdmissionCase):
    def test_accounts_without_debt_are_forgotten_and_the_number_of_the_others_is_limited(self):
        self.addCleanup(setattr, admission, "MOST_IDLE", admission.MOST_IDLE)
        admission.MOST_IDLE = 3
        for number in range(10):
            self.meter(f"free {number}", f"user {number}").leave(0.0)
        self.assertEqual(self.known(), (0, 0))
        for number in range(10):
            meter = self.meter(f"in debt {number}", f"user {number}")
            meter.spend(5_000.0, 0.0)
            meter.leave(0.0)
        self.assertEqual(self.known(), (3, 3))
        self.assertGreater(self.meter("in debt 9").arrive(1.0, 0.0), 0.0)
        self.assertEqual(self.meter("in debt 1").arrive(1.0, 0.0), 0.0)

    def known(self) -> tuple[int, ...]:
        return tuple(
            len(table._used) + len(table._idle)
            for table in (self.admission.addresses, self.admission.users)
        )

    def test_waiting_bytes_are_limited_for_an_address_and_in_total(self):
        self.admission = Admission(Terms(address_bytes=100, all_bytes=150))
        a, b = self.meter("a"), self.meter("b")
        self.assertTrue(a.claim(100))
        self.assertFalse(self.meter("a").claim(1))
        self.assertFalse(b.claim(51))
        self.assertTrue(b.claim(50))
        a.release(100)
        self.assertTrue(b.claim(50))

    def test_a_refused_claim_is_not_counted(self):
        above = Pool(10)
        pool = Pool(math.inf, above)
        self.assertFalse(pool.claim(11))
        self.assertEqual((pool.waiting, above.waiting), (0, 0))


class GateTest(TestCase):
    def test_the_gate_admits_a_few_at_a_time_and_all_in_the_end(self):
        gate = Gate(3)
        lock, inside, most, through = threading.Lock(), 0, 0, 0
        full, go = threading.Event(), threading.Event()

        def pass_through() -> None:
            nonlocal inside, most, through
            with gate:
                with lock:
                    inside += 1
                    most = max(most, inside)
                    if inside == 3:
                        full.set()
                go.wait(PATIENCE)
                with lock:
                    inside -= 1
                    through += 1

        threads = [threading.Thread(target=pass_through) for _ in range(20)]
        for thread in threads:
            thread.start()
        self.assertTrue(full.wait(PATIENCE))
        go.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual((most, through), (3, 20))

    def test_an_exception_inside_leaves_the_gate(self):
        gate = Gate(1)
        with self.assertRaises(ZeroDivisionError), gate:
            raise ZeroDivisionError
        with gate:
            pass
