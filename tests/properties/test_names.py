"""Names: a checked name passes unchanged, and case makes no difference."""

import unicodedata

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gochat_py.core.names import check_nick, check_room, nick_key, room_key
from gochat_py.refusals import Refusal
from tests.support.case import TestCase

letters = st.characters(categories=["Ll", "Lu", "Lo", "Nd", "Mn"])
names = st.text(letters, min_size=1, max_size=12) | st.text(max_size=12)


def checked(check, name: str) -> str:
    try:
        return check(name)
    except Refusal:
        assume(False)
        raise


class NameProperties(TestCase):
    @given(names | st.text(st.characters()))
    def test_a_checked_name_passes_again_unchanged(self, name):
        for check in (check_room, check_nick):
            try:
                once = check(name)
            except Refusal:
                continue
            self.assertEqual(check(once), once)
            self.assertEqual(unicodedata.normalize("NFC", once), once)

    @settings(max_examples=300)
    @given(names)
    @example("İ")
    @example("ΐ")
    def test_case_and_composition_do_not_distinguish_nicks(self, name):
        nick = checked(check_nick, name)
        for other in (nick.casefold(), nick.lower(), unicodedata.normalize("NFD", nick)):
            self.assertEqual(nick_key(other), nick_key(nick))
        self.assertTrue(nick_key(nick))

    @settings(max_examples=300)
    @given(names)
    def test_case_and_composition_do_not_distinguish_rooms(self, name):
        room = checked(check_room, name)
        for other in (room.casefold(), unicodedata.normalize("NFD", room)):
            self.assertEqual(room_key(other), room_key(room))
        self.assertEqual(room_key(room_key(room)), room_key(room))
