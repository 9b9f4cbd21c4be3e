#!/usr/bin/env python3
"""A registered model from its first version to its end, with DataRobot's own client and nothing
changed in it but endpoint and token: THAW_URL and THAW_TOKEN, which ./serve writes into demo.env."""
import os
import secrets
import time

import datarobot as dr
from datarobot.enums import MODEL_REPLACEMENT_REASON, PredictionEnvironmentPlatform, SHARING_RECIPIENT_TYPE, SHARING_ROLE

client = dr.Client(endpoint=os.environ["THAW_URL"] + "/api/v2", token=os.environ["THAW_TOKEN"])
target = {"name": "churned", "type": "Binary", "class_names": ["yes", "no"]}
name = f"Churn {time.time():.0f}"

# A model that runs elsewhere is told of; each further version gets the next number.
first = dr.RegisteredModelVersion.create_for_external("First", target, registered_model_name=name)
model = dr.RegisteredModel.get(first.registered_model_id)
second = dr.RegisteredModelVersion.create_for_external("Second", target, registered_model_id=model.id)
print("registered", [m.name for m in dr.RegisteredModel.list(limit=5)])
print("versions", [v.registered_model_version for v in model.list_versions()])

# What was trained is imported, and its package is built behind the answer.
trained = client.post(f"projects/{secrets.token_hex(12)}/models/import/", data={
    "modelType": "Gradient boosting", "projectName": name, "target": {"name": "churned", "type": "Binary", "classNames": ["yes", "no"]},
    "features": [{"name": "age", "featureType": "Numeric", "importance": 0.8}]}).json()
built = dr.RegisteredModelVersion.create_for_leaderboard_item(trained["modelId"], name="Third", registered_model_id=model.id)
while built.build_status == "inProgress":
    time.sleep(0.5)
    built = model.get_version(built.id)
print("built", built.build_status, "as version", built.registered_model_version)

# Who else works with it.
model.share([dr.SharingRole(role=SHARING_ROLE.CONSUMER, share_recipient_type=SHARING_RECIPIENT_TYPE.USER, username="rui")])
print("shared as", sorted(role.role.value for role in model.get_shared_roles()))

# It goes into production, another version takes its place, and it goes out again.
environment = dr.PredictionEnvironment.create(name, PredictionEnvironmentPlatform.OTHER)
deployment = dr.Deployment.create_from_registered_model_version(first.id, name, prediction_environment_id=environment.id)
deployment.perform_model_replace(second.id, MODEL_REPLACEMENT_REASON.ACCURACY)
print("deployed", [(d.registered_model_version, d.currently_deployed) for d in model.list_associated_deployments()])
deployment.delete()

dr.RegisteredModel.archive(model.id)
print("archived", dr.RegisteredModel.get(model.id).is_archived)
