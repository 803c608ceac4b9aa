#!/bin/sh
# Resolve requirements/*.in again into locks of names, versions and hashes; no index address is written into them.
#   sh scripts/lock.sh             keep the versions of the present locks where requirements/*.in still allows them
#   sh scripts/lock.sh --upgrade   take the newest versions
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || { echo "There is no $uv yet: run 'make setup' first." >&2; exit 1; }
lock() { "$uv" pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header "$@"; }

lock requirements/bootstrap.in --python-version 3.11 "$@" -o requirements/bootstrap.lock
lock requirements/app.in --python-version 3.11 "$@" -o requirements/app.lock
lock requirements/dev.in -c requirements/app.lock --python-version 3.11 "$@" -o requirements/dev.lock

# Rasa's own metadata stops at Python 3.10 and asks for the GPU build of TensorFlow, so its set is listed in full and nothing is resolved;
# only Rasa itself is looked up as for 3.10. The set is installed, trained and served on 3.11.
rest=$(mktemp) && trap 'rm -f "$rest" "$rest.1" "$rest.2"' EXIT
grep -v '^rasa==' requirements/rasa.in >"$rest"
lock "$rest" --no-deps --python-version 3.11 -o "$rest.1"
grep '^rasa==' requirements/rasa.in >"$rest"
lock "$rest" --no-deps --python-version 3.10 -o "$rest.2"
cat "$rest.1" "$rest.2" >requirements/rasa.lock

if grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements/*.lock; then
    echo "A lock names an address: it must not." >&2
    exit 1
fi
