"""The table of the page's files: its content, compression, names and caching."""

import gzip
import json
import tempfile
import zipfile
from pathlib import Path

from gochat_py.errors import StartupError
from gochat_py.http.static.assets import (
    ASK_EACH_TIME,
    FOR_EVER,
    Assets,
    File,
    has,
    prefers_gzip,
    web_root,
)
from tests.support.case import TestCase
from tests.support.edge import FILES


def tree(files: dict[str, bytes], into: str) -> Path:
    root = Path(into)
    for name, body in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    return root


class LoadTest(TestCase):
    def load(self, files: dict[str, bytes]) -> Assets:
        with tempfile.TemporaryDirectory() as folder:
            return Assets.load(tree(files, folder))

    def test_hidden_files_are_not_served(self) -> None:
        assets = self.load({**FILES, ".git/config": b"secret", "css/.a.css.swp": b"secret"})
        self.assertIsNotNone(assets.find("/assets/css/a.css"))
        for hidden in (".git/config", "css/.a.css.swp"):
            self.assertIsNone(assets.find(f"/assets/{hidden}"))

    def test_a_folder_is_not_a_file(self) -> None:
        for path in ("", "css", "css/", "/css/a.css", "css//a.css", "./css/a.css", "../css/a.css"):
            self.assertIsNone(Assets(FILES).find(f"/assets/{path}"))

    def test_the_page_is_not_among_its_assets(self) -> None:
        self.assertIsNone(Assets(FILES).find("/assets/index.html"))

    def test_a_file_of_an_unknown_type_stops_the_start(self) -> None:
        with self.assertRaisesRegex(StartupError, r"notes\.xyz.*remove it"):
            self.load({**FILES, "js/notes.xyz": b""})

    def test_a_tree_without_a_page_stops_the_start(self) -> None:
        with self.assertRaisesRegex(StartupError, r"index\.html.*reinstall"):
            self.load({"js/a.js": b""})
        with self.assertRaisesRegex(StartupError, r"lacks <base"):
            self.load({"index.html": b"<!doctype html>"})

    def test_a_tree_in_a_zip_file_is_the_same_tree(self) -> None:
        files = {**FILES, "js/core/b.js": b"", ".git/config": b"secret"}
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder, "gochat.pyz")
            with zipfile.ZipFile(place, "w") as archive:
                for name, body in files.items():
                    archive.writestr(f"gochat_py/web/{name}", body)
            zipped = Assets.load(zipfile.Path(place, "gochat_py/web/"))
            with self.assertRaisesRegex(StartupError, r"pyz/gochat_py/index\.html is missing"):
                Assets.load(zipfile.Path(place, "gochat_py/"))
        self.assertEqual(zipped.checksum, self.load(files).checksum)
        self.assertIsNone(zipped.find("/assets/.git/config"))

    def test_the_project_s_own_page_loads(self) -> None:
        self.assertRegex(Assets.load(web_root()).checksum, r"\A[0-9a-f]{12}\Z")

    def test_the_checksum_is_of_every_name_and_byte(self) -> None:
        def checksum(changes: dict[str, bytes]) -> str:
            return Assets({**FILES, **changes}).checksum

        self.assertEqual(checksum({}), checksum({}))
        changed = [{"js/a.js": b"x"}, {"js/b.js": b""}, {"js/bj": b"s", "js/c.js": b""}]
        sums = {checksum({}), *map(checksum, changed[:2])}
        self.assertEqual(len(sums), 3)


class PageTest(TestCase):
    def test_links_have_the_checksum_and_the_base_of_the_address(self) -> None:
        assets = Assets(FILES)
        page = assets.page_for("/").plain.body.decode()
        self.assertIn(f'href="assets/{assets.checksum}/css/a.css"', page)
        self.assertIn(f'src="assets/{assets.checksum}/js/a.js"', page)
        self.assertIn('<base href="./">', page)
        room = assets.page_for("/r/lobby").plain.body.decode()
        self.assertEqual(room, page.replace('<base href="./">', '<base href="../">'))

    def test_only_addresses_with_the_current_checksum_are_cached_for_ever(self) -> None:
        assets = Assets(FILES)
        for path, cache in (
            (f"{assets.checksum}/js/a.js", FOR_EVER),
            ("0123456789ab/js/a.js", ASK_EACH_TIME),
            ("js/a.js", ASK_EACH_TIME),
        ):
            found = assets.find(f"/assets/{path}")
            assert found is not None
            self.assertEqual((found[0].plain.body, found[1]), (FILES["js/a.js"], cache))
        self.assertIsNone(assets.find("/assets/0123456789ab/js/none.js"))
        self.assertIsNone(assets.find("/assets/0123456789ab/0123456789ab/js/a.js"))
        for elsewhere in ("js/a.js", "/js/a.js", f"/{assets.checksum}/js/a.js"):
            self.assertIsNone(assets.find(elsewhere))


