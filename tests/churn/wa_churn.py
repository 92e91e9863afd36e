"""wa_churn of R's package modeldata: 7,043 customers of a telephone company, and who left. An R package keeps its data sets in one file, each
compressed for itself, and where each begins in another; R itself is not needed to read them."""

from __future__ import annotations

import lzma
import warnings
from pathlib import Path

import pandas
import rdata

LZMA2 = [{"id": lzma.FILTER_LZMA2, "preset": 6}]


def read(folder: Path) -> pandas.DataFrame:
    """`folder`: data/ of the installed package."""
    begin, size = map(int, rdata.read_rds(folder / "Rdata.rdx")["variables"]["wa_churn"])
    stored = (folder / "Rdata.rdb").read_bytes()[begin : begin + size]
    assert stored[4:5] == b"Z", "after its size: how it is compressed"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a tibble is read as the data frame that it is
        return rdata.conversion.convert(rdata.parser.parse_data(lzma.decompress(stored[5:], format=lzma.FORMAT_RAW, filters=LZMA2))).reset_index(drop=True)
