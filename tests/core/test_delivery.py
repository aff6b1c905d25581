"""Who receives what: compares `plan` with a rule for each entry."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.delivery import JOIN, JOIN_CHARS, Written, plan, portions
from gochat_py.message import Entry, Kind
from tests.support.case import TestCase
from tests.support.narrow import not_none

PEOPLE = "abcde"


def written(seq, kind=Kind.MESSAGE, sender=None, answers=None, duplicate=False, text="hi"):
    entry = Entry(kind, "tea", "tea", seq, "u", "Ann", 1.0, None, text)
    return Written(entry, sender, answers, duplicate, f"{{{seq}}}")


@st.composite
def batches(draw):
    found, seq = [], draw(st.integers(1, 5))
    for _ in range(draw(st.integers(0, 6))):
        duplicate = draw(st.booleans())
        number = draw(st.integers(1, seq)) if duplicate else seq
        seq += not duplicate
        found.append(
            written(
                number,
                draw(st.sampled_from([Kind.MESSAGE, Kind.EDITED])),
                draw(st.sampled_from([None, *PEOPLE])),
                draw(st.sampled_from([None, "id"])),
                duplicate,
            )
        )
    return found


class PlanTest(TestCase):
    @given(
        batches(),
        st.lists(st.sampled_from(PEOPLE), unique=True),
        st.dictionaries(st.sampled_from(PEOPLE), st.integers(1, 9)),
        st.sets(st.sampled_from(PEOPLE)),
    )
    def test_each_member_receives_its_entries_once_and_in_order(self, batch, live, sent, answers):
        already_sent = {member: seq for member, seq in sent.items() if member in live}
        received: dict[str, list[tuple[int, bool]]] = {}
        for delivery in plan(batch, live, already_sent, answers.__contains__):
            for member in delivery.recipients:
                self.assertNotIn(member, received, "one delivery at the most")
                received[member] = [
                    (each.entry.seq, delivery.sender is not None and each.sender == member)
                    for each in delivery.batch
                ]
        for member in PEOPLE:
            asked = any(
                each.sender == member
                and (each.duplicate or (each.answers and each.entry.kind is not Kind.MESSAGE))
                for each in batch
            )
            own = asked and member in answers
            expected = [
                (each.entry.seq, own and each.sender == member)
                for each in batch
                if (
                    own and each.sender == member
                    if each.duplicate
                    else member in live and each.entry.seq > already_sent.get(member, 0)
                )
            ]
            self.assertEqual(received.get(member, []), expected, member)

    def test_without_exceptions_the_live_members_are_not_copied(self):
        live = dict.fromkeys(PEOPLE)
        batch = [written(1), written(2)]
        (delivery,) = plan(batch, live, {}, lambda _: True)
        self.assertIs(delivery.recipients, live)
        self.assertEqual(delivery.batch, batch)


class PortionsTest(TestCase):
    @given(st.lists(st.integers(0, JOIN_CHARS), min_size=1, max_size=400))
    def test_each_entry_is_in_one_portion_in_order_and_no_portion_is_too_large(self, sizes):
        batch = [written(seq, text="x" * size) for seq, size in enumerate(sizes, start=1)]
        found = list(portions(batch))
        self.assertEqual([each for part in found for each in part], batch)
        for part in found:
            self.assertLessEqual(len(part), JOIN)
            if len(part) > 1:
                self.assertLessEqual(
                    sum(len(not_none(each.entry.text)) for each in part), JOIN_CHARS
                )
