"""What a team with FastAPI would serve instead of `smelt serve`: Gold in a DuckDB of its own with an index on the id, one cursor, orjson.

    DATABASE=api.duckdb uvicorn fastapi_duckdb:app
"""

import os

import duckdb
import orjson
from fastapi import FastAPI, HTTPException, Response

connection = duckdb.connect(os.environ["DATABASE"], read_only=True, config={"threads": 1})
cursor = connection.cursor()
names = [row[0] for row in connection.execute("DESCRIBE subscribers").fetchall()]
app = FastAPI()


def rows(query, *values):
    return [dict(zip(names, row)) for row in cursor.execute(query, values).fetchall()]


def answer(value):
    return Response(orjson.dumps(value, default=str), media_type="application/json")


@app.get("/subscribers/{subscriber_id}")
async def one(subscriber_id: str):
    found = rows("SELECT * FROM subscribers WHERE subscriber_id = ?", subscriber_id)
    if not found:
        raise HTTPException(404)
    return answer(found[0])


@app.get("/subscribers")
async def page(limit: int = 50):
    return answer(rows("SELECT * FROM subscribers ORDER BY churn_probability DESC NULLS LAST, subscriber_id LIMIT ?", limit))
