"""Makes golden.json: what scikit-learn and numpy say about the data in it, for tests/unit/evaluate/test_oracle.c.

    pip install scikit-learn==1.5.2 && python tests/golden/evaluate/make.py
"""

import json
from pathlib import Path

import numpy as np
from sklearn.calibration import _SigmoidCalibration, calibration_curve
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS, BINS, RESAMPLES = 500, 10, 2000
random = np.random.default_rng(16)


def listed(values):
    return [None if np.isnan(v) else float(f"{v:.9g}") for v in np.asarray(values, dtype="float32").ravel()]


def scored(ties):
    z = random.normal(-1.5, 1.2, ROWS)
    y = (random.random(ROWS) < 1 / (1 + np.exp(-(0.7 * z + 0.3)))).astype(int)
    p = 1 / (1 + np.exp(-z))
    return np.round(p, 2 if ties else 7).astype("float32"), y


def measures(p, y):
    p = p.astype("float64")
    z = np.log(np.clip(p, 1e-9, 1 - 1e-9) / (1 - np.clip(p, 1e-9, 1 - 1e-9)))
    platt = _SigmoidCalibration().fit(z, y)
    rate = y.mean()
    return {
        "auc": roc_auc_score(y, p),
        "pr_auc": average_precision_score(y, p),
        "log_loss": log_loss(y, p),
        "brier": brier_score_loss(y, p),
        "skill": 1 - brier_score_loss(y, p) / (rate * (1 - rate)),
        "slope": -platt.a_,
        "intercept": -platt.b_,
        "calibrated": [float(v) for v in platt.predict(z)],
        **bootstrap(p, y),
    }


def bootstrap(p, y):
    drawn = [random.integers(0, ROWS, ROWS) for _ in range(RESAMPLES)]
    found = {"auc": roc_auc_score, "pr_auc": average_precision_score}
    return {f"{name}_interval": interval([measure(y[i], p[i]) for i in drawn]) for name, measure in found.items()}


def interval(values):
    return [*map(float, np.percentile(values, [2.5, 97.5])), float(np.std(values, ddof=1))]


def bins(p, y):
    """Only without ties, where a bin is a set of rows."""
    rate, mean = calibration_curve(y, p, n_bins=BINS, strategy="quantile")
    order = np.argsort(-p.astype("float64"))
    parts = np.array_split(y[order], BINS)
    gain = np.cumsum([part.sum() for part in parts]) / y.sum()
    return {
        "rate": list(map(float, rate[::-1])),
        "mean": list(map(float, mean[::-1])),
        "gain": list(map(float, gain)),
        "lift": [float(part.mean() / y.mean()) for part in parts],
        "ece": float(np.abs(rate - mean).mean()),
        "largest": float(np.abs(rate - mean).max()),
    }


def profit(p, y, contact, value, success, threshold):
    gain = np.cumsum(np.where(y[np.argsort(-p.astype("float64"), kind="stable")] == 1, value * success, 0) - contact)
    called = p >= threshold
    return {"costs": [contact, value, success], "threshold": threshold, "contacted": int(called.sum()), "profit": float((y[called] * value * success - contact).sum()),
            "best": float(max(gain.max(), 0))}


def drifted(shift, missing):
    before, now = random.gamma(2, 1, 800).astype("float32"), (random.gamma(2, 1, 600) + shift).astype("float32")
    before[:200] = 0  # two deciles are equal
    now[:50] = 0
    before[200:240], now[50 : 50 + missing] = np.nan, np.nan
    edges = np.unique(np.quantile(before[~np.isnan(before)].astype("float64"), np.arange(1, BINS) / BINS))

    def shares(values):
        there = values[~np.isnan(values)].astype("float64")
        counts = np.bincount(np.searchsorted(edges, there, side="left"), minlength=len(edges) + 1)
        return np.maximum(np.append(counts, np.isnan(values).sum()) / len(values), 1e-4)

    e, a = shares(before), shares(now)
    return {"before": listed(before), "now": listed(now), "edges": list(map(float, edges)), "psi": float(((a - e) * np.log(a / e)).sum())}


def regression():
    x = random.normal(0, 1, (300, 6)) * [1, 10, 0.01, 100, 1, 0] + [0, 5, 1, -40, 0, 3]
    y = (random.random(300) < 1 / (1 + np.exp(-(x[:, 0] - 0.1 * (x[:, 1] - 5) - 1.5)))).astype(int)
    x[random.random(x.shape) < 0.07] = np.nan
    x = x.astype("float32").astype("float64")
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=1, solver="newton-cholesky", tol=1e-12, max_iter=1000)).fit(x, y)
    fitted = model[-1]
    return {"rows": 300, "cols": 6, "x": listed(x), "y": y.tolist(), "weights": [*map(float, fitted.coef_[0]), float(fitted.intercept_[0])],
            "p": [float(v) for v in model.predict_proba(x)[:, 1]]}


distinct, tied = scored(False), scored(True)
golden = {
    "scored": [{"p": listed(p), "y": y.tolist(), **measures(p, y)} for p, y in (distinct, tied)],
    "bins": bins(*distinct),
    "profit": [profit(*distinct, 1, 20, 0.3, 1 / 6), profit(*distinct, 1, 5, 0.3, 2 / 3), profit(*tied, 2, 10, 0.5, 0.4)],
    "drift": [drifted(0, 20), drifted(0.5, 200), drifted(9, 0)],
    "regression": regression(),
}
assert len(np.unique(distinct[0])) == ROWS
Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
