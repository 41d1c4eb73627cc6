//! Filters: what is understood, what is refused and with which words, and what holds for a record.

use engine::report::{Outcome, ProvisioningRecord};
use proptest::prelude::*;
use serde_json::json;

use super::{DEEPEST, Filter, Known, LONGEST};

fn record() -> ProvisioningRecord {
    serde_json::from_value(json!({
        "id": "5b8b6f6e-0000-5000-8000-000000000001",
        "activityDateTime": "2026-03-02T08:00:00.5Z",
        "tenantId": "t",
        "jobId": "scim.t.a",
        "cycleId": "c1",
        "changeId": "ch1",
        "provisioningAction": "stagedDelete",
        "durationInMilliseconds": 120,
        "servicePrincipal": { "id": "a", "displayName": "Ledgerly" },
        "sourceSystem": { "id": "s", "displayName": "people", "details": {} },
        "targetSystem": { "id": "g", "displayName": "Ledgerly", "details": {} },
        "initiatedBy": { "id": "", "displayName": "Rollcall", "initiatorType": "system" },
        "sourceIdentity": { "id": "E1", "displayName": "Nadia O'Neill", "identityType": "User", "details": {} },
        "targetIdentity": { "id": "", "displayName": "", "identityType": "User", "details": {} },
        "provisioningStatusInfo": { "status": "skipped", "errorInformation": null },
        "provisioningSteps": [],
        "modifiedProperties": [],
    }))
    .unwrap()
}

/// Comparisons, and whether they hold for the record.
const TESTS: &[(&str, bool)] = &[
    ("jobId eq 'scim.t.a'", true),
    ("jobId eq 'SCIM.T.A'", false),
    ("tolower(sourceIdentity/displayName) eq 'nadia o''neill'", true),
    ("toupper(sourceIdentity/displayName) eq 'nadia o''neill'", false),
    ("jobId ne 'b'", true),
    ("jobId gt 'scim.s'", true),
    ("jobId lt 'scim.s'", false),
    ("jobId in ('b', 'scim.t.a')", true),
    ("jobId in ('b')", false),
    ("provisioningAction eq 'stagedDelete'", true),
    ("provisioningAction eq 'stageddelete'", true),
    ("provisioningAction ne 'create'", true),
    ("contains(provisioningAction,'Delete')", true),
    ("provisioningStatusInfo/status in ('failure','warning')", false),
    ("provisioningStatusInfo/errorInformation/errorCode eq null", true),
    ("provisioningStatusInfo/errorInformation/errorCode ne null", false),
    ("provisioningStatusInfo/errorInformation/errorCode ne 'Timeout'", true),
    ("provisioningStatusInfo/errorInformation/errorCode gt ''", false),
    ("contains(provisioningStatusInfo/errorInformation/reason, '')", false),
    ("jobId eq null", false),
    ("targetIdentity/id eq ''", true),
    ("servicePrincipal/name eq 'Ledgerly'", true),
    ("contains(sourceIdentity/displayName,'O''N')", true),
    ("contains(tolower(sourceIdentity/displayName),'o''n')", true),
    ("contains(tolower(sourceIdentity/displayName),'O''N')", false),
    ("startswith(sourceIdentity/displayName, 'Nadia')", true),
    ("endswith(sourceIdentity/displayName, 'Nadia')", false),
    ("startswith(sourceIdentity/displayName,'Nadia') eq true", true),
    ("startswith(sourceIdentity/displayName,'Nadia') eq false", false),
    ("activityDateTime gt 2026-03-02", true),
    ("activityDateTime gt 2026-03-02T08:00:00.5Z", false),
    ("activityDateTime ge 2026-03-02T08:00:00.5Z", true),
    ("activityDateTime le 2026-03-02T09:00:00.5+01:00", true),
    ("activityDateTime lt '2026-03-02T08:00:00Z'", false),
    ("activityDateTime eq 2026-03-02T08:00:00.500Z", true),
    ("durationInMilliseconds ge 120", true),
    ("durationInMilliseconds lt -1", false),
    ("CONTAINS(jobId,'scim')", true),
    ("not jobId eq 'b' AND jobId NE 'c'", true),
    ("jobId eq 'b' or jobId eq 'scim.t.a' and cycleId eq 'c1'", true),
    ("(jobId eq 'b' or jobId eq 'scim.t.a') and cycleId eq 'c2'", false),
];

