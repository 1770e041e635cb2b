"""crds/ → the chart's templates; `--check` fails where the two differ instead of writing.

The chart needs what a plain manifest has not: a switch to leave the CRDs out, and one to keep them on uninstall. As
templates, unlike in Helm's crds/ folder, they are upgraded with the chart.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEADER = "{{- /* made from crds/ by scripts/chart_crds.py: `make crds` */ -}}\n{{- if .Values.crds.install }}\n"
KEEP = """  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
  labels:
    {{- include "rolebound.labels" . | nindent 4 }}
"""


def template(crd: str) -> str:
    """Return the chart's template of a CRD manifest."""
    head, metadata, rest = crd.partition("metadata:\n")
    name, _, spec = rest.partition("\n")
    if "{{" in crd or not name.startswith("  name: "):
        raise ValueError("a CRD must begin its metadata with its name, and may hold no template of its own")
    return f"{HEADER}{head}{metadata}{name}\n{KEEP}{spec}{{{{- end }}}}\n"


def main() -> int:
    """Write the templates, or with --check tell which ones differ; returns the exit status."""
    stale = []
    for source in sorted((ROOT / "crds").glob("*.yaml")):
        target = ROOT / "helm/rolebound/templates" / f"crd-{source.name}"
        wanted = template(source.read_text())
        if target.exists() and target.read_text() == wanted:
            continue
        stale.append(target.relative_to(ROOT))
        if "--check" not in sys.argv[1:]:
            target.write_text(wanted)
    if stale and "--check" in sys.argv[1:]:
        sys.stderr.write(f"not what crds/ says: {', '.join(map(str, stale))}; run `make crds`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
