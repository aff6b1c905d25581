"""Bundles the page's files: which, in which order, and with the same meaning."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from gochat_py.http.static.assets import Assets, File, web_root
from gochat_py.http.static.bundle import ENTRY, STYLES, bundle_modules, bundle_styles
from tests.support.case import TestCase
from tests.support.require import require_node
from tests.support.server import ROOT

#: Applies the theme before the first paint; no module.
EARLY = "js/browser/early.js"

TREE = {
    "js/main.js": (
        'import { say, all } from "./say.js";\n'
        'import * as names from "./core/names.js";\n'
        'import {\n  first as one,\n  Two,\n} from "./core/names.js";\n'
        'say("main", one, new Two().name, names.COUNT);\n'
        'import("./late.js").then((late) => {\n  late.speak();\n'
        '  process.stdout.write(all().join("\\n"));\n});\n'
    ),
    "js/say.js": (
        'import { COUNT } from "./core/names.js";\n'
        "const said = [];\n"
        "export function say(...words) {\n  said.push(words.join(' '));\n}\n"
        'say("say", COUNT);\n'
        "export const all = () => said;\n"
    ),
    "js/core/names.js": (
        'import { say } from "../other.js";\n'
        "export const COUNT = 2;\n"
        'export const first = "one";\n'
        "export class Two {\n  name = say();\n}\n"
        "const own = 1;\n"
        "export async function* later() {}\n"
        "export { own };\n"
    ),
    "js/other.js": 'export function say() {\n  return "other";\n}\n',
    "js/late.js": (
        'import { say } from "./say.js";\n'
        'import { word } from "./core/word.js";\n'
        "export function speak() {\n  say(word());\n}\n"
    ),
    "js/core/word.js": (
        'import { own } from "./names.js";\nexport const word = () => `late ${own}`;\n'
    ),
}
INDEX = (
    '<link rel="modulepreload" href="assets/js/main.js">\n'
    '<link rel="modulepreload" href="assets/js/say.js">\n'
    '<link rel="modulepreload" href="assets/js/late.js">\n'
)


def tree(**changes: str) -> dict[str, bytes]:
    """A page's files; a change to ``js/say.js`` is called `say`."""
    files = {"index.html": INDEX, **TREE}
    files.update({f"js/{name}.js": text for name, text in changes.items()})
    return {name: text.encode() for name, text in files.items()}


