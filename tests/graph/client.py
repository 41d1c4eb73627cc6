"""Speaks to a running Rollcall as a company's own scripts speak to Microsoft Graph: through Microsoft's SDK, which is told
another address and nothing else.

    client.py ADDRESS TOKEN PART [ARGUMENT...]

A part is a function below. Whatever is not as it should be ends the program with a sentence that says so.
"""

import asyncio
import csv
import io
import json
import sys
import zipfile
from datetime import timedelta
from functools import partial
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.application_templates.item.instantiate.instantiate_post_request_body import (
    InstantiatePostRequestBody,
)
from msgraph.generated.models.attribute_mapping_source_type import AttributeMappingSourceType
from msgraph.generated.models.expression_input_object import ExpressionInputObject
from msgraph.generated.models.initiator_type import InitiatorType
from msgraph.generated.models.object_flow_types import ObjectFlowTypes
from msgraph.generated.models.operation_result import OperationResult
from msgraph.generated.models.provisioning_action import ProvisioningAction
from msgraph.generated.models.provisioning_result import ProvisioningResult
from msgraph.generated.models.provisioning_status_error_category import ProvisioningStatusErrorCategory
from msgraph.generated.models.provisioning_step_type import ProvisioningStepType
from msgraph.generated.models.quarantine_reason import QuarantineReason
from msgraph.generated.models.string_key_object_value_pair import StringKeyObjectValuePair
from msgraph.generated.models.synchronization_job import SynchronizationJob
from msgraph.generated.models.synchronization_job_application_parameters import SynchronizationJobApplicationParameters
from msgraph.generated.models.synchronization_job_restart_criteria import SynchronizationJobRestartCriteria
from msgraph.generated.models.synchronization_job_restart_scope import SynchronizationJobRestartScope
from msgraph.generated.models.synchronization_job_subject import SynchronizationJobSubject
from msgraph.generated.models.synchronization_schedule_state import SynchronizationScheduleState
from msgraph.generated.models.synchronization_secret import SynchronizationSecret
from msgraph.generated.models.synchronization_secret_key_string_value_pair import (
    SynchronizationSecretKeyStringValuePair,
)
from msgraph.generated.models.synchronization_status_code import SynchronizationStatusCode
from msgraph.generated.models.synchronization_task_execution_result import SynchronizationTaskExecutionResult
from msgraph.generated.service_principals.item.synchronization.jobs.item.provision_on_demand.provision_on_demand_post_request_body import (
    ProvisionOnDemandPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.restart.restart_post_request_body import (
    RestartPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.schema.parse_expression.parse_expression_post_request_body import (
    ParseExpressionPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.validate_credentials.validate_credentials_post_request_body import (
    ValidateCredentialsPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.secrets.secrets_put_request_body import (
    SecretsPutRequestBody,
)
from msgraph_core.tasks.page_iterator import PageIterator

# The longest that a cycle of some people takes, on a machine that builds something meanwhile.
PATIENCE = 60
NOW_AND_THEN = 0.2


class Token(AccessTokenProvider):
    """The token of the local service, for the local service."""

    def __init__(self, token):
        self.token = token

    async def get_authorization_token(self, uri, additional_authentication_context={}):
        return self.token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator(["127.0.0.1"])


class Service:
    """A Rollcall, as the SDK sees it and as it is."""

    def __init__(self, address, token):
        self.address, self.token = address, token
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(token)))
        adapter.base_url = address
        self.graph = GraphServiceClient(request_adapter=adapter)

    def raw(self, path, **options):
        """What a path answers, without the SDK."""
        query = urlencode({f"${name}": value for name, value in options.items()}, quote_via=quote)
        headers = {"Authorization": f"Bearer {self.token}"}
        with urlopen(Request(f"{self.address}/{path}?{query}".rstrip("?"), headers=headers), timeout=PATIENCE) as answer:
            return answer.read()

    async def pages(self, builder, top, **options):
        """Everything that a list holds, in pages of so many, as the SDK goes through them."""
        first = await get(builder, top=top, **options)
        assert len(first.value) <= top, f"a page of {len(first.value)}, where {top} were asked for"
        found = []
        await PageIterator(first, self.graph.request_adapter).iterate(lambda one: found.append(one) or True)
        return found

    async def principal(self, name):
        all_of_them = (await self.graph.service_principals.get()).value
        found = [one for one in all_of_them if one.display_name == name]
        same(len(found), 1, f"applications called {name}")
        return self.graph.service_principals.by_service_principal_id(found[0].id), found[0].id

    async def job(self, name):
        """The job of an application: its builder, and what it is at."""
        principal, _ = await self.principal(name)
        (job,) = (await principal.synchronization.jobs.get()).value
        return principal.synchronization.jobs.by_synchronization_job_id(job.id), job


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r}, and should be {expected!r}"


def get(builder, **options):
    """Gets a list. Each of them has a type of its own for its options."""
    kind = type(builder)
    options = getattr(kind, f"{kind.__name__}GetQueryParameters")(**options)
    return builder.get(RequestConfiguration(query_parameters=options))


def understood(raw, parsed, what):
    """Whether the SDK took everything that an answer says. What it cannot read, such as a word that its enumeration lacks, it
    passes over in silence, and then does not write it again."""
    writer = JsonSerializationWriter()
    writer.write_object_value(None, parsed)
    lost = list(missing(json.loads(raw), json.loads(writer.get_serialized_content()), what))
    assert not lost, f"the SDK does not understand {lost}"


def missing(said, heard, place):
    if said is None or place.endswith("@odata.context"):
        return
    if isinstance(said, dict) and isinstance(heard, dict):
        for name, value in said.items():
            yield from missing(value, heard.get(name), f"{place}/{name}")
    elif isinstance(said, list) and isinstance(heard, list) and len(said) == len(heard):
        for turn, (value, other) in enumerate(zip(said, heard)):
            yield from missing(value, other, f"{place}[{turn}]")
    # The SDK has a name of its own for this word, and then does not find it: Graph's answers fare no better.
    elif place.endswith("/provisioningStepType") and said == "import":
        return
    # Flags it reads, and forgets when it writes.
    elif place.endswith(("/flowTypes", "/discoverabilities")):
        return
    # Times and durations are written in other ways.
    elif not (isinstance(said, str) and heard or said == heard):
        yield f"{place}: {said!r} became {heard!r}"


async def refused(asked, status, code):
    try:
        await asked
    except APIError as error:
        same((error.response_status_code, error.error.code), (status, code), "a refusal")
        assert error.error.message and error.error.inner_error.request_id, f"a refusal says why: {error}"
        return error.error.message
    raise AssertionError(f"a request was taken that should have been refused with {status}")


async def until(what, is_so):
    for _ in range(int(PATIENCE / NOW_AND_THEN)):
        if found := await is_so():
            return found
        await asyncio.sleep(NOW_AND_THEN)
    raise AssertionError(f"waited {PATIENCE} s in vain until {what}")


async def states(service):
    """Applications and their jobs: one that is well, with somebody it failed for, and one in quarantine."""
    graph = service.graph
    everything = await graph.service_principals.get()
    one_by_one = await service.pages(graph.service_principals, top=1)
    same([one.id for one in one_by_one], [one.id for one in everything.value], "applications, a page for each")
    same([one.display_name for one in one_by_one], ["Ledgerly", "Payroll"], "applications")
    understood(service.raw("servicePrincipals"), everything, "applications")

    _, id = await service.principal("Ledgerly")
    of_ledgerly = graph.service_principals.by_service_principal_id(id)
    same((await of_ledgerly.get()).service_principal_type, "Application", "the kind of an application")
    jobs = await of_ledgerly.synchronization.jobs.get()
    understood(service.raw(f"servicePrincipals/{id}/synchronization/jobs"), jobs, "jobs")
    (listed,) = jobs.value
    job = await of_ledgerly.synchronization.jobs.by_synchronization_job_id(listed.id).get()
    same((job.id, job.template_id), (listed.id, "scim"), "the job")
    same(job.schedule.interval, timedelta(minutes=40), "its interval")
    same(job.schedule.state, SynchronizationScheduleState.Active, "its schedule")
    status = job.status
    same(status.code, SynchronizationStatusCode.Active, "its status")
    last = status.last_execution
    same(last.state, SynchronizationTaskExecutionResult.EntryLevelErrors, "how its last cycle ended")
    same((last.count_imported, last.count_escrowed), (7, 1), "what its last cycle read, and what failed")
    assert last.time_began <= last.time_ended, "a cycle begins before it ends"
    before = status.last_successful_execution
    same((before.state, before.count_exported), (SynchronizationTaskExecutionResult.Succeeded, 6), "the cycle before")
    same((status.quarantine, status.progress), (None, []), "nothing is wrong and nothing runs")
    counts = {pair.key: pair.value for pair in status.synchronized_entry_count_by_type}
    same(counts, {"User to User": 6}, "people with an account")

    _, job = await service.job("Payroll")
    same(job.status.code, SynchronizationStatusCode.Quarantine, "the status behind a wrong token")
    quarantine = job.status.quarantine
    same(quarantine.reason, QuarantineReason.EncounteredQuarantineException, "the reason")
    assert quarantine.series_began <= quarantine.current_began < quarantine.next_attempt, "a quarantine's times"
    assert "401" in quarantine.error.message and quarantine.error.tenant_actionable, "the cause of the quarantine"
    same(job.status.last_successful_execution, None, "a cycle that took")
    same(job.status.steady_state_first_achieved_time.year, 1, "the year of a time that never was")

    jobs = of_ledgerly.synchronization.jobs
    why = await refused(jobs.by_synchronization_job_id("none").get(), 404, "Request_ResourceNotFound")
    assert "none" in why, f"a refusal names what there is not: {why}"


async def log(service):
    """The log of real cycles: page by page, in all its fields; and as files."""
    provisioning = service.graph.audit_logs.provisioning
    whole = await get(provisioning, count=True)
    understood(service.raw("auditLogs/provisioning"), whole, "the log")
    records = whole.value
    same((whole.odata_count, whole.odata_next_link), (len(records), None), "the count of an unpaged log")
    paged = await service.pages(provisioning, top=2)
    same([one.id for one in paged], [one.id for one in records], "the log, two records to a page")

    def of(action, result):
        found = [
            one
            for one in records
            if (one.provisioning_action, one.provisioning_status_info.status) == (action, result)
        ]
        assert found, f"the log has no {action} that ended with {result}"
        return found[0]

    created = of(ProvisioningAction.Create, ProvisioningResult.Success)
    same(created.provisioning_status_info.error_information, None, "the error of a success")
    source, target = created.source_identity, created.target_identity
    same((source.id[:2], source.identity_type, target.identity_type), ("E0", "User", "User"), "who it is about")
    assert target.id and target.display_name, "an account that was created has an id and a name"
    stages = [step.provisioning_step_type for step in created.provisioning_steps]
    expected = [ProvisioningStepType.Scoping, ProvisioningStepType.Matching, ProvisioningStepType.Export]
    same(stages[1:], expected, "its steps after the import")
    same({step.status for step in created.provisioning_steps}, {ProvisioningResult.Success}, "how its steps ended")
    properties = {one.display_name: (one.old_value, one.new_value) for one in created.modified_properties}
    same(properties["title"], (None, "Analyst"), "a property of an account that was created")
    assert created.initiated_by.initiator_type in set(InitiatorType), "somebody began it"
    same(created.service_principal.display_name, "Ledgerly", "the application")
    assert created.activity_date_time.tzinfo and created.duration_in_milliseconds >= 0, "when, and for how long"
    assert created.source_system.display_name and created.target_system.display_name, "both systems have names"

    updated = of(ProvisioningAction.Update, ProvisioningResult.Success)
    changes = [(one.display_name, one.old_value, one.new_value) for one in updated.modified_properties]
    same(changes, [("title", "Analyst", "Director")], "what was changed")
    of(ProvisioningAction.Disable, ProvisioningResult.Success)
    failed = of(ProvisioningAction.Create, ProvisioningResult.Failure).provisioning_status_info.error_information
    same(failed.error_category, ProvisioningStatusErrorCategory.NonServiceFailure, "whose fault a refusal is")
    assert failed.error_code and "400" in failed.additional_details and failed.reason, "a failure says why"

    day = records[-1].activity_date_time.date()
    questions = {
        "everything": "",
        "failures": "provisioningStatusInfo/status eq 'failure'",
        "one person": "sourceIdentity/id eq 'E0002'",
        "one cycle": f"cycleId eq '{created.cycle_id}'",
        "creations that took": "provisioningAction eq 'create' and provisioningStatusInfo/status eq 'success'",
        "by words and times": f"activityDateTime ge {day}T00:00:00Z and not contains(tolower(targetIdentity/displayName),'no1')",
        "nobody": "sourceIdentity/id eq 'E9999'",
    }
    for name, question in questions.items():
        await holds_the_same(service, name, {"filter": question} if question else {})
    person = f"sourceIdentity/id eq '{source.id}' and provisioningAction eq 'create'"
    same([one.id for one in (await get(provisioning, filter=person)).value], [created.id], "one by its person")
    await refused(get(provisioning, filter="sourceIdentity/id is 'E0002'"), 400, "Request_BadRequest")


async def holds_the_same(service, name, question):
    """Whether CSV, JSON, NDJSON and the API hold the same records for one question."""
    api = [one.change_id for one in await service.pages(service.graph.audit_logs.provisioning, top=2, **question)]
    assert (not api) == (name == "nobody"), f"records for '{name}': {len(api)}"
    same(len(set(api)), len(api), f"each change of '{name}' once")
    download = partial(service.raw, "auditLogs/provisioning/download", **question)
    whole = json.loads(download(format="json"))
    lines = [json.loads(line) for line in download(format="ndjson").splitlines()]
    same(lines, whole, f"the lines of '{name}', and its JSON")
    same(whole, json.loads(service.raw("auditLogs/provisioning", **question))["value"], f"the JSON of '{name}', and the API")
    same([record["changeId"] for record in whole], api, f"changes of '{name}' as JSON, and by the API")
    with zipfile.ZipFile(io.BytesIO(download(format="csv"))) as files:
        tables = [list(csv.DictReader(io.StringIO(files.read(file).decode(), newline=""))) for file in files.namelist()]
    rows, steps, changes = tables
    same([row["changeId"] for row in rows], api, f"changes of '{name}' as CSV, and by the API")
    for table, part in [(steps, "provisioningSteps"), (changes, "modifiedProperties")]:
        expected = [record["changeId"] for record in whole for _ in record[part]]
        same([row["changeId"] for row in table], expected, f"{part} of '{name}'")


async def control(service, people, row):
    """A job is paused, started with one person more, and restarted; an expression is tried."""
    job, before = await service.job("Ledgerly")
    await job.pause.post()
    paused = await job.get()
    same(paused.status.code, SynchronizationStatusCode.Paused, "the status of a paused job")
    same(paused.schedule.state, SynchronizationScheduleState.Paused, "its schedule")
    with open(people, "a") as directory:
        directory.write(f"{row}\n")

    await job.start.post()

    async def next_cycle(after):
        last = (await job.get()).status.last_execution
        return last if last.activity_identifier != after.activity_identifier else None

    started = await until("a cycle has run", partial(next_cycle, before.status.last_execution))
    same((started.count_imported, started.count_imported_deltas), (8, 1), "who was read, and who is new")
    newcomer = f"sourceIdentity/id eq '{row.split(',')[0]}'"
    (record,) = (await get(service.graph.audit_logs.provisioning, filter=newcomer)).value
    found = (record.provisioning_action, record.provisioning_status_info.status, record.cycle_id)
    expected = (ProvisioningAction.Create, ProvisioningResult.Success, started.activity_identifier)
    same(found, expected, "what became of the newcomer")

    criteria = SynchronizationJobRestartCriteria(reset_scope=SynchronizationJobRestartScope.Watermark)
    await job.restart.post(RestartPostRequestBody(criteria=criteria))
    again = await until("a cycle has run anew", partial(next_cycle, started))
    same((again.count_imported, again.count_imported_deltas), (8, 8), "whom a restarted job looks at")
    same((await job.get()).status.code, SynchronizationStatusCode.Active, "the status of a restarted job")
    unknown = SynchronizationJobRestartCriteria(additional_data={"resetScope": "Everything"})
    why = await refused(job.restart.post(RestartPostRequestBody(criteria=unknown)), 400, "Request_BadRequest")
    assert "resetScope" in why, f"a refusal names the field: {why}"

    job, payroll = await service.job("Payroll")
    _, id = await service.principal("Payroll")
    path = f"servicePrincipals/{id}/synchronization/jobs/{payroll.id}/schema"
    await put_back(service, path, job, [ObjectFlowTypes.Add, ObjectFlowTypes.Update])

    # The SDK's type for a pair has no property for the value: its own samples put it among the additional data.
    names = {"givenName": "Ada", "surname": "Obi"}
    pairs = [StringKeyObjectValuePair(key=key, additional_data={"value": value}) for key, value in names.items()]
    asked = ParseExpressionPostRequestBody(
        expression='Join(" ", [givenName], [surname])', test_input_object=ExpressionInputObject(properties=pairs)
    )
    told = await job.schema.parse_expression.post(asked)
    same((told.parsing_succeeded, told.evaluation_succeeded), (True, True), "whether it was parsed, and tried")
    same(told.evaluation_result, ["Ada Obi"], "what it yields")
    parsed = told.parsed_expression
    same((parsed.type, parsed.name), (AttributeMappingSourceType.Function, "Join"), "what it is")
    same([pair.value.type for pair in parsed.parameters][1:], [AttributeMappingSourceType.Attribute] * 2, "its parts")
    told = await job.schema.parse_expression.post(ParseExpressionPostRequestBody(expression="Join("))
    assert told.parsing_succeeded is False and told.error.message, "what cannot be parsed is told with the reason"


async def put_back(service, path, job, flow_types):
    """A schema that is read and sent back as it is stays as it is."""
    before = service.raw(path)
    schema = await job.schema.get()
    understood(before, schema, "the schema")
    same(schema.synchronization_rules[0].object_mappings[0].flow_types, flow_types, "what its mapping may do")
    # The SDK has no PUT for a schema, but a PATCH, with which it sends all of it but the flags.
    await job.schema.patch(schema)
    same(json.loads(service.raw(path)), json.loads(before), "a schema that was put back")


async def setup(service, address, token, people):
    """An application from nothing to its first account, in the order of Graph's own instructions."""
    graph = service.graph
    source = {"file": {"path": people, "id": "employeeId", "enabled": "accountEnabled"}}
    wanted = InstantiatePostRequestBody(display_name="Newcomer", additional_data={"source": source})
    made = await graph.application_templates.by_application_template_id("scim").instantiate.post(wanted)
    same((made.application.display_name, made.service_principal.display_name), ("Newcomer", "Newcomer"), "its name")
    same(made.application.application_template_id, "scim", "its template")
    principal = graph.service_principals.by_service_principal_id(made.service_principal.id)
    same((await principal.get()).display_name, "Newcomer", "the application, read again")
    path = f"servicePrincipals/{made.service_principal.id}/synchronization"

    templates = await principal.synchronization.templates.get()
    understood(service.raw(f"{path}/templates"), templates, "templates")
    (template,) = templates.value
    job = await principal.synchronization.jobs.post(SynchronizationJob(template_id=template.id))
    same(job.status.code, SynchronizationStatusCode.NotConfigured, "the status of a new job")
    same(job.schedule.state, SynchronizationScheduleState.Disabled, "its schedule")
    assert job.schedule.interval > timedelta(days=365), f"a job that was never started has no interval: {job.schedule}"
    of_job = principal.synchronization.jobs.by_synchronization_job_id(job.id)
    understood(service.raw(f"{path}/jobs/{job.id}"), await of_job.get(), "a job that is not configured")
    understood(service.raw(path), await principal.synchronization.get(), "synchronization")

    def secrets(secret):
        pairs = {SynchronizationSecret.BaseAddress: address, SynchronizationSecret.SecretToken: secret}
        return [SynchronizationSecretKeyStringValuePair(key=key, value=value) for key, value in pairs.items()]

    def validate(**given):
        return of_job.validate_credentials.post(ValidateCredentialsPostRequestBody(**given))

    wrong = validate(use_saved_credentials=False, credentials=secrets("not-the-token"))
    assert "401" in await refused(wrong, 400, "InvalidCredentials"), "a refusal says what the target said"
    await validate(use_saved_credentials=False, credentials=secrets(token))
    await principal.synchronization.secrets.put(SecretsPutRequestBody(value=secrets(token)))
    await validate(use_saved_credentials=True)

    subject = SynchronizationJobSubject(object_id="S1", object_type_name="User")
    parameters = SynchronizationJobApplicationParameters(subjects=[subject])
    pair = await of_job.provision_on_demand.post(ProvisionOnDemandPostRequestBody(parameters=[parameters]))
    key, value = json.loads(pair.key), json.loads(pair.value)
    same((key["result"], value["action"]), ("Success", "Create"), "how provisioning on demand ended")
    same(value["sourceIdentity"]["id"], "S1", "whom it provisioned")

    of_schema = f"{path}/jobs/{job.id}/schema"
    await put_back(service, of_schema, of_job, list(ObjectFlowTypes)[1:])
    understood(service.raw(f"{of_schema}/functions"), await of_job.schema.functions.get(), "functions")
    understood(service.raw(f"{of_schema}/filterOperators"), await of_job.schema.filter_operators.get(), "operators")

    audits = graph.audit_logs.directory_audits
    whole = await audits.get()
    understood(service.raw("auditLogs/directoryAudits"), whole, "the audit")
    paged = await service.pages(audits, top=2)
    same([one.id for one in paged], [one.id for one in whole.value], "the audit, two entries to a page")
    same({one.activity_date_time.tzinfo is not None for one in paged}, {True}, "whether the times of the audit say where")
    here = [one for one in paged if one.target_resources[0].id == made.service_principal.id]
    found = [(one.activity_display_name, one.result) for one in reversed(here)]
    success, failure = OperationResult.Success, OperationResult.Failure
    expected = [
        ("Add application", success),
        ("Validate credentials", failure),
        ("Validate credentials", success),
        ("Update settings", success),
        ("Update credentials", success),
        ("Validate credentials", success),
        ("Provision on demand", success),
    ]
    same(found, expected, "what was done to the application, as the audit has it")
    assert all(one.initiated_by.user.display_name for one in here), "the audit says who did it"
    assert token not in service.raw("auditLogs/directoryAudits").decode(), "no credential is in the audit"


PARTS = {part.__name__: part for part in (states, log, control, setup)}

if __name__ == "__main__":
    address, token, part, *arguments = sys.argv[1:]
    asyncio.run(PARTS[part](Service(address, token), *arguments))
