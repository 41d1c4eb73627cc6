//! What records tell of groups, and of whom people and groups refer to.

use serde_json::{Value as Json, json};

use super::*;
use crate::cycle::{GroupRules, Naming, Nested};
use crate::ids::Key;
use crate::mapping::{Mapping, ObjectMapping, TargetSchema};
use crate::model::{AttributeChange, Attributes, JobId, SourceObject, Value};
use crate::report::Step;
use crate::testing::{SmallGroups, SmallTarget, somebody};

fn checked(attributes: &Json, target: &dyn TargetSchema) -> Mapping {
    let document: ObjectMapping = serde_json::from_value(json!({ "attributes": attributes })).unwrap();
    Mapping::check(&document, target).unwrap()
}

fn definition() -> Definition {
    let people = checked(
        &json!([
            { "target": "userName", "source": "upn", "matchingPriority": 1 },
            { "target": "manager", "source": "boss" },
        ]),
        &SmallTarget,
    );
    let groups = checked(
        &json!([
            { "target": "displayName", "source": "name", "matchingPriority": 1 },
            { "target": "members", "source": "people" },
        ]),
        &SmallGroups,
    );
    let naming = Naming {
        tenant_id: "b7e0c1a4-1111-4a2b-8c3d-90fe12ab34cd".into(),
        application_id: "4d2a7c90-6f3b-4f0f-a6f5-2f5b1f6f9e01".into(),
        application_name: "Ledgerly".into(),
        source_id: "3c7f0f5e-7d0e-4f9c-bb5d-2a6c4c1f0b11".into(),
        source_name: "Corporate Directory".into(),
        target_id: "9e1f5b20-4a64-4f55-8f0b-1c2e7b9a4d77".into(),
    };
    let job = JobId::new("scim.b7e0c1a411114a2b8c3d90fe12ab34cd.4d2a7c90-6f3b-4f0f-a6f5-2f5b1f6f9e01");
    Definition {
        groups: Some(GroupRules { mapping: groups, nested: Nested::Skip }),
        ..Definition::new(job, people, naming, Key::new([7; 32]))
    }
}

fn writer(definition: &Definition) -> Writer<'_> {
    Writer {
        definition,
        cycle: CycleId(Uuid::nil()),
        kind: CycleKind::Initial,
        began: Timestamp::UNIX_EPOCH,
        asked_by: None,
    }
}

fn values(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::text(*value))).collect()
}

fn planned(object: SourceObject, label: &str, operation: Operation) -> Planned {
    Planned {
        decision: None,
        reference: false,
        change_id: Uuid::nil(),
        kind: object.object_type,
        source_id: object.id.clone(),
        object: Some(object),
        prior: None,
        before: Attributes::new(),
        operation,
        in_scope: true,
        unmanaged: false,
        matched_by: None,
        label: label.into(),
        escrow: None,
        references: BTreeMap::new(),
        pending: BTreeMap::new(),
    }
}

fn nadia(operation: Operation) -> Planned {
    planned(somebody(values(&[("upn", "nadia"), ("boss", "8")])), "nadia", operation)
}

fn payments(operation: Operation) -> Planned {
    let object = SourceObject { object_type: ObjectType::Group, ..somebody(values(&[("name", "Payments")])) };
    planned(object, "Payments", operation)
}

fn told(planned: Planned, outcome: Result<Option<TargetId>, Failure>) -> ProvisioningRecord {
    let done = Done { planned, outcome, finished: Timestamp::UNIX_EPOCH, milliseconds: 5 };
    writer(&definition()).done(&done).unwrap()
}

fn step_of(record: &ProvisioningRecord, stage: StepType) -> &Step {
    record.provisioning_steps.iter().find(|step| step.provisioning_step_type == stage).unwrap()
}

fn stages(record: &ProvisioningRecord) -> Vec<StepType> {
    record.provisioning_steps.iter().map(|step| step.provisioning_step_type).collect()
}

