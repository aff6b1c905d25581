"""What is taken from the page's files before they are served, and what never is."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from gochat_py.http.static.minify import VENDOR, minify, squeeze
from tests.support.case import PATIENCE, TestCase
from tests.support.require import require_node
from tests.support.server import ROOT

WEB = ROOT / "web"


class MinifyTest(TestCase):
    def js(self, text: str) -> str:
        return minify("js/a.js", text.encode()).decode()

    def test_comments_with_lines_to_themselves_go(self) -> None:
        self.assertEqual(
            self.js("// one\n\nimport a;\n  /** two\n   * lines */\n\tb(); \n\n  // last\n}\n"),
            "import a;\n\tb();\n}\n",
        )

    def test_a_comment_that_ends_a_line_goes_and_takes_no_code_along(self) -> None:
        self.assertEqual(
            self.js("a({ // one\n  b: [1, 2], // two\n}); // three; // four\nc()\n"),
            "a({\n  b: [1, 2],\n});\nc()\n",
        )

    def test_what_may_be_within_a_string_stays(self) -> None:
        for line in (
            'a("b; // c");\n',
            "a('b; // c', d);\n",
            "a(`b; // ${c}`);\n",
            "a(); // the reader's\n",
            "a() // b\n",
            "a(b //c\n);\n",
            "https://a.example;\n",
            "/* what */ b(); /* and */\n",
            'c("//"); /* d\n',
            '"/*" */\n',
        ):
            self.assertEqual(self.js(line), line)

    def test_two_comments_do_not_take_what_is_between_them(self) -> None:
        self.assertEqual(self.js("/* a */\nb();\n/* c */\n"), "b();\n")
        self.assertEqual(self.js("/* a */ b();\nc();\n/* d */\n"), "/* a */ b();\nc();\n")

    def test_style_sheets_and_markup_lose_all_comments(self) -> None:
        css = b"/* a */\n.b { /* c */\n  d: e; /* f\n g */\n}\n"
        self.assertEqual(minify("css/a.css", css), b".b{d:e}")
        css = b'.a, .b > p {\n  font: c, "d, e > f";\n}\n'
        self.assertEqual(minify("css/a.css", css), b'.a,.b>p{font:c,"d, e > f"}')
        html = b"<p>\n  <!-- a\n b --> c <!-- d -->\n</p>\n"
        self.assertEqual(minify("index.html", html), b"<p>\nc\n</p>\n")

    def test_what_is_not_ours_or_no_text_stays_as_it_is(self) -> None:
        for path in ("vendor/qr/qr.js", "img/icon.png", "manifest.webmanifest", "vendor/a.css"):
            self.assertEqual(minify(path, b"  // a \xff\n\n\n"), b"  // a \xff\n\n\n")


class SqueezeTest(TestCase):
    def js(self, text: str) -> str:
        return squeeze("js/a.js", text.encode()).decode()

    def test_indentation_goes(self) -> None:
        self.assertEqual(self.js("a()\n  b()\n\tc()\n"), "a()\nb()\nc()\n")

    def test_spaces_around_operators_and_ends_of_statements_go(self) -> None:
        self.assertEqual(
            self.js('const a = (b, { c }) => {\nif (b >= 1 && c) return "x, y";\n}\nd();\n'),
            'const a=(b,{c})=>{if(b>=1&&c)return "x, y";}\nd();',
        )

    def test_spaces_in_sums_go(self) -> None:
        self.assertEqual(self.js("a[b + 1] - f(c) + (d - 1) + e"), "a[b+1]-f(c)+(d-1)+e")

    def test_spaces_that_keep_two_words_or_signs_apart_stay(self) -> None:
        for text in ("a + +b", "a - -b", "new A", "x in y", "a++ - b", 'b + " = "'):
            self.assertEqual(self.js(text), text)

    def test_a_template_of_one_line_stays_and_what_is_around_it_is_squeezed(self) -> None:
        self.assertEqual(self.js("a = `b = ${c}`;\n"), "a=`b = ${c}`;")

    def test_a_line_that_may_hold_a_pattern_or_a_comment_stays(self) -> None:
        for text in (
            "a = b / c;\n",
            'a = /[;, ]"/;\n',
            "a = 'b = c';\n",
            "a(); // it's done;\n",
        ):
            self.assertEqual(self.js(text), text)

    def test_a_template_of_several_lines_stays(self) -> None:
        self.assertEqual(self.js("a(b, `\nc = d;\ne, f`, g);\n"), "a(b,`\nc = d;\ne, f`,g);")

    def test_what_is_no_script_of_ours_stays(self) -> None:
        for path in ("vendor/a.js", "css/a.css", "shell.json"):
            self.assertEqual(squeeze(path, b"a = \xff;\n"), b"a = \xff;\n")

    def test_each_script_of_the_page_means_what_it_meant(self) -> None:
        node = require_node()
        if not (ROOT / "tests/web/node_modules/typescript").is_dir():
            self.skipTest("This test needs TypeScript; run `npm ci` in tests/web.")
        with tempfile.TemporaryDirectory() as folder:
            pairs = []
            for path in sorted(WEB.rglob("*.js")):
                name = path.relative_to(WEB).as_posix()
                if not name.startswith(VENDOR):
                    served = Path(folder, name.replace("/", "-"))
                    served.write_bytes(squeeze(name, minify(name, path.read_bytes())))
                    pairs += [str(path), str(served)]
            self.assertGreater(len(pairs), 100)
            done = subprocess.run(
                [node, str(ROOT / "tests/web/same.js"), *pairs],
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
