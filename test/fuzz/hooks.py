"""What the fuzzer has to be told of this API: how to send a body that is no JSON."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    rows = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(row, default=str) for row in rows).encode()


@schemathesis.serializer("application/vnd.apache.parquet")
def parquet(ctx, value):
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()