fn refused() -> Failure {
    Failure {
        request: Some("PATCH /Groups/grp_1".into()),
        status: Some(400),
        extract: Some(r#"{"detail":"members[17].value is not a known user"}"#.into()),
        ..Failure::new(FailureCode::UnprocessableEntity, "the target refused the change")
    }
}

#[test]
fn a_group_is_called_a_group_in_every_step_and_in_both_systems() {
    let id = TargetId::new("grp_1");
    let gone = Planned { object: None, ..payments(Operation::Delete(id.clone())) };
    let out = Planned { unmanaged: true, in_scope: false, ..payments(Operation::Delete(id.clone())) };
    let matched =
        Planned { matched_by: Some("displayName".into()), ..payments(Operation::Adopt(id.clone())) };
    let cases = [
        (
            payments(Operation::Create(values(&[("displayName", "Payments")]))),
            "No group in Ledgerly matches 'Payments'",
        ),
        (payments(Operation::Update(id.clone(), vec![])), "'Payments' was compared"),
        (gone, "'Payments' is gone from the source; its group in Ledgerly will be deleted"),
        (out, "'Payments' is no longer in scope; its group in Ledgerly cannot be switched off"),
        (matched, "A group 'Payments' in Ledgerly matches by displayName"),
    ];
    for (planned, said) in cases {
        for outcome in [Ok(Some(id.clone())), Err(refused())] {
            let record = told(planned.clone(), outcome);
            let text: Vec<&str> =
                record.provisioning_steps.iter().map(|step| step.description.as_str()).collect();
            let text = text.join("\n");
            assert!(text.contains(said), "{text}");
            assert!(!text.to_lowercase().contains("user") && !text.contains("account"), "{text}");
            assert_eq!(record.source_identity.identity_type, "Group");
            assert_eq!(record.target_identity.identity_type, "Group");
            assert!(!record.source_identity.details.contains_key("UserPrincipalName"));
        }
    }
}

#[test]
fn a_create_that_waits_for_a_manager_is_done_with_a_warning_that_names_the_anchor() {
    let waiting = |operation| Planned {
        pending: [("manager".to_owned(), SourceId::new("8"))].into(),
        ..nadia(operation)
    };
    let created = Operation::Create(values(&[("userName", "nadia")]));
    let record = told(waiting(created.clone()), Ok(Some(TargetId::new("usr_7"))));
    assert_eq!(record.provisioning_action, Action::Create);
    assert_eq!(
        stages(&record),
        [
            StepType::Import,
            StepType::Scoping,
            StepType::Matching,
            StepType::ReferenceResolution,
            StepType::Export
        ]
    );
    let step = step_of(&record, StepType::ReferenceResolution);
    assert_eq!(step.status, Outcome::Warning);
    assert_eq!(step.details["ErrorCode"], "UnableToResolveReferenceAttributeValue");
    assert_eq!(step.details["UnresolvedReferences"], "8");
    assert!(step.description.starts_with("'nadia' refers to 8 (manager)"), "{}", step.description);
    let StatusInfo { status, error_information } = &record.provisioning_status_info;
    assert_eq!(*status, Outcome::Warning);
    let error = error_information.as_ref().unwrap();
    assert_eq!(error.error_code, "UnableToResolveReferenceAttributeValue");
    assert_eq!(error.reason, step.description);
    // A failure says more than a warning.
    let failed = told(waiting(created), Err(refused())).provisioning_status_info;
    assert_eq!(failed.status, Outcome::Failure);
    assert_eq!(failed.error_information.unwrap().error_code, "UnprocessableEntity");
    // An account that was found as it should be is no complete success either.
    let adopted = told(waiting(Operation::Adopt(TargetId::new("usr_7"))), Ok(Some(TargetId::new("usr_7"))));
    assert_eq!(adopted.provisioning_status_info.status, Outcome::Warning);
}

#[test]
fn a_manager_who_was_written_is_told_with_anchor_and_account() {
    let change =
        AttributeChange { path: "manager".into(), old: None, new: Some(Value::text("usr_8")), adds: false };
    let updated = Planned {
        references: [(SourceId::new("8"), TargetId::new("usr_8"))].into(),
        ..nadia(Operation::Update(TargetId::new("usr_7"), vec![change]))
    };
    let record = told(updated, Ok(Some(TargetId::new("usr_7"))));
    assert_eq!(record.provisioning_status_info.status, Outcome::Success);
    let told = &step_of(&record, StepType::Processing).details["manager"];
    assert_eq!(told, "[boss] refers to 8, whose account is usr_8");
}

fn pairs(numbers: std::ops::Range<u32>) -> Vec<(SourceId, TargetId)> {
    numbers.map(|n| (SourceId::new(format!("E{n}")), TargetId::new(format!("usr_{n}")))).collect()
}

fn membership() -> MembershipTold {
    MembershipTold {
        change_id: Uuid::nil(),
        group: SourceId::new("G1"),
        group_label: "Payments".into(),
        target: TargetId::new("grp_1"),
        display_name: Some("Payments".into()),
        added: pairs(1..3),
        removed: pairs(3..4),
        unresolved: vec![],
        left_out: vec![],
        failure: None,
        finished: Timestamp::UNIX_EPOCH,
        milliseconds: 12,
    }
}

fn members_of(record: &ProvisioningRecord) -> Vec<(Option<&str>, Option<&str>)> {
    let told = record.modified_properties.iter();
    told.inspect(|one| assert_eq!(one.display_name, "members"))
        .map(|one| (one.old_value.as_deref(), one.new_value.as_deref()))
        .collect()
}

#[test]
fn members_who_came_and_went_are_told_as_one_update_of_the_group() {
    let record = writer(&definition()).members(&membership());
    assert_eq!(record.provisioning_action, Action::Update);
    assert_eq!(record.provisioning_status_info.status, Outcome::Success);
    assert_eq!((record.source_identity.id.as_str(), record.target_identity.id.as_str()), ("G1", "grp_1"));
    assert_eq!(record.source_identity.identity_type, "Group");
    assert_eq!(record.duration_in_milliseconds, 12);
    assert_eq!(stages(&record), [StepType::Import, StepType::Processing, StepType::Export]);
    assert_eq!(members_of(&record), [(None, Some("usr_1,usr_2")), (Some("usr_3"), None)]);
    let export = step_of(&record, StepType::Export);
    assert_eq!(
        export.description,
        "Group 'Payments' in Ledgerly: 2 members added to it, 1 member taken out of it"
    );
    assert_eq!(
        (export.details["AddedMembers"].as_str(), export.details["RemovedMembers"].as_str()),
        ("E1,E2", "E3")
    );
}

#[test]
fn members_without_accounts_are_named_up_to_twelve_where_queries_look_for_them() {
    let unresolved = |count: u32| (0..count).map(|n| SourceId::new(format!("E{n}"))).collect();
    let cases = [
        (1, "E0".to_owned()),
        (12, (0..12).map(|n| format!("E{n}")).collect::<Vec<_>>().join(", ")),
        (20, format!("{} and 8 more", (0..12).map(|n| format!("E{n}")).collect::<Vec<_>>().join(", "))),
    ];
    for (count, named) in cases {
        let told = MembershipTold { unresolved: unresolved(count), ..membership() };
        let record = writer(&definition()).members(&told);
        assert_eq!(record.provisioning_status_info.status, Outcome::Warning);
        // Queries that others published look at the third step.
        let step = &record.provisioning_steps[2];
        assert_eq!(step.provisioning_step_type, StepType::ReferenceResolution);
        assert_eq!(step.details["UnresolvedReferences"], named);
        assert!(step.description.contains(&named), "{}", step.description);
    }
    let nobody = MembershipTold { added: vec![], removed: vec![], unresolved: unresolved(1), ..membership() };
    let record = writer(&definition()).members(&nobody);
    assert_eq!(record.provisioning_action, Action::Other);
    assert_eq!(stages(&record), [StepType::Import, StepType::Processing, StepType::ReferenceResolution]);
    assert_eq!(record.modified_properties, []);
}

#[test]
fn groups_that_are_left_out_are_named_with_the_setting_that_lets_them_in() {
    let told = MembershipTold {
        added: vec![],
        removed: vec![],
        left_out: vec![SourceId::new("G2")],
        ..membership()
    };
    let cases = [
        (
            Nested::Skip,
            "Groups in 'Payments' are left out: G2; set nestedGroups to 'expand' to have their members in it, or to \
             'member' to have the groups themselves",
        ),
        (
            Nested::Expand,
            "Groups in 'Payments' that lie more than 10 levels deep are left out: G2; put their members into a group \
             further up",
        ),
    ];
    for (nested, sentence) in cases {
        let mut definition = definition();
        definition.groups = Some(GroupRules { mapping: definition.mapping.clone(), nested });
        let record = writer(&definition).members(&told);
        assert_eq!(record.provisioning_status_info.status, Outcome::Skipped);
        let step = step_of(&record, StepType::ReferenceResolution);
        assert_eq!(step.description, sentence);
        assert_eq!(step.details["NestedGroups"], "G2");
    }
}

#[test]
fn a_membership_change_that_failed_tells_what_was_tried_and_why_it_failed() {
    let told = MembershipTold { failure: Some(refused()), ..membership() };
    let record = writer(&definition()).members(&told);
    assert_eq!(record.provisioning_action, Action::Update);
    assert_eq!(record.provisioning_status_info.status, Outcome::Failure);
    let error = record.provisioning_status_info.error_information.as_ref().unwrap();
    assert!(error.additional_details.as_ref().unwrap().contains("members[17]"));
    assert_eq!(step_of(&record, StepType::Export).status, Outcome::Failure);
    assert_eq!(members_of(&record).len(), 2);
}

#[test]
fn held_members_are_told_as_a_staged_delete_of_those_who_would_go() {
    let record = writer(&definition()).held_members(&membership());
    assert_eq!(record.provisioning_action, Action::StagedDelete);
    assert_eq!(record.provisioning_status_info.status, Outcome::Skipped);
    assert_eq!(members_of(&record), [(Some("usr_3"), None)]);
    let skipped = step_of(&record, StepType::Export);
    assert_eq!(skipped.details["SkipReason"], "RemovalHeld");
    assert_eq!(
        skipped.description,
        "Taking 1 member out of group 'Payments' is held until a person approves"
    );
}

#[test]
fn the_record_of_any_group_costs_at_most_eight_write_units() {
    // Ids that nothing can be said shorter of.
    let random = |n: u128| Uuid::from_bytes(crate::ids::digest16(&[&n.to_be_bytes()])).to_string();
    let many = |from: u128, count: u128| -> Vec<(SourceId, TargetId)> {
        (from..from + count)
            .map(|n| (SourceId::new(random(n)), TargetId::new(random(n + 1_000_000))))
            .collect()
    };
    let unresolved: Vec<SourceId> = many(500_000, 10_000).into_iter().map(|(anchor, _)| anchor).collect();
    let definition = definition();
    let writer = writer(&definition);
    for (coming, going, failure) in
        [(10_000, 0, None), (10_000, 10_000, None), (0, 40, Some(refused())), (100_000, 1, Some(refused()))]
    {
        let told = MembershipTold {
            added: many(0, coming),
            removed: many(200_000, going),
            unresolved: unresolved.clone(),
            failure,
            ..membership()
        };
        for record in [writer.members(&told), writer.held_members(&told)] {
            let units = if record.provisioning_status_info.status == Outcome::Failure { 2 } else { 3 };
            let size = references::deflated(&record).unwrap();
            assert!(size + 500 <= units * 1024, "{size} bytes for {units} units");
            for property in &record.modified_properties {
                let told = property.old_value.as_ref().or(property.new_value.as_ref()).unwrap();
                let all = if property.old_value.is_some() { going } else { coming };
                let named = told.split(',').count() as u128;
                // Beside a long reason and twelve of those without an account, a failure may have no room for names.
                let is_anonymous = *told == format!("{all} that are not named here") && units == 2;
                let is_whole = named == all;
                assert!(
                    is_anonymous || is_whole || told.ends_with(&format!(" and {} more", all - named)),
                    "{told}"
                );
            }
        }
    }
}

#[test]
fn a_manager_who_came_later_is_told_as_an_update_of_one_value() {
    let change = AttributeChange {
        path: "manager".into(),
        old: Some(Value::text("usr_8")),
        new: Some(Value::text("usr_9")),
        adds: false,
    };
    let mut told = ReferenceTold {
        change_id: Uuid::nil(),
        source_id: SourceId::new("7"),
        label: "nadia".into(),
        display_name: Some("Nadia Okoye".into()),
        target: TargetId::new("usr_7"),
        changes: vec![change],
        failure: None,
        finished: Timestamp::UNIX_EPOCH,
        milliseconds: 3,
    };
    let definition = definition();
    let record = writer(&definition).reference(&told);
    assert_eq!(record.provisioning_action, Action::Update);
    assert_eq!(record.provisioning_status_info.status, Outcome::Success);
    assert_eq!(stages(&record), [StepType::Import, StepType::ReferenceResolution, StepType::Export]);
    assert_eq!(step_of(&record, StepType::ReferenceResolution).details["manager"], "usr_9");
    assert_eq!((record.source_identity.id.as_str(), record.target_identity.id.as_str()), ("7", "usr_7"));
    let [property] = record.modified_properties.as_slice() else { panic!("{record:?}") };
    assert_eq!(
        (property.old_value.as_deref(), property.new_value.as_deref()),
        (Some("usr_8"), Some("usr_9"))
    );
    told.failure = Some(refused());
    let failed = writer(&definition).reference(&told);
    assert_eq!(failed.provisioning_status_info.status, Outcome::Failure);
    assert_eq!(step_of(&failed, StepType::Export).status, Outcome::Failure);
}
