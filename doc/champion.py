#!/usr/bin/env python3
"""A model from its training to production and back, with MLflow's own client and nothing changed in it but
three variables: MLFLOW_REGISTRY_URI, MLFLOW_TRACKING_USERNAME (any) and MLFLOW_TRACKING_PASSWORD (an API key).
Runs and files stay where MLflow has them; here that is the working directory."""
import json
import os
import time
import urllib.parse
import urllib.request

import mlflow
import pandas
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

registry = os.environ["MLFLOW_REGISTRY_URI"]
key = os.environ["MLFLOW_TRACKING_PASSWORD"]
name = f"Rent {time.time():.0f}"
client = MlflowClient()


class Line(mlflow.pyfunc.PythonModel):
    def __init__(self, slope):
        self.slope = slope

    def predict(self, context, model_input, params=None):
        return self.slope * model_input["size"]


def train(sizes, rents):
    """Logs a model whose line through the origin is the best one; its address."""
    slope = sum(s * r for s, r in zip(sizes, rents)) / sum(s * s for s in sizes)
    where = {"name" if mlflow.__version__ >= "3" else "artifact_path": "line"}
    with mlflow.start_run():
        mlflow.log_metric("slope", slope)
        return mlflow.pyfunc.log_model(python_model=Line(slope), pip_requirements=["mlflow-skinny", "pandas"], **where).model_uri


def rent(size):
    """What the champion says."""
    champion = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    return round(float(champion.predict(pandas.DataFrame({"size": [size]})).iloc[0]))


def thaw(method, path):
    """Thaw's own API: the same model, of which it knows more than MLflow does."""
    request = urllib.request.Request(registry + path, method=method, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# Two versions; the alias names the first, then the second.
for version, rents in enumerate(([500.0, 1000.0], [600.0, 1200.0]), 1):
    made = mlflow.register_model(train([50.0, 100.0], rents), name)
    client.set_registered_model_alias(name, "champion", made.version)
    print("version", made.version, "is the champion and says", rent(80.0))

# Into production, where one version is at a time.
for version in ("1", "2"):
    client.transition_model_version_stage(name, version, "Production", archive_existing_versions=True)
print("stages", {v.version: v.current_stage for v in sorted(client.search_model_versions(f"name = '{name}'"), key=lambda v: v.version)})

# The model is archived, in the console or by Thaw's own API: nobody loads it any more, until it is restored.
found = thaw("GET", "/api/v1/models?search=" + urllib.parse.quote(name))["items"][0]["id"]
thaw("POST", f"/api/v1/models/{found}/archive")
try:
    rent(80.0)
except MlflowException as error:
    print("archived:", str(error).split(": ", 1)[1].replace(name, "NAME"))
thaw("POST", f"/api/v1/models/{found}/unarchive")
print("restored, it says", rent(80.0))

# Who did what, newest first.
print("history", [entry["action"] for entry in thaw("GET", f"/api/v1/models/{found}/audit-logs")["items"]][:4])
