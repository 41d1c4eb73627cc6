"""Deploys template.yaml into a stand-in for AWS (ministack), as CloudFormation would: tables, buckets, rules, gateway, functions.

    deploy.py URL REGION FOLDER SECONDS NAME=VALUE...     prints the stack's outputs, and the names of functions, their logs and dead letters, as JSON

FOLDER holds the functions' binaries, SECONDS is how long an invocation of sync may take, each NAME a parameter.
What the stand-in does not know is left out: saved queries, alarms over several metrics, a first user. An issuer on loopback has no TLS, so
that parameter's pattern is left out, too. Everything else is the template's own.
"""

import io
import json
import sys
import time
import zipfile

import boto3

from expanded import expanded

FUNCTIONS = {"SyncFunction": "sync", "QueryFunction": "query", "ControlFunction": "control", "NotifierFunction": "notifier"}
TOLD = [*FUNCTIONS, "SyncLogs", "NotifierLogs", "SyncDeadLetters", "NotifierDeadLetters"]
STACK = "rollcall"
PATIENCE = 60


UNKNOWN = ["AWS::Logs::QueryDefinition", "AWS::Cognito::UserPoolUser", "AWS::Cognito::UserPoolUserToGroupAttachment"]


def known(resource):
    return resource["Type"] not in UNKNOWN and "Metrics" not in resource.get("Properties", {})


def bootstrap(folder, binary):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as pack:
        pack.writestr("bootstrap", f"#!/bin/sh\nexec '{folder}/{binary}'\n")
    return archive.getvalue()


def main(url, region, folder, seconds, *parameters):
    def client(service):
        return boto3.client(service, endpoint_url=url, region_name=region, aws_access_key_id="local", aws_secret_access_key="local")

    template = expanded()
    template.pop("Transform", None)
    template["Resources"] = {name: one for name, one in template["Resources"].items() if known(one)}
    template["Parameters"]["TokenIssuer"].pop("AllowedPattern")
    template["Resources"]["SyncFunction"]["Properties"]["Timeout"] = int(seconds)

    s3 = client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": region})
    for function, binary in FUNCTIONS.items():
        s3.put_object(Bucket="code", Key=function, Body=bootstrap(folder, binary))
    s3.put_object(Bucket="code", Key="template.json", Body=json.dumps(template))

    formation = client("cloudformation")
    formation.create_stack(
        StackName=STACK,
        TemplateURL=f"{url}/code/template.json",
        Parameters=[dict(zip(("ParameterKey", "ParameterValue"), one.split("=", 1))) for one in parameters],
        Capabilities=["CAPABILITY_IAM"],
    )
    until = time.monotonic() + PATIENCE
    while (stack := formation.describe_stacks(StackName=STACK)["Stacks"][0])["StackStatus"].endswith("_IN_PROGRESS"):
        if time.monotonic() > until:
            sys.exit(f"the stack is still {stack['StackStatus']}")
        time.sleep(0.2)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        events = formation.describe_stack_events(StackName=STACK)["StackEvents"]
        sys.exit("\n".join(f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason')}" for one in events if "FAILED" in one["ResourceStatus"]))
    made = formation.describe_stack_resources(StackName=STACK)["StackResources"]
    told = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made if one["LogicalResourceId"] in TOLD}
    print(json.dumps(told | {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}))


main(*sys.argv[1:])
