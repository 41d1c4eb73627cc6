"""template.yaml as CloudFormation sees it after SAM's transform; made without network or credentials.

    expanded.py     prints it as JSON; the code of each function is s3://code/<its logical id>
"""

import json
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
FUNCTION = "AWS::Serverless::Function"


def read():
    return yaml_parse(TEMPLATE.read_text())


def expanded():
    session = boto3.Session(region_name="us-east-1")
    template = read()
    for name, resource in template["Resources"].items():
        if resource["Type"] == FUNCTION:
            # `sam deploy` has uploaded the code by then.
            resource["Properties"]["CodeUri"] = f"s3://code/{name}"
    return Translator({}, Parser(), boto_session=session).translate(template, {})


if __name__ == "__main__":
    print(json.dumps(expanded(), indent=1))
