"""What is removed from the page's files before they are served, and what is not."""

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

    def test_comments_on_lines_of_their_own_are_removed(self) -> None:
        self.assertEqual(
            self.js("// one\n\nimport a;\n  /** two\n   * lines */\n\tb(); \n\n  // last\n}\n"),
            "import a;\n\tb();\n}\n",
        )

    def test_a_comment_at_the_end_of_a_line_is_removed_without_code(self) -> None:
        self.assertEqual(
            self.js("a({ // one\n  b: [1, 2], // two\n}); // three; // four\nc()\n"),
            "a({\n  b: [1, 2],\n});\nc()\n",
        )

    def test_what_may_be_in_a_string_stays(self) -> None:
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

    def test_what_is_between_two_comments_stays(self) -> None:
        self.assertEqual(self.js("/* a */\nb();\n/* c */\n"), "b();\n")
        self.assertEqual(self.js("/* a */ b();\nc();\n/* d */\n"), "/* a */ b();\nc();\n")

    def test_all_comments_of_style_sheets_and_markup_are_removed(self) -> None:
        css = b"/* a */\n.b { /* c */\n  d: e; /* f\n g */\n}\n"
        self.assertEqual(minify("css/a.css", css), b".b{d:e}")
        css = b'.a, .b > p {\n  font: c, "d, e > f";\n}\n'
        self.assertEqual(minify("css/a.css", css), b'.a,.b>p{font:c,"d, e > f"}')
        css = b'.a {\n  b: 0.5rem -0.25s 10.5px #ffffff #aabbcd "0.5 #ffffff";\n}\n'
        self.assertEqual(
            minify("css/a.css", css), b'.a{b:.5rem -.25s 10.5px #fff #aabbcd "0.5 #ffffff"}'
        )
        html = b"<p>\n  <!-- a\n b --> c <!-- d -->\n</p>\n"
        self.assertEqual(minify("index.html", html), b"<p>\nc\n</p>\n")

    def test_vendor_and_binary_files_are_unchanged(self) -> None:
        for path in ("vendor/qr/qr.js", "img/icon.png", "manifest.webmanifest", "vendor/a.css"):
            self.assertEqual(minify(path, b"  // a \xff\n\n\n"), b"  // a \xff\n\n\n")


class SqueezeTest(TestCase):
    def js(self, text: str) -> str:
        return squeeze("js/a.js", text.encode()).decode()

    def test_indentation_is_removed(self) -> None:
        self.assertEqual(self.js("a()\n  b()\n\tc()\n"), "a()\nb()\nc()\n")

    def test_spaces_around_operators_and_after_statements_are_removed(self) -> None:
        self.assertEqual(
            self.js('const a = (b, { c }) => {\nif (b >= 1 && c) return "x, y";\n};\nd();\n'),
            'let a=(b,{c})=>{if(b>=1&&c)return"x, y"};d();',
        )

    def test_a_semicolon_at_the_end_of_a_block_is_removed(self) -> None:
        self.assertEqual(self.js("if (a) {\nb();\n}\nc = { d };\n"), "if(a){b()}c={d};")
        self.assertEqual(self.js('f(";}");\n'), 'f(";}");')
        self.assertEqual(self.js("a = b / c;\n}\n"), "a = b / c;\n}")

    def test_one_parameter_needs_no_parentheses(self) -> None:
        self.assertEqual(self.js("a((b) => c, ($d) => e);\n"), "a(b=>c,$d=>e);")
        for text in ("async(a)=>b;", "(a,b)=>c;", "({a})=>b;", "()=>a;"):
            self.assertEqual(self.js(text), text)

    def test_a_constant_is_declared_as_a_variable(self) -> None:
        self.assertEqual(self.js("const a = 1;\nconst { b } = c;\n"), "let a=1;let{b}=c;")
        for text in ("a.const =b;", 'a("const b");', "constant=1;", "$const =1;"):
            self.assertEqual(self.js(text), text.replace(" =", "="))

    def test_spaces_in_sums_are_removed(self) -> None:
        self.assertEqual(self.js("a[b + 1] - f(c) + (d - 1) + e"), "a[b+1]-f(c)+(d-1)+e")

    def test_spaces_between_two_words_or_signs_stay(self) -> None:
        for text in ("a + +b", "a - -b", "new A", "x in y", "a++ - b"):
            self.assertEqual(self.js(text), text)

    def test_strings_templates_and_regular_expressions_are_unchanged(self) -> None:
        self.assertEqual(self.js("a = `b = ${c}\\` ;`;\n"), "a=`b = ${c}\\` ;`;")
        self.assertEqual(self.js('case "b = \\" ;": d + " = ";\n'), 'case"b = \\" ;":d +" = ";')
        self.assertEqual(self.js('f(a, /[;, /]"; /u) || !/ = /;\n'), 'f(a,/[;, /]"; /u)||!/ = /;')
        self.assertEqual(self.js("return / = /;\n"), "return/ = /;")

    def test_a_line_that_may_have_a_comment_or_a_division_is_unchanged(self) -> None:
        for text in (
            "a = b / c;\n",
            "a = 'b = c';\n",
            "a(); // it's done;\n",
        ):
            self.assertEqual(self.js(text), text)

    def test_a_template_of_several_lines_is_unchanged(self) -> None:
        self.assertEqual(self.js("a(b, `\nc = d;\ne, f`, g);\n"), "a(b,`\nc = d;\ne, f`,g);")

    def test_vendor_scripts_are_unchanged(self) -> None:
        for path in ("vendor/a.js", "css/a.css", "shell.json"):
            self.assertEqual(squeeze(path, b"a = \xff;\n"), b"a = \xff;\n")

    def test_each_minified_script_of_the_page_has_the_same_syntax_tree(self) -> None:
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
