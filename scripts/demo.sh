#!/usr/bin/env bash
# Show the main job: image and strokes in; classes, objects, a table and an overview out. No screen needed.
#
# Usage: bash scripts/demo.sh [--gui]
#   without options  writes into demo-out/ and prints scores, times and the device
#   --gui            opens napari with the same data and the widget ready to paint
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh
brushwood="${VENV:-.venv}/bin/brushwood"
if [ "${1:-}" = --gui ]; then exec "$brushwood" demo "$@"; fi
exec "$brushwood" demo --out demo-out --overwrite "$@"
