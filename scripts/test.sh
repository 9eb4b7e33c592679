#!/usr/bin/env bash
# Run all tests, the window's included, on a virtual screen. Ends with pytest's summary.
#
# Usage: bash scripts/test.sh [pytest options]
# BRUSHWOOD_TEST_WORKERS: processes that share the work (2).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh screen
# A test of the window that cannot run is a failure here, not a skip (tests/conftest.py).
export BRUSHWOOD_REQUIRE_GUI=1
run=("${VENV:-.venv}/bin/python" -m pytest -n "${BRUSHWOOD_TEST_WORKERS:-2}" --dist loadfile "$@")
if [ "$(uname -s)" = Linux ]; then
  export QT_QPA_PLATFORM=xcb
  exec xvfb-run --auto-servernum --server-args="-screen 0 1600x1200x24" "${run[@]}"
fi
exec "${run[@]}"
