"""The table of the measurements: each group takes the Bench and yields rows."""

from measure import api, churn, cores, envelopes, formats, ingest, live, process, refine, refresh, report, start
from measure.report import Row, say

GROUPS = {
    "produce": ingest.produce,
    "ingest": ingest.ingest,
    "formats": formats.formats,
    "envelopes": envelopes.envelopes,
    "large": ingest.large,
    "refine": refine.refine,
    "cores": cores.cores,
    "refresh": refresh.refresh,
    "api": api.api,
    "start": start.start,
    "live": live.live,
    "churn": churn.churn,
}
ONLY_BY_NAME = {"cores", "envelopes", "churn"}  # they take longer than all the others


def measure(bench, names):
    """Yields every row; a group that fails yields a row with its error."""
    for name in names:
        try:
            for row in GROUPS[name](bench):
                say(f"{row.what}: {row.measured} {('(' + report.verdict(row) + ')') if row.target else ''}")
                yield row
        except process.Failed as error:
            say(f"{name}: {error}")
            yield Row(name, name, "-", "all of it", None, str(error))
