"""A library that starts a thread when it is imported, as some do: a process with it must not be forked."""

from __future__ import annotations

import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
