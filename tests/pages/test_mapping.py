"""A file in no known format is mapped on the Imports page, imported, and its mapping kept."""

import json
from collections.abc import Callable

from tests.pages.conftest import check, texts, visit

Holding = Callable[..., None]

HOSTILE = "<img src=x onerror=alert(1)>[x](javascript:alert(1)) :fire: $x^2$"
TURNED = "\u202eabc"
ROWS = [
    {
        "ts": "2026-11-02 09:14:07" if n else "yesterday",
        "request": {"model": "gpt-4o", HOSTILE: TURNED},
        "latency_s": 1.5,
        "client": {"key_id": "k1"},
        HOSTILE: "=1+1",
        TURNED: "no column that could be chosen",
    }
    for n in range(3)
]


def test_a_file_is_mapped_imported_and_its_mapping_kept(holding: Holding) -> None:
    holding("mapped")
    app = visit("admin/imports", tz="Europe/Berlin")
    raw = "\n".join(map(json.dumps, ROWS)).encode()
    app.file_uploader(key="mapping-file").upload("gate way.jsonl", raw, "application/json").run()
    check(app, "Imports")
    assert "Of the first 3 rows 2 can be imported; 1 would be set aside:" in texts(app)
    shown = [frame.value for frame in app.dataframe]
    assert list(shown[0].columns)[2] == f"request › {HOSTILE}"[:60]
    assert list(shown[0].iloc[0])[2] == "\ufffdabc"
    assert any("yesterday" in frame.to_string() and "Date" in frame.to_string() for frame in shown)
    [stored] = [frame for frame in shown if "Completion Time (ms)" in frame.columns]
    assert list(stored["Date"]) == ["2026-11-02 08:14:07"] * 2
    app.button(key="mapping-import").click().run()
    check(app, "Imports")
    assert any("3 rows read = 2 stored \\+ 0 already there \\+ 1 set aside" in text for text in texts(app))
    assert "gate way" in next(box for box in app.selectbox if box.label == "Begin with").options
    app.button(key="mapping-forget-now").click().run()
    assert "The mapping **gate way** is removed." in texts(app)
