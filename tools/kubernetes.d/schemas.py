#!/usr/bin/env python3
"""Writes the schemas for kubeconform: those of Kubernetes' own kinds, with references to each other as files, and those of custom kinds.

    schemas.py KUBERNETES_SCHEMAS CRDS OUT
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml


def as_files(node: Any) -> Any:
    """Removes $id: with it, kubeconform would resolve every $ref on the network."""
    if isinstance(node, list):
        return [as_files(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.replace("/api/_definitions.json", "_definitions.json") if key == "$ref" and isinstance(value, str) else as_files(value)
        for key, value in node.items()
        if not (key == "$id" and isinstance(value, str))
    }


def closed(node: Any) -> Any:
    """Forbids other properties than the known ones, as `kubectl apply` rejects a misspelt field."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: closed(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and not node.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
    return made


def custom_schema(schema: dict[str, Any]) -> dict[str, Any]:
    made = closed(schema)
    made["properties"]["metadata"] = {"type": "object"}
    return made


def main() -> None:
    kubernetes, crds, out = (Path(argument) for argument in sys.argv[1:])
    for path in kubernetes.glob("*.json"):
        (out / path.name).write_text(json.dumps(as_files(json.loads(path.read_text()))))
    for path in crds.glob("*.yaml"):
        crd = yaml.safe_load(path.read_text())["spec"]
        group, kind = crd["group"].split(".")[0], crd["names"]["kind"].lower()
        for version in crd["versions"]:
            name = f"{kind}-{group}-{version['name']}.json"
            (out / name).write_text(json.dumps(custom_schema(version["schema"]["openAPIV3Schema"])))


if __name__ == "__main__":
    main()
