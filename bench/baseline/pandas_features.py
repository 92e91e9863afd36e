"""The features of pipeline/features.yaml for the model, as of a day, in pandas: what had happened and had arrived before it."""

import numpy
import pandas

WIDEST = 90
MEANS = {  # column: name, decimals, windows
    "signal": ("avg_signal_dbm", 1, (7, 30, 90)), "latency": ("avg_latency_ms", 1, (7, 30, 90)), "loss": ("avg_packet_loss_pct", 2, (7, 30)),
    "bill": ("avg_bill_zmw", 2, (7, 30, 90)), "used": ("avg_data_used_mb", 0, (7, 14, 30, 90)), "battery": ("avg_battery_pct", 1, (7, 30)),
    "quality": ("avg_quality_score", 1, (7, 30)), "days_overdue": ("avg_days_overdue", 3, (7, 14, 30, 60, 90)),
}  # fmt: skip
COUNTS = {"bss": ("bss_events", (7, 30)), "oss": ("oss_events", (7, 30)), "iot": ("iot_events", (7, 30)), "overdue": ("overdue_count", (7, 14, 30, 90))}
EXTREMES = [("days_overdue", "max", "max_days_overdue", (7, 14, 30, 60, 90)), ("used", "max", "max_data_used_mb", (7, 14, 90)),
            ("used", "min", "min_data_used_mb", (14,))]  # fmt: skip
SLOPES = (14, 30, 60, 90)
PER_DAY = {"events_7_30": (7, 30), "events_7_90": (7, 90), "events_14_60": (14, 60), "events_14_90": (14, 90), "events_30_90": (30, 90)}
RATIOS = {
    "overdue_14_90": ("avg_days_overdue_14d", "avg_days_overdue_90d"), "overdue_30_90": ("avg_days_overdue_30d", "avg_days_overdue_90d"),
    "overdue_max_30_90": ("max_days_overdue_30d", "max_days_overdue_90d"), "overdue_share_30": ("overdue_count_30d", "bss_events_30d"),
    "bill_7_90": ("avg_bill_zmw_7d", "avg_bill_zmw_90d"), "bill_30_90": ("avg_bill_zmw_30d", "avg_bill_zmw_90d"),
    "data_7_90": ("avg_data_used_mb_7d", "avg_data_used_mb_90d"), "data_14_90": ("avg_data_used_mb_14d", "avg_data_used_mb_90d"),
    "data_30_90": ("avg_data_used_mb_30d", "avg_data_used_mb_90d"), "data_max_7_90": ("max_data_used_mb_7d", "max_data_used_mb_90d"),
    "data_max_14_90": ("max_data_used_mb_14d", "max_data_used_mb_90d"), "data_min_14_90": ("min_data_used_mb_14d", "avg_data_used_mb_90d"),
}  # fmt: skip


def over_window(seen, cut, days):
    """All aggregates of one window, by one pass over its groups."""
    recent = seen[seen["day"] >= cut - days]
    wanted = {f"total_events_{days}d": ("day", "size")}
    wanted |= {f"{name}_{days}d": (column, "sum") for column, (name, windows) in COUNTS.items() if days in windows}
    wanted |= {f"{name}_{days}d": (column, "mean") for column, (name, _, windows) in MEANS.items() if days in windows}
    wanted |= {f"{name}_{days}d": (column, how) for column, how, name, windows in EXTREMES if days in windows}
    found = recent.groupby("id", sort=False).agg(**wanted)
    for name, decimals, windows in MEANS.values():
        if days in windows:
            found[f"{name}_{days}d"] = found[f"{name}_{days}d"].round(decimals)
    if days in SLOPES:
        moment = (2 * (recent["day"].astype(numpy.int32) - cut + days) - (days - 1)).groupby(recent["id"], sort=False).sum()
        found[f"slope_events_{days}d"] = moment / (days * (days * days - 1) // 6)
    return found


def of_days(seen, cut):
    """How many days were active, and the longest time between two of them."""
    days = seen[["id", "day"]].drop_duplicates().sort_values(["id", "day"])
    days["gap"] = days["day"].diff().where(days["id"].eq(days["id"].shift()))
    found = {}
    for window in (7, 14, 30, 90):
        recent = days[days["day"] >= cut - window].groupby("id")
        found[f"active_days_{window}d"] = recent.size()
        if window in (30, 90):
            found[f"max_gap_days_{window}d"] = recent["gap"].max()
    return pandas.DataFrame(found)


def population(seen, cut):
    """Those with an event in the last 14 days and 3 in 30."""
    month = seen.loc[seen["day"] >= cut - 30].groupby("id", sort=False)["day"].agg(["size", "max"])
    return month.index[(month["size"] >= 3) & (month["max"] >= cut - 14)]


def features(events, cut, first):
    """A row for each of the population; events are in the order of time."""
    seen = events[(events["day"] >= cut - WIDEST) & (events["day"] < cut) & (events["known"] < cut)]
    ids = population(seen, cut)
    seen = seen[seen["id"].isin(ids)]
    parts = [over_window(seen, cut, days) for days in (7, 14, 30, 60, WIDEST)]
    last = seen.groupby("id", sort=False).agg(at=("at", "last"), last_days_overdue=("days_overdue", "last"))
    made = pandas.concat([*parts, of_days(seen, cut), last], axis=1).loc[ids.sort_values()]
    made["days_since_event"] = (pandas.Timestamp(cut * 86400, unit="s") - made.pop("at")).dt.total_seconds() / 86400
    counted = [name for name in made if name.startswith(("total_", "bss_", "oss_", "iot_", "overdue_count", "active_days", "slope_"))]
    made[counted] = made[counted].fillna(0)
    age = max(cut - first, 1)
    for name, (short, wide) in PER_DAY.items():
        made[name] = (made[f"total_events_{short}d"] / min(short, age)) / (made[f"total_events_{wide}d"] / min(wide, age))
    for name, (above, below) in RATIOS.items():
        made[name] = made[above] / made[below].where(made[below] != 0)
    return made
