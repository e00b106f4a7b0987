"""Every conformance vector, through the project's own primitives; one case per vector.

``SLUICEGATE_VECTORS=FILE pytest tests/conformance`` runs any other file of the same form.
"""

import pytest

from tests.conformance.compare import compare
from tests.conformance.vectors import known_misses, load_adapters, load_vectors

VECTORS = load_vectors()
ADAPTERS = load_adapters()
KNOWN_MISSES = known_misses()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vector(vector, record_property):
    key = (vector["system"], vector["mechanism"])
    record_property("conformance", [*key, vector["id"], len(VECTORS)])
    reason = KNOWN_MISSES.get(vector["id"])
    misses = attempt(key, vector, record_property)
    if misses and reason:
        pytest.xfail(reason)
    assert not misses, "; ".join(misses)
    assert not reason, f"passes, but known_misses.yaml says: {reason}"


def attempt(key, vector, record_property):
    """Run the adapter and say what it misses; `record_property` learns whether it was exact."""
    if key not in ADAPTERS.known:
        broken = "".join(f"; {file}: {why}" for file, why in ADAPTERS.broken.items())
        return [f"no adapter for {key}{broken}"]
    outcome = compare(vector, ADAPTERS.known[key](vector["inputs"]))
    record_property("exact", outcome.exact)
    return outcome.misses
