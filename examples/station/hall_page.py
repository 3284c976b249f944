#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page as a C array, and the hashes by which a browser knows its style and its script.

usage: hall_page.py hall.html hall_page.h
"""
import base64
import hashlib
import re
import sys


def content(page, tag):
    """What stands in the page's only element of that name."""
    found = re.findall(rb"<%s>(.*?)</%s>" % (tag, tag), page, re.S)
    if len(found) != 1:
        sys.exit(f"the page has {len(found)} <{tag.decode()}> elements, not one")
    return found[0]


def csp_hash(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text).digest()).decode()


def main():
    with open(sys.argv[1], "rb") as file:
        page = file.read()
    lines = [", ".join(map(str, page[i:i + 20])) for i in range(0, len(page), 20)]
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('/* SPDX-License-' 'Identifier: MIT */\n/* Made from hall.html. */\n')
        out.write(f'#define HALL_STYLE_HASH "{csp_hash(content(page, b"style"))}"\n')
        out.write(f'#define HALL_SCRIPT_HASH "{csp_hash(content(page, b"script"))}"\n')
        out.write("static const unsigned char hall_page[] = {\n\t" + ",\n\t".join(lines) + "\n};\n")


main()
