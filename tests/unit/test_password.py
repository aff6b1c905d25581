import os
import tempfile
import unicodedata
from pathlib import Path

from gochat_py.core.wire import MAX_SECRET
from gochat_py.errors import StartupError
from gochat_py.password import PasswordFile
from tests.support.case import TestCase


class PasswordCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        place = tempfile.TemporaryDirectory(prefix="gochat-test-")
        self.addCleanup(place.cleanup)
        self.path = Path(place.name) / "password"

    def write(self, content: bytes, mode: int = 0o600) -> None:
        self.path.write_bytes(content)
        self.path.chmod(mode)

    def password(self, content: bytes) -> PasswordFile:
        self.write(content)
        return PasswordFile(self.path)


class MatchingTest(PasswordCase):
    def test_only_the_password_in_the_file_matches(self) -> None:
        password = self.password(b"correct horse\n")
        self.assertTrue(password.matches("correct horse"))
        for wrong in (
            "",
            "correct",
            "correct horse ",
            "correct horse\n",
            "Correct horse",
            "x" * 256,
        ):
            self.assertFalse(password.matches(wrong), wrong)

    def test_a_line_break_at_the_end_is_not_part_of_the_password_and_spaces_are(self) -> None:
        for content in (b"a b ", b"a b \n", b"a b \r\n", b"\xef\xbb\xbfa b \n"):
            with self.subTest(content):
                password = self.password(content)
                self.assertTrue(password.matches("a b "))
                self.assertFalse(password.matches("a b"))

    def test_composed_and_decomposed_letters_are_the_same_password(self) -> None:
        decomposed = unicodedata.normalize("NFD", "Zürich 서울")
        self.assertTrue(self.password("Zürich 서울".encode()).matches(decomposed))
        self.assertTrue(self.password(decomposed.encode()).matches("Zürich 서울"))

    def test_a_lone_surrogate_matches_nothing(self) -> None:
        self.assertFalse(self.password(b"secret").matches("secre\ud800"))

    def test_the_longest_password(self) -> None:
        longest = "密" * MAX_SECRET
        self.assertTrue(self.password(f"{longest}\n".encode()).matches(longest))


class UnusableTest(PasswordCase):
    def test_each_unusable_file_is_refused_with_the_remedy(self) -> None:
        for content, sentence in (
            (b"", "is empty; write the password"),
            (b"\n", "is empty"),
            (b"  \r\n", "is empty"),
            (b"caf\xe9", "is not UTF-8; save it as UTF-8"),
            (b"one\ntwo\n", "must hold one line, without the character U\\+000A"),
            (b"a\x00b", "without the character U\\+0000"),
            (b"x" * (MAX_SECRET + 1), f"too long; a password has at most {MAX_SECRET}"),
            (b"x" * 10_000_000, "too long"),
            (b"\xff" * 10_000, "too long"),
        ):
            with self.subTest(content[:20]):
                self.write(content)
                with self.assertRaisesRegex(StartupError, f"{self.path} .*{sentence}"):
                    PasswordFile(self.path)

    def test_a_file_that_every_user_can_read_is_refused(self) -> None:
        self.write(b"secret\n", 0o644)
        with self.assertRaisesRegex(StartupError, f"run: chmod o-r {self.path}"):
            PasswordFile(self.path)
        self.path.chmod(0o640)
        self.assertTrue(PasswordFile(self.path).matches("secret"))

    def test_what_is_no_regular_file_is_refused_without_waiting(self) -> None:
        with self.assertRaisesRegex(StartupError, "cannot be read .No such file"):
            PasswordFile(self.path)
        os.mkfifo(self.path)
        with self.assertRaisesRegex(StartupError, "is not a file"):
            PasswordFile(self.path)
        with self.assertRaisesRegex(StartupError, "is not a file"):
            PasswordFile(self.path.parent)


class ReadAgainTest(PasswordCase):
    def test_the_new_password_replaces_the_old_one(self) -> None:
        password = self.password(b"old")
        self.write(b"new")
        self.assertTrue(password.matches("old"))
        password.read_again()
        self.assertFalse(password.matches("old"))
        self.assertTrue(password.matches("new"))

    def test_a_file_that_cannot_be_used_changes_nothing_and_is_logged(self) -> None:
        password = self.password(b"old")
        self.write(b"")
        with self.assertLogs("gochat_py.password", "ERROR") as logged:
            password.read_again()
        self.assertIn("is empty", logged.output[0])
        self.assertTrue(password.matches("old"))
        self.assertFalse(password.matches(""))
