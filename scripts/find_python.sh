#!/bin/sh
# Prints the command of a Python that ModelDyno can use, or says on stderr what to install.
# A candidate counts only when it runs: version managers leave launchers of versions that do not start.
set -u

checks='import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else 1)'
without_venv=""

for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c "$checks" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
    [ -n "$without_venv" ] || without_venv=$candidate
done

if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$without_venv cannot make virtual environments: its venv module is not installed." >&2
    echo "Install it with: sudo apt-get install python$version-venv" >&2
else
    echo "ModelDyno needs Python 3.11, 3.12 or 3.13, and none was found." >&2
    echo "Install one with: sudo apt-get install python3 python3-venv" >&2
    echo "or name yours: make PYTHON=/path/to/python3.12" >&2
fi
exit 1
