"""Makes a table, or JSON, of the rows of the benches (tests/bench/lib.sh): ratios first.

  table.py text|json [NAME=VALUE]... <ROWS

Names and values stand before the table; in JSON they and the "rows" are members of one object.
"""
import json
import sys

NAMES = ["what", "figure", "unit", "aim", "pairs", "ours", "baseline", "their_unit"]


def number(text):
    return None if text == "-" else float(text)


def read_rows(lines):
    for line in lines:
        row = dict(zip(NAMES, line.rstrip("\n").split("\t"), strict=True))
        yield {
            "what": row["what"],
            "ratio" if row["unit"] == "-" else "figure": float(row["figure"]),
            "unit": None if row["unit"] == "-" else row["unit"],
            "aim": None if row["aim"] == "-" else row["aim"],
            "pairs": [float(value) for value in row["pairs"].split()],
            "ours": number(row["ours"]),
            "baseline": number(row["baseline"]),
            "measured_in": None if row["their_unit"] == "-" else row["their_unit"],
        }


def short(value):
    """Three digits that count, and never an exponent."""
    if value is None:
        return "-"
    for digits, least in ((0, 100), (1, 10), (2, 1), (3, 0.1)):
        if abs(value) >= least:
            return f"{value:.{digits}f}"
    return f"{value:.4f}"


def cells(row):
    unit = row["unit"] or ""
    low, high = min(row["pairs"]), max(row["pairs"])
    spread = f"{short(low)}..{short(high)}" if len(row["pairs"]) > 1 else "once"
    measured_in = row["measured_in"] or ""
    return [
        f"{short(row.get('ratio', row.get('figure')))} {unit}".strip(),
        row["aim"] or "-",
        spread,
        str(len(row["pairs"])),
        f"{short(row['ours'])} {measured_in}".strip() if row["ours"] is not None else "-",
        f"{short(row['baseline'])} {measured_in}".strip() if row["baseline"] is not None else "-",
        row["what"],
    ]


def print_table(rows):
    lines = [["ratio", "aim", "spread", "runs", "ours", "baseline", "what"]] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line[:-1], widths)) + "  " + line[-1])


def main():
    rows = sorted(read_rows(sys.stdin), key=lambda row: row["unit"] is not None)
    about = dict(word.split("=", 1) for word in sys.argv[2:])
    if sys.argv[1] == "json":
        print(json.dumps({**about, "rows": rows} if about else rows, indent=2))
        return
    for name, value in about.items():
        print(f"{name}: {value}")
    print_table(rows)


main()
