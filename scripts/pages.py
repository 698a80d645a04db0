"""What the pages have in common that programs write."""


def table(heads, rows):
    """A table that reads in a terminal and in Markdown."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    rule = ["-" * width for width in widths]
    return ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [heads, rule, *rows]]
