"""The HTML around the dashboard: everything comes from this server, and the theme is set before anything is painted."""

from __future__ import annotations

from pathlib import Path

_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="description" content="Measures, remembers and compares how fast models run on this machine.">
    <meta name="color-scheme" content="light dark">
    <title>{%title%}</title>
    <link rel="icon" type="image/svg+xml" href="FAVICON">
    <script src="THEME"></script>
    <link rel="stylesheet" href="BOOTSTRAP">
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <noscript><p class="no-script">ModelDyno draws its charts in the browser; please allow JavaScript.</p></noscript>
    <footer>
      {%config%}
      {%scripts%}
      {%renderer%}
    </footer>
  </body>
</html>
"""
_PLACES = {"FAVICON": "favicon.svg", "THEME": "theme.js", "BOOTSTRAP": "vendor/bootstrap.min.css"}

LOADED_BY_PAGE = r"^theme\.js$"
"""Assets that this page names itself, so that Dash must not load them a second time, later."""
FOLDERS_LOADED_BY_PAGE = ["vendor", "api"]


def index_page(assets: Path) -> str:
    """Dash's index template, with addresses that change when the file does."""
    page = _PAGE
    for mark, name in _PLACES.items():
        page = page.replace(mark, asset_address(assets, name))
    return page


def asset_address(assets: Path, name: str) -> str:
    """An address that changes when the file does, so that browsers may keep it for ever."""
    return f"/assets/{name}?m={(assets / name).stat().st_mtime}"
