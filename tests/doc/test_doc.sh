#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Documentation that machines can check: each public header compiles alone, in C11 and strictly;
# manual pages are clean; Vietnamese text is in NFC. Keys of manuals, samples and schema are
# compared with the tables by tests/unit/test_docs.c.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
fail() { echo "doc: $*" >&2; failed=1; }

flags=$(pkg-config --cflags openssl jansson yaml-0.1 2>/dev/null)
for header in include/vanthu/*.h; do
    # shellcheck disable=SC2086 # flags are words
    printf '#include "vanthu/%s"\n' "$(basename "$header")" |
        ${CC:-cc} -std=c11 -D_GNU_SOURCE -Iinclude $flags -Wall -Wextra -Wpedantic -Werror \
            -fsyntax-only -x c - || fail "$header does not compile alone"
done

pages=$(find conf policy milter -name '*.[158]')
if command -v mandoc >/dev/null; then
    # shellcheck disable=SC2086 # file names of the tree have no spaces
    mandoc -T lint -W warning $pages || fail "manual pages are not clean"
else
    echo "doc: mandoc is not installed, manual pages are not checked" >&2
fi

# Combining accents (U+0300 to U+036F) are what NFD leaves behind.
if grep -rlP '\xCC[\x80-\xBF]|\xCD[\x80-\xAF]' conf policy milter include; then
    fail "text with combining accents: write it in NFC"
fi

exit "$failed"
