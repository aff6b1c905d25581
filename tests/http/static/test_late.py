"""Late elements of the page are sent only when they are needed, whole and once."""

import re
import unittest

from gochat_py.http.static.assets import Assets, web_root
from gochat_py.http.static.late import LATE, separate
from tests.support.case import TestCase

PAGE = (
    "<main>m</main>\n"
    '<div class="bar wide" data-late hidden><div>a<div>b</div></div><p>c</p></div>\n'
    '<dialog class="sheet" data-late aria-label="x"><p>d</p></dialog>\n'
    '<template id="one" data-late><li>e</li></template>\n<template id="two"><li>f</li></template>\n'
)


def separated(page: str) -> dict[str, str]:
    """The files that a page becomes."""
    files = {"index.html": page.encode()}
    separate(files)
    return {name: body.decode() for name, body in files.items()}


class LateTest(TestCase):
    def test_the_content_of_a_late_element_is_served_separately(self) -> None:
        files = separated(PAGE)
        self.assertEqual(
            files["index.html"],
            '<main>m</main>\n<div class="bar wide" hidden></div>\n'
            '<dialog class="sheet" aria-label="x"></dialog>\n'
            '<template id="two"><li>f</li></template>\n',
        )
        self.assertEqual(
            files[LATE],
            '<template data-of="bar"><div>a<div>b</div></div><p>c</p></template>\n'
            '<template data-of="sheet"><p>d</p></template>\n'
            '<template id="one"><li>e</li></template>\n',
        )

    def test_a_page_without_late_elements_is_unchanged(self) -> None:
        self.assertEqual(separated("<p>a</p>"), {"index.html": "<p>a</p>"})

    def test_a_late_element_without_an_end_or_a_class_is_an_error(self) -> None:
        for page in ('<div class="a" data-late><div></div>', "<div data-late></div>"):
            with self.assertRaises(ValueError):
                separated(page)


class PageTest(TestCase):
    """The project's own page."""

    def test_no_dialog_s_content_is_sent_with_the_page(self) -> None:
        assets = Assets.load(web_root())
        page = assets.page.plain.body.decode()
        names = re.findall(r'<dialog class="([\w-]+)"[^>]*></dialog>', page)
        self.assertEqual(len(names), page.count("<dialog"))
        found = assets.find(f"/assets/{LATE}")
        assert found is not None
        late = found[0].plain.body.decode()
        for name in (*names, "action-bar"):
            self.assertIn(f'<template data-of="{name}">', late)
        self.assertIn(f"/{LATE}", assets.find("/assets/shell.json")[0].plain.body.decode())  # type: ignore[index]


if __name__ == "__main__":
    unittest.main()
