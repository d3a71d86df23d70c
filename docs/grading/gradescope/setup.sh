#!/bin/sh
# Gradescope runs this once, while it makes the image: it installs what submissions are built with, and ftpspec.
set -eu

AUTOGRADER=${AUTOGRADER:-/autograder}
BIN=${BIN:-/usr/local/bin}

# INSTALL= (empty) for an image that has everything. Add what your students need, such as default-jdk-headless or python3.
INSTALL=${INSTALL-build-essential bubblewrap}
if [ -n "$INSTALL" ]; then
    apt-get update
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $INSTALL
fi

install -m 755 "$AUTOGRADER/source/ftpspec" "$BIN/ftpspec"
"$BIN/ftpspec" --version
