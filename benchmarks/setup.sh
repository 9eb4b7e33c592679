#!/usr/bin/env bash
# Prepare .venv-bench: Brushwood beside its peers in one environment.
#
# apoc 0.12 and pyclesperanto-prototype 0.24 ask for numpy < 2 in their metadata but run with numpy 2,
# so they are installed without their dependencies, which are named here instead.
#
# Usage: bash benchmarks/setup.sh && .venv-bench/bin/python benchmarks/bench_peers.py
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV=.venv-bench bash scripts/setup.sh
pip=(.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" pyopencl toolz transforms3d matplotlib pandas
"${pip[@]}" --no-deps "apoc==0.12.0" "pyclesperanto-prototype==0.24.6"