#[test]
fn comparisons_hold_as_odata_says() {
    for (text, expected) in TESTS {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.holds(&record()), *expected, "{text}");
    }
    assert!(Filter::default().holds(&record()), "nothing was asked for in particular");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_column_and_its_cure() {
    let cases = [
        ("", "column 1: a property is expected here: id, activityDateTime"),
        ("tenantid eq 'a'", "column 1: 'tenantid' is written tenantId"),
        ("modifiedProperties eq 'a'", "column 1: 'modifiedProperties' is no property that can be compared"),
        ("'a' eq jobId", "column 1: a property is expected here"),
        ("jobId", "column 6: here one of eq, ne"),
        ("jobId = 'a'", "column 7: here one of eq, ne"),
        ("jobId eq", "column 9: jobId is compared with a text in single quotes"),
        ("jobId eq a", "column 10: jobId is compared with a text in single quotes"),
        ("jobId eq \"a\"", "column 10: jobId is compared with a text in single quotes"),
        ("jobId eq 'a", "column 10: this text does not end"),
        ("jobId eq 'Ü' nor", "column 14: here 'and', 'or' or the end is expected"),
        ("jobId eq 'a' and", "column 17: a property is expected here"),
        ("jobId eq 'a'b", "column 13: here 'and', 'or' or the end"),
        ("(jobId eq 'a'", "column 14: here 'and', 'or' or a closing parenthesis"),
        ("jobId eq 'a')", "column 13: this parenthesis closes none"),
        ("jobId in 'a'", "column 10: the values behind 'in' stand in parentheses"),
        ("jobId in ('a' 'b')", "column 15: a comma or a closing parenthesis"),
        ("contains(jobId 'a')", "column 16: a comma and the text to look for"),
        ("contains(jobId, a)", "column 17: the text to look for is expected here, in single quotes"),
        ("contains(activityDateTime,'2026')", "column 10: activityDateTime is no text; compare it"),
        ("contains(jobId,'a') eq 'yes'", "column 24: 'true' or 'false'"),
        ("tolower jobId eq 'a'", "column 9: a function's arguments stand in parentheses"),
        ("tolower(provisioningAction) eq 'create'", "column 9: provisioningAction is no text whose case"),
        ("activityDateTime gt yesterday", "column 21: activityDateTime is compared with a time such as"),
        (
            "provisioningAction eq 'remove'",
            "one of 'other', 'create', 'delete', 'disable', 'update', 'stagedDelete'",
        ),
        (
            "provisioningStatusInfo/status gt 'failure'",
            "column 31: provisioningStatusInfo/status has no order",
        ),
        (
            "durationInMilliseconds gt '5'",
            "column 27: durationInMilliseconds is compared with a whole number",
        ),
        (
            "modifiedProperties/any(p:p/displayName eq 'a')",
            "column 1: 'modifiedProperties/any' is no property",
        ),
    ];
    for (text, expected) in cases {
        let problem = Filter::parse(text).unwrap_err().to_string();
        assert!(problem.contains(expected), "{text}\n{problem}");
    }
}

