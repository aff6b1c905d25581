"""What is taken from the page's files before they are served, and what never is."""

import unittest

from gochat_py.http.static.minify import minify
from tests.support.case import TestCase


class MinifyTest(TestCase):
    def js(self, text: str) -> str:
        return minify("js/a.js", text.encode()).decode()

    def test_comments_with_lines_to_themselves_go_with_indentation(self) -> None:
        self.assertEqual(
            self.js("// one\n\nimport a;\n  /** two\n   * lines */\n\tb();\n\n  // last\n}\n"),
            "import a;\nb();\n}\n",
        )

    def test_a_comment_that_ends_a_line_goes_and_takes_no_code_along(self) -> None:
        self.assertEqual(
            self.js("a({ // one\n  b: [1, 2], // two\n}); // three; // four\nc()\n"),
            "a({\nb: [1, 2],\n});\nc()\n",
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
        html = b"<p>\n  <!-- a\n b --> c <!-- d -->\n</p>\n"
        self.assertEqual(minify("index.html", html), b"<p>\nc\n</p>\n")

    def test_what_is_not_ours_or_no_text_stays_as_it_is(self) -> None:
        for path in ("vendor/qr/qr.js", "img/icon.png", "manifest.webmanifest", "vendor/a.css"):
            self.assertEqual(minify(path, b"  // a \xff\n\n\n"), b"  // a \xff\n\n\n")


if __name__ == "__main__":
    unittest.main()
