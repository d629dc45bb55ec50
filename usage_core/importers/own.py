"""Our own columns: the detail export, and the same as JSON Lines or Parquet."""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.schema import COLUMNS

_LISTED = "coalesce(cost_basis, '') IN ('override', 'catalogue', 'unknown')"

FORMAT = Format(
    name="own",
    label="API Usage Console calls",
    columns={
        column.name: (column.label, "cost_usd" if column.name == "cost_pico" else column.name)
        for column in COLUMNS
        if column.name not in ("source", "import_id")
    },
    fingerprint=frozenset({"called_at", "api_key_id", "model"}),
    fields={
        column.name: column.name
        for column in COLUMNS
        if column.name not in ("cost_basis", "source", "import_id")
    }
    # A price that came from a list is looked up again, so that a later list still changes it.
    | {
        name: f"CASE WHEN {_LISTED} THEN NULL ELSE {name} END"
        for name in ("input_price", "output_price", "cost_pico")
    },
    layouts=frozenset(Layout),
    guarded=True,
    ours=True,
    in_csv=frozenset({"kind"}),
    input_count=InputCount.WITH_CACHED,
)