#[test]
fn a_filter_has_bounds() {
    let nested = |levels: usize| format!("{}jobId eq 'a'{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&nested(DEEPEST)).is_ok());
    assert!(Filter::parse(&nested(DEEPEST + 1)).unwrap_err().problem.contains("32 levels"));
    assert!(Filter::parse(&format!("{}jobId eq 'a'", "not ".repeat(DEEPEST + 1))).is_err());
    assert!(
        Filter::parse(&format!("jobId eq '{}'", "a".repeat(LONGEST))).unwrap_err().problem.contains("bytes")
    );
}

#[test]
fn an_index_is_asked_for_what_all_records_have_in_common() {
    let known = |text: &str| Filter::parse(text).unwrap().known();
    let all = "id eq '1' and changeId eq '2' and cycleId eq '3' and (jobId eq '4' and sourceIdentity/id eq '5') and \
               targetIdentity/id eq '' and provisioningStatusInfo/status eq 'Failure' and activityDateTime gt 2026-03-01 \
               and activityDateTime ge 2026-03-02 and activityDateTime lt 2026-03-05 and activityDateTime le 2026-03-04";
    let text = |text: &str| Some(text.to_owned());
    let expected = Known {
        id: text("1"),
        change: text("2"),
        cycle: text("3"),
        job: text("4"),
        source: text("5"),
        target: text(""),
        either: None,
        status: Some(Outcome::Failure),
        from: "2026-03-02T00:00:00Z".parse().ok(),
        to: "2026-03-04T00:00:00Z".parse().ok(),
    };
    assert_eq!(known(all), expected);
    let nothing = [
        "jobId eq 'a' or jobId eq 'b'",
        "not jobId eq 'a'",
        "jobId ne 'a'",
        "tolower(jobId) eq 'a'",
        "jobId eq null",
        "contains(jobId,'a')",
        "provisioningStatusInfo/status ne 'failure'",
        "activityDateTime ne 2026-03-01",
    ];
    for text in nothing {
        assert_eq!(known(text), Known::default(), "{text}");
    }
    assert_eq!(known("jobId in ('a')").job, text("a"));
    let either =
        "jobId eq 'j' and (sourceIdentity/id eq 'a' or (targetIdentity/id eq 'a' and cycleId eq 'c'))";
    assert_eq!(known(either), Known { job: text("j"), either: text("a"), ..Known::default() });
}

/// A filter made of the comparisons above, and whether it holds.
fn composed() -> impl Strategy<Value = (String, bool)> {
    let leaf = prop::sample::select(TESTS).prop_map(|(text, holds)| (format!("({text})"), holds));
    leaf.prop_recursive(4, 24, 3, |inner| {
        let all = |parts: &[(String, bool)]| parts.iter().all(|(_, holds)| *holds);
        let any = |parts: &[(String, bool)]| parts.iter().any(|(_, holds)| *holds);
        let texts = |parts: Vec<(String, bool)>, word: &str| {
            let texts: Vec<String> = parts.into_iter().map(|(text, _)| text).collect();
            format!("({})", texts.join(word))
        };
        let several = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several.clone().prop_map(move |parts| {
                let holds = all(&parts);
                (texts(parts, " and "), holds)
            }),
            several.prop_map(move |parts| {
                let holds = any(&parts);
                (texts(parts, "\tor "), holds)
            }),
            inner.prop_map(|(text, holds)| (format!("not {text}"), !holds)),
        ]
    })
}

proptest! {
    #[test]
    fn conditions_compose_as_logic_says((text, holds) in composed()) {
        let filter = Filter::parse(&text);
        prop_assume!(text.len() <= LONGEST);
        prop_assert_eq!(filter.map(|filter| filter.holds(&record())), Ok(holds), "{}", text);
    }

    #[test]
    fn any_text_is_answered(text in "([a-zA-Z/]{1,8}|[ (),'’]|eq|and|not|null|jobId|contains\\(){0,40}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.column <= text.chars().count() + 1);
        }
    }

    #[test]
    fn what_is_known_holds_for_every_record_asked_for((text, _) in composed()) {
        prop_assume!(text.len() <= LONGEST);
        let (filter, record) = (Filter::parse(&text).unwrap(), record());
        let known = filter.known();
        if filter.holds(&record) {
            prop_assert!(known.job.is_none_or(|job| job == record.job_id));
            prop_assert!(known.target.is_none_or(|target| target == record.target_identity.id));
            let ids = [&record.source_identity.id, &record.target_identity.id];
            prop_assert!(known.either.is_none_or(|id| ids.contains(&&id)));
            prop_assert!(known.from.is_none_or(|from| from <= record.activity_date_time));
            prop_assert!(known.to.is_none_or(|to| to >= record.activity_date_time));
            prop_assert!(known.status.is_none_or(|status| status == record.provisioning_status_info.status));
        }
    }
}
