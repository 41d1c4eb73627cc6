"""What becomes of template.yaml on its way into an account: by SAM's own transform, and by the CDK construct of infra/.

    check.py CDK_TEMPLATE...     templates that `cdk synth` wrote

Promised: the transform adds no permission, no role and nobody who may call a function, so that what is reviewed in
template.yaml is what is deployed; the construct changes nothing but code, and values of parameters; the result is small
enough for CloudFormation.
"""

import json
import sys
from pathlib import Path

from expanded import FUNCTION, expanded, read

# CloudFormation's limits for a template in S3.
RESOURCES = 500
PARAMETERS = 200
BYTES = 1_000_000

# Whatever gives somebody a right.
RIGHTS = ("AWS::IAM::", "AWS::Lambda::Permission", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def rights(template):
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource["Type"].startswith(RIGHTS)}


def check_transform(problems):
    ours, theirs = read(), expanded()
    if rights(ours) != rights(theirs):
        differing = {name for name, _ in set_of(rights(ours)) ^ set_of(rights(theirs))}
        problems.append(f"the transform adds or changes rights: {sorted(differing)}")
    added = theirs["Resources"].keys() - ours["Resources"].keys()
    if added:
        problems.append(f"the transform adds resources: {sorted(added)}")
    counts = [("resources", len(theirs["Resources"]), RESOURCES), ("parameters", len(theirs["Parameters"]), PARAMETERS)]
    counts.append(("bytes", len(json.dumps(theirs)), BYTES))
    for what, count, most in counts:
        print(f"{count} {what} of {most}")
        if count > most:
            problems.append(f"{count} {what} are more than CloudFormation takes")


def set_of(resources):
    return {(name, json.dumps(resource, sort_keys=True)) for name, resource in resources.items()}


def check_cdk(path, problems):
    ours, theirs = read(), json.loads(Path(path).read_text())
    for resource in ours["Resources"].values():
        resource["Properties"] = plain(resource["Properties"])
    for name, resource in theirs["Resources"].items():
        mine = ours["Resources"].get(name)
        if mine is None:
            if resource["Type"] != "AWS::CDK::Metadata":
                problems.append(f"{path}: the construct adds {name}")
            continue
        if resource["Type"] == FUNCTION:
            for one in (mine, resource):
                one["Properties"].pop("CodeUri")
        for part in ("Type", "Properties", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "DependsOn"):
            if plain(mine.get(part)) != plain(resource.get(part)):
                problems.append(f"{path}: {part} of {name} is\n  {resource.get(part)}\nand in the template\n  {mine.get(part)}")
    for name in ours["Resources"].keys() - theirs["Resources"].keys():
        problems.append(f"{path}: the construct leaves out {name}")
    # CDK adds a rule of its own, about the version of its bootstrap stack.
    theirs["Rules"].pop("CheckBootstrapVersion", None)
    for part in ("Rules", "Conditions", "Globals", "Transform", "Outputs"):
        if plain(ours[part]) != plain(theirs[part]):
            problems.append(f"{path}: {part} differ")
    for name, parameter in ours["Parameters"].items():
        theirs_too = dict(theirs["Parameters"].get(name, {}))
        if plain({**parameter, "Default": None}) != plain({**theirs_too, "Default": None}):
            problems.append(f"{path}: the parameter {name} differs in more than its value")


def plain(value):
    """One spelling: YAML and CDK write numbers, single values and references in several."""
    if isinstance(value, dict):
        if set(value) == {"Fn::GetAtt"} and isinstance(value["Fn::GetAtt"], str):
            return {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def main():
    problems = []
    check_transform(problems)
    for path in sys.argv[1:]:
        check_cdk(path, problems)
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(bool(problems))


main()
