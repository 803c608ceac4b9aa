#!/bin/sh
# Print the CPython 3.11 to use: $PYTHON if it is set, else python3.11, else python3 if that is 3.11. A shim that only says no is passed over.
for candidate in ${PYTHON:-python3.11 python3 python}; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11) or sys.implementation.name != "cpython")' \
        >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done
echo "CPython 3.11 with its venv module was not found: install it, or name it with PYTHON=/path/to/python3.11." >&2
exit 1