class ModulesTest(TestCase):
    def said(self, files: dict[str, bytes]) -> list[str]:
        """The output of the page's start, run by node."""
        node = require_node()
        with tempfile.TemporaryDirectory() as folder:
            for name, body in {**files, "package.json": b'{"type": "module"}'}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
            done = subprocess.run(
                [node, str(Path(folder, ENTRY))], capture_output=True, text=True, check=False
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split("\n")

    def test_a_bundle_does_what_its_modules_did(self) -> None:
        files = tree()
        apart = self.said(files)
        self.assertEqual(apart, ["say 2", "main one other 2", "late 1"])
        self.assertTrue(bundle_modules(files))
        self.assertEqual(self.said(files), apart)

    def test_bundled_modules_are_not_served_or_linked(self) -> None:
        files = tree()
        bundle_modules(files)
        self.assertEqual(set(files), {"index.html", ENTRY, "js/late.js", "js/core/word.js"})
        links = re.findall(r'href="assets/([^"]+)"', files["index.html"].decode())
        self.assertEqual(links, [ENTRY, "js/late.js"])

    def test_names_of_one_module_are_names_of_the_bundle(self) -> None:
        files = tree(
            main='import { a } from "./a.js";\nimport { b as c } from "./b.js";\n'
            'import("./late.js").then((late) => {\n  late.speak();\n'
            "  process.stdout.write(`${a()} ${c()}`);\n});\n",
            a='const own = "a";\nexport function a() {\n  const shadow = own;\n'
            "  return shadow;\n}\n",
            b='import { a } from "./a.js";\nimport { a as first } from "./a.js";\n'
            'const own = "b";\nexport const b = () => own + a() + first();\n',
            late='import { a as one } from "./a.js";\n'
            'export const speak = () => process.stdout.write(one() + " ");\n',
        )
        apart = self.said(files)
        self.assertEqual(apart, ["a a baa"])
        self.assertTrue(bundle_modules(files))
        self.assertEqual(self.said(files), apart)
        joined = files[ENTRY].decode()
        self.assertTrue(joined.startswith('const own = "a";\nfunction a() {'), joined)
        self.assertIn("const { b } = (() => {\nconst first = a;\n", joined)
        self.assertIn("{\nconst c = b;\n", joined)
        self.assertTrue(joined.endswith("}\nexport { a };\n"), joined)

    def test_a_module_that_is_imported_as_a_whole_is_an_object_of_that_name(self) -> None:
        files = tree(
            main='import { b } from "./b.js";\nimport { c } from "./c.js";\n'
            "process.stdout.write(b() + c());\n",
            a='export const name = () => "a";\n',
            b='import * as a from "./a.js";\nexport const b = () => a.name();\n',
            c='import * as a from "./a.js";\nexport const c = () => a.name();\n',
        )
        self.assertTrue(bundle_modules(files))
        self.assertEqual(self.said(files), ["aa"])
        joined = files[ENTRY].decode()
        self.assertTrue(joined.startswith("const a = (() => {\n"), joined)
        self.assertIn("const b = () => a.name();\nconst c = () => a.name();\n", joined)

    def test_two_modules_that_are_imported_by_the_same_name_stay_apart(self) -> None:
        files = tree(
            main='import { b } from "./b.js";\nimport { c } from "./c.js";\n'
            "process.stdout.write(b() + c());\n",
            b='import * as all from "./d.js";\nexport const b = () => all.name();\n',
            c='import * as all from "./e.js";\nexport const c = () => all.name();\n',
            d='export const name = () => "d";\n',
            e='export const name = () => "e";\n',
        )
        self.assertTrue(bundle_modules(files))
        self.assertEqual(self.said(files), ["de"])

    def test_an_unknown_form_of_import_leaves_the_modules_unbundled(self) -> None:
        for changes in (
            {"say": 'import all from "./other.js";\n' + TREE["js/say.js"]},
            {"say": 'import "./other.js";\n' + TREE["js/say.js"]},
            {"say": TREE["js/say.js"] + "export { all as every };\n"},
            {"say": TREE["js/say.js"] + "export default 1;\n"},
            {"say": TREE["js/say.js"] + "export let changing = 1;\n"},
            {"say": TREE["js/say.js"] + "export const { a, b } = {};\n"},
            {"say": TREE["js/say.js"] + "const { a, b } = {};\n"},
            {"say": TREE["js/say.js"] + "var a = {};\n"},
            {"other": 'import { all } from "./say.js";\n' + TREE["js/other.js"]},
            {"other": 'import { gone } from "./gone.js";\n' + TREE["js/other.js"]},
            {"late": 'const it = import("./say.js");\n' + TREE["js/late.js"]},
            {"late": 'import "./say.js";\n' + TREE["js/late.js"]},
            {"core/names": TREE["js/core/names.js"] + "const here = import.meta.url;\n"},
            {"core/names": TREE["js/core/names.js"] + "const it = import(`./word.js`);\n"},
        ):
            with self.subTest(changes=changes):
                files = tree(**changes)
                self.assertFalse(bundle_modules(files))
                self.assertEqual(files, tree(**changes))

    def test_lazy_modules_are_imported_from_their_place(self) -> None:
        late = 'export const later = () => import("./word.js");\n'
        files = tree(**{"core/names": TREE["js/core/names.js"] + late})
        self.assertTrue(bundle_modules(files))
        self.assertIn(b'import("./core/word.js")', files[ENTRY])

    def test_a_tree_without_the_entry_is_not_bundled(self) -> None:
        files = {"index.html": b"<p>", "js/a.js": b"export const a = 1;\n"}
        before = dict(files)
        self.assertFalse(bundle_modules(files))
        self.assertEqual(files, before)


class StylesTest(TestCase):
    def test_style_sheets_are_bundled_in_their_order(self) -> None:
        link = '<link rel="stylesheet" href="assets/css/{}.css">\n'
        files = {
            "index.html": (link.format("b") + link.format("a") + "<p>").encode(),
            "css/a.css": b"a",
            "css/b.css": b"b",
        }
        bundle_styles(files)
        self.assertEqual(files["index.html"], (link.format("page") + "<p>").encode())
        self.assertEqual(files[STYLES], b"ba")


class PageTest(TestCase):
    """The project's own page, as it is served."""

    assets = Assets.load(web_root())

    def file(self, name: str) -> File:
        found = self.assets.find(f"/assets/{name}")
        assert found is not None
        return found[0]

    def test_the_page_starts_with_one_module_an_early_script_and_one_style_sheet(self) -> None:
        page = self.assets.page.plain.body.decode()
        links = set(re.findall(r'"assets/[0-9a-f]{12}/([^"]+\.(?:js|css))"', page))
        self.assertEqual(links, {ENTRY, STYLES, EARLY})
        self.assertIsNone(self.assets.find("/assets/js/core/chat.js"))

    def test_the_first_load_of_the_page_is_less_than_60_kilobytes(self) -> None:
        names = (ENTRY, STYLES, EARLY, "img/icon.svg")
        needed = [self.assets.page, *map(self.file, names)]
        languages = [self.file(f"js/i18n/{name}.js") for name in ("en", "zh")]
        sizes = [len((each.packed or each.plain).body) for each in needed]
        largest = max(len((each.packed or each.plain).body) for each in languages)
        self.assertLess(sum(sizes) + largest, 60_000)

    def test_a_module_that_the_start_waits_for_imports_nothing(self) -> None:
        for language in ("en", "zh"):  # an import of the waiting module would never end
            text = self.file(f"js/i18n/{language}.js").plain.body.decode()
            self.assertEqual(re.findall(r"^import\b.*", text, re.MULTILINE), [])

    def test_no_name_of_its_modules_hides_one_of_the_browser(self) -> None:
        node = require_node()
        if not (ROOT / "tests/web/node_modules/eslint-scope").is_dir():
            self.skipTest("This test needs ESLint; run `npm ci` in tests/web.")
        page = (web_root() / "index.html").read_text()
        modules = re.findall(r'<link rel="modulepreload" href="assets/([^"]+)">', page)
        with tempfile.TemporaryDirectory() as folder:
            joined = Path(folder, "joined.js")
            joined.write_bytes(self.file(ENTRY).plain.body)
            done = subprocess.run(
                [
                    node,
                    str(ROOT / "tests/web/joined.js"),
                    str(joined),
                    *[str(web_root() / name) for name in modules if name != ENTRY],
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
