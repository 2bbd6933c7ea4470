#!/usr/bin/env python3
"""embed.py OPENAPI.YAML OUT.C: the document as the program serves it.

Writes a C file with the YAML text, the same document as JSON, and an entity
tag over both.
"""
import hashlib
import json
import pathlib
import sys

import yaml


class Loader(yaml.SafeLoader):
    """JSON's types only: what looks like a date stays text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def c_array(name, data):
    rows = (data[i:i + 24] for i in range(0, len(data), 24))
    body = "\n".join("\t" + ",".join(str(byte) for byte in row) + "," for row in rows)
    return f"static const uint8_t {name}[] = {{\n{body}\n}};\n"


def c_function(name):
    return (f"struct bytes openapi_{name}(void)\n{{\n"
            f"\treturn bytes_of({name}_text, sizeof {name}_text);\n}}\n")


def main(source, target):
    text = pathlib.Path(source).read_bytes()
    document = yaml.load(text, Loader)
    as_json = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    tag = hashlib.sha256(text).hexdigest()[:20]
    pathlib.Path(target).write_text(
        "/* Made by openapi/embed.py from openapi/openapi.yaml. */\n"
        '#include "endpoint/openapi_document.h"\n\n'
        + c_array("json_text", as_json) + c_array("yaml_text", text)
        + c_function("json") + c_function("yaml")
        + f'const char *openapi_etag(void)\n{{\n\treturn "{tag}";\n}}\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
