"""Draw the icons that some devices want as pixels: ``python -m tests.browser.icons``.

They are drawn from the SVGs beside them in web/img/.
"""

from __future__ import annotations

from playwright.sync_api import Browser, sync_playwright

from tests.support.page import LAUNCH
from tests.support.require import require_browser
from tests.support.server import ROOT

IMAGES = ROOT / "web" / "img"

#: What is drawn: the source, and its size in pixels. The one of 180 is for iOS, which rounds its
#: corners itself and puts black behind what is transparent: it gets the one that fills its square.
ICONS = (
    ("icon.svg", "icon-192.png", 192),
    ("icon.svg", "icon-512.png", 512),
    ("icon-maskable.svg", "icon-180.png", 180),
)


def draw(browser: Browser, source: str, target: str, size: int) -> None:
    """Draw one icon."""
    page = browser.new_page(viewport={"width": size, "height": size})
    svg = (IMAGES / source).read_text(encoding="utf-8")
    style = "<style>body { margin: 0 } svg { display: block }</style>"
    page.set_content(style + svg)
    page.screenshot(path=IMAGES / target, omit_background=True)
    page.close()


def main() -> None:
    """Draw them all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=LAUNCH)
        for source, target, size in ICONS:
            draw(browser, source, target, size)
        browser.close()


if __name__ == "__main__":
    main()
