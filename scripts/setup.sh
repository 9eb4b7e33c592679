#!/usr/bin/env bash
# Prepare .venv with Brushwood, Qt, a CPU OpenCL runtime and the test tools. Quick when nothing changed.
#
# Usage: bash scripts/setup.sh [screen] [lint]
#   screen  also check for (as root on Debian or Ubuntu: install) what a window needs without a display
#   lint    also install ruff and mypy
# PYTHON names another interpreter than the first fitting one; VENV another folder than .venv.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv="${VENV:-.venv}"

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 1; }
wants() { case " $wishes " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
wishes="$*"
trap 'say "setup: stopped at line $LINENO of $0"' ERR

# --- system packages -------------------------------------------------------------------------------

apt_works() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

apt_missing() {  # print the packages of "$@" that are not installed; Ubuntu 24.04 renamed some to *t64
  local package state
  for package in "$@"; do
    state="$(dpkg-query -W -f '${Status}\n' "$package" "${package}t64" 2>/dev/null || true)"
    case "$state" in *"install ok installed"*) ;; *) printf '%s\n' "$package" ;; esac
  done
}

apt_updated=no
apt_install() {
  if [ "$apt_updated" = no ]; then
    say "setup: apt-get update"
    apt-get update -q >&2 || say "setup: apt-get update failed, going on with the lists at hand"
    apt_updated=yes
  fi
  say "setup: apt-get install $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

need_packages() {  # as root install what is missing of "$@", otherwise say so and stop
  apt_works || return 0
  local missing
  mapfile -t missing < <(apt_missing "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ]; then
    apt_install "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
  else
    die "these packages are missing: ${missing[*]}
Install them, then run this again:
  sudo apt-get update && sudo apt-get install -y ${missing[*]}"
  fi
}

# What Qt 6, OpenGL and a virtual screen need. The first line is also needed on a real screen.
screen_packages=(
  libgl1 libegl1 libopengl0 libglx-mesa0 libgl1-mesa-dri libglib2.0-0 libdbus-1-3 libfontconfig1
  libxkbcommon0 libxkbcommon-x11-0 libx11-xcb1 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
  libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libxcb-cursor0
  xvfb xauth fonts-dejavu-core
)

if wants screen && [ "$(uname -s)" = Linux ]; then
  need_packages "${screen_packages[@]}"
  command -v xvfb-run >/dev/null || die "xvfb-run is missing. Install Xvfb (Debian: xvfb xauth; Fedora: xorg-x11-server-Xvfb)."
fi

# --- Python ----------------------------------------------------------------------------------------

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local name
  for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python; do
    if fits "$name"; then command -v "$name"; return; fi
  done
  return 1
}

if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  python="$(find_python)" || die "Python 3.11 or newer was not found. Install it, or name it: PYTHON=/path/to/python3 bash $0"
  if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    version="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    apt_works || die "$python has no venv module. Install it with your system's package manager."
    need_packages "$version"
  fi
  say "setup: creating $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi

fingerprint() {
  pwd
  echo "$1"
  "$venv/bin/python" --version
  sha256sum pyproject.toml
}

group() {  # print a dependency group of pyproject.toml; pip learnt to read them only in 25.1
  "$venv/bin/python" - "$1" <<'PY'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["dependency-groups"][sys.argv[1]], sep="\n")
PY
}

pip_install() {
  "$venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@" >&2 \
    || die "pip could not install Brushwood; its messages stand above."
}

ensure() {  # ensure STAMP REQUIREMENT...: install unless the stamp says that nothing changed
  local stamp="$venv/brushwood-$1.stamp" now
  now="$(fingerprint "$1" | sha256sum)"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return 0; fi
  say "setup: installing Brushwood ($1) into $venv; the first time takes a few minutes"
  shift
  pip_install "$@"
  printf '%s\n' "$now" >"$stamp"
}

mapfile -t requirements < <(group test)
ensure test -e ".[all]" "${requirements[@]}"
if wants lint; then
  mapfile -t requirements < <(group lint)
  ensure lint "${requirements[@]}"
fi