class InstallableTest(TestCase):
    """What an installed page needs: its worker, its manifest, and the list of files to cache."""

    def test_the_worker_and_the_manifest_are_served_only_beside_the_page(self) -> None:
        assets = Assets(FILES)
        for name, kind in (
            ("sw.js", "text/javascript; charset=utf-8"),
            ("manifest.webmanifest", "application/manifest+json"),
        ):
            found = assets.find(f"/{name}")
            assert found is not None
            self.assertEqual((found[0].content_type, found[1]), (kind, ASK_EACH_TIME))
            self.assertIsNone(assets.find(f"/assets/{name}"))
            self.assertIsNone(assets.find(f"/assets/{assets.checksum}/{name}"))

    def test_a_tree_without_worker_and_manifest_serves_none(self) -> None:
        assets = Assets({"index.html": FILES["index.html"]})
        self.assertIsNone(assets.find("/sw.js"))
        self.assertIsNone(assets.find("/manifest.webmanifest"))

    def test_the_worker_s_list_has_the_page_and_each_file_s_cached_address(self) -> None:
        assets = Assets(FILES)
        found = assets.find("/assets/shell.json")
        assert found is not None
        self.assertEqual((found[0].content_type, found[1]), ("application/json", ASK_EACH_TIME))
        listed = json.loads(found[0].plain.body)
        self.assertEqual(listed["digest"], assets.checksum)
        page, page_in_room, *files = listed["files"]
        self.assertEqual((page, page_in_room), ("./", "r/lobby"))
        names = FILES.keys() - {"index.html", "sw.js", "manifest.webmanifest"}
        self.assertEqual(files, [f"assets/{assets.checksum}/{name}" for name in sorted(names)])
        for each in files:
            served = assets.find(f"/{each}")
            assert served is not None
            self.assertEqual(served[1], FOR_EVER)


class FileTest(TestCase):
    long = File.of(".css", b"body { margin: 0 }\n" * 50)
    short = File.of(".css", b"a{}")

    def test_a_file_is_compressed_once_if_that_makes_it_smaller(self) -> None:
        assert self.long.packed is not None
        self.assertEqual(gzip.decompress(self.long.packed.body), self.long.plain.body)
        self.assertEqual(self.long, File.of(".css", self.long.plain.body))
        self.assertIsNone(self.short.packed)
        self.assertIsNone(File.of(".png", bytes(1000)).packed)

    def test_each_encoding_has_its_own_etag(self) -> None:
        assert self.long.packed is not None
        self.assertNotEqual(self.long.packed.etag, self.long.plain.etag)

    def test_the_answer_has_its_type_and_encoding(self) -> None:
        answer = self.long.answer(FOR_EVER, "gzip", "")
        headers = dict(answer.headers)
        self.assertEqual(headers["Content-Type"], "text/css; charset=utf-8")
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertEqual(headers["Vary"], "Accept-Encoding")
        self.assertEqual(headers["Cache-Control"], FOR_EVER)
        plain = dict(self.long.answer(FOR_EVER, "", "").headers)
        self.assertNotIn("Content-Encoding", plain)
        self.assertEqual(plain["Vary"], "Accept-Encoding")
        self.assertNotIn("Vary", dict(self.short.answer(FOR_EVER, "gzip", "").headers))

    def test_a_304_is_sent_only_for_the_encoding_that_would_be_sent(self) -> None:
        plain, packed = self.long.plain.etag, self.long.packed.etag if self.long.packed else ""
        self.assertEqual(self.long.answer("", "gzip", packed).status, 304)
        self.assertEqual(self.long.answer("", "gzip", plain).status, 200)
        self.assertEqual(self.long.answer("", "", plain).status, 304)
        self.assertEqual(self.long.answer("", "", packed).status, 200)
        self.assertEqual(dict(self.long.answer("x", "", plain).headers)["ETag"], plain)


class NegotiationTest(TestCase):
    def test_accept_encoding_is_obeyed(self) -> None:
        for header, packed in (
            ("", False),
            ("gzip", True),
            ("x-gzip", True),
            ("GZIP", True),
            ("gzip, deflate, br", True),
            ("br", False),
            ("gzip;q=0", False),
            ("gzip; q=0.000", False),
            ("gzip;q=0, *", False),
            ("*", True),
            ("*;q=0", False),
            ("identity", False),
            ("identity, gzip;q=0.5", False),
            ("identity;q=0.5, gzip", True),
            ("gzip;q=nonsense", False),
            (";;;,,,q=", False),
        ):
            with self.subTest(header):
                self.assertEqual(prefers_gzip(header), packed)

    def test_if_none_match_is_a_list_with_weak_comparison(self) -> None:
        for header, there in (
            ("", False),
            ('"abc"', True),
            ('W/"abc"', True),
            ('"x", "abc"', True),
            ('"x", W/"abc" , "y"', True),
            ("*", True),
            ('"x"', False),
            ("abc", False),
            ('"abc', False),
        ):
            with self.subTest(header):
                self.assertEqual(has(header, '"abc"'), there)
