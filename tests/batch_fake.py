"""A stand-in for ``brushwood run`` that says what it is told to; see tests/gui/batch_desk.py.

Run as a program: the first argument is a JSON file with what to say and how to behave, the others
are those of ``brushwood``.
"""

import json
import sys
import threading
import time
from pathlib import Path


def main() -> int:
    script = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    words = sys.argv[2:]
    with Path(sys.argv[1]).with_suffix(".log").open("a", encoding="utf-8") as log:
        log.write(json.dumps(words) + "\n")
    plan = {"event": "plan", "bytes": 1000, "free": 10**9, "seconds": 5.0, "text": "the plan"}
    plan |= {"files": script["files"], "problems": script.get("problems", [])}
    if "--dry-run" in words:
        for line in script.get("noise", []):
            print(line, flush=True)
        if script.get("refuse"):
            print(f"brushwood run: {script['refuse']}", file=sys.stderr)
            return 3
        print(json.dumps(plan), flush=True)
        return 0
    print(json.dumps(plan), flush=True)
    return _run(script)


def _run(script) -> int:
    stop = threading.Event()
    if script.get("is_deaf"):
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        threading.Thread(target=_listen, args=(stop,), daemon=True).start()
    for line in script["lines"]:
        if stop.is_set():
            end = {"event": "end", "state": "cancelled", "done": 1, "failed": 0, "skipped": 0}
            print(json.dumps(end), flush=True)
            return 130
        print(line if isinstance(line, str) else json.dumps(line), flush=True)
        time.sleep(script.get("pause", 0.0))
    if script.get("dies"):
        print("Segmentation fault in the driver", file=sys.stderr, flush=True)
        return 1
    while script.get("hangs") and not (stop.is_set() and not script.get("is_deaf")):
        time.sleep(0.02)
    if stop.is_set():
        end = {"event": "end", "state": "cancelled", "done": 1, "failed": 0, "skipped": 0}
        print(json.dumps(end), flush=True)
        return 130
    return 0


def _listen(stop) -> None:
    for line in sys.stdin:
        if line.strip() == "cancel":
            break
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
