//! What can be wrong with a mapping beyond its expressions, and what is right but worth knowing.

use std::collections::BTreeSet;

use super::check::{CheckedAttribute, FieldProblem, MappingProblem, Parsed, ValueSource, repeated};
use super::{
    AttributeDefinition, AttributeMapping, FlowBehavior, FlowType, ObjectMapping, TargetSchema, ValueType,
};
use crate::expression::{Expression, Settings};

/// What the target cannot do, and what a mapping cannot say of it.
pub(super) fn of_definition(
    attribute: &AttributeMapping,
    definition: &AttributeDefinition,
) -> Result<(), FieldProblem> {
    if !definition.writable {
        return Err((
            "target",
            format!(
                "'{}' is read-only in the target; remove this mapping, the target fills it itself",
                attribute.target
            ),
        ));
    }
    if definition.custom {
        return Ok(());
    }
    if attribute.value_type.is_some_and(|said| said != definition.value_type) {
        return Err((
            "type",
            format!("the target's schema knows '{}' as another type; leave 'type' out", attribute.target),
        ));
    }
    if attribute.multivalued.is_some_and(|said| said != definition.multivalued) {
        return Err((
            "multivalued",
            format!("the target's schema knows better of '{}'; leave it out", attribute.target),
        ));
    }
    Ok(())
}

/// What a value cannot be used for.
pub(super) fn of_value(
    attribute: &AttributeMapping,
    value: &ValueSource,
    definition: &AttributeDefinition,
    settings: &Settings,
) -> Result<(), FieldProblem> {
    let AttributeDefinition { multivalued, write_only, .. } = *definition;
    let expression = match value {
        ValueSource::Expression(expression) => Some(&**expression),
        _ => None,
    };
    let redacts = expression.is_some_and(|expression| expression.facts().redacts);
    if write_only && !redacts {
        let problem = format!("'{}' would show in the log; write expression: Redact(…)", attribute.target);
        return Err(("target", problem));
    }
    if write_only && attribute.flow_type == FlowType::AttributeAddOnly {
        let problem = format!(
            "whether an account has a value for '{}' is never shown, so that it would be overwritten; write ObjectAddOnly",
            attribute.target
        );
        return Err(("flowType", problem));
    }
    if redacts && attribute.default_value.is_some() {
        let problem = "a default would show in the log; put it into the expression: Redact(Coalesce(…, …))";
        return Err(("defaultValue", problem.into()));
    }
    let adds = matches!(attribute.flow_type, FlowType::MultiValueAddOnly);
    if adds && !multivalued {
        let problem = format!(
            "MultiValueAddOnly is for lists, and '{}' holds one value; leave it out",
            attribute.target
        );
        return Err(("flowType", problem));
    }
    match (value, expression) {
        (ValueSource::Attribute(crate::expression::AttributeRef::Named(name)), _)
            if name.eq_ignore_ascii_case("appRoleAssignments") =>
        {
            let problem = "roles are mapped with an expression: SingleAppRoleAssignment([appRoleAssignments]), AppRoleAssignmentsComplex(…) or AssertiveAppRoleAssignmentsComplex(…)";
            Err(("source", problem.into()))
        }
        (_, Some(expression)) => of_expression(attribute, expression, definition, settings)
            .map_err(|problem| ("expression", problem)),
        _ => Ok(()),
    }
}

fn of_expression(
    attribute: &AttributeMapping,
    expression: &Expression,
    definition: &AttributeDefinition,
    settings: &Settings,
) -> Result<(), String> {
    let AttributeDefinition { value_type, multivalued, matchable, .. } = *definition;
    let facts = expression.facts();
    let on_create_only = attribute.flow_type == FlowType::ObjectAddOnly;
    if facts.uses_chance && !on_create_only {
        return Err("what is drawn at random would change in every cycle; add flowType: ObjectAddOnly".into());
    }
    if facts.is_unique && !on_create_only {
        return Err(
            "SelectUniqueValue chooses when an account is created; add flowType: ObjectAddOnly".into()
        );
    }
    if facts.is_unique && attribute.matching_priority.is_some_and(|priority| priority > 0) {
        return Err("SelectUniqueValue cannot match accounts: it avoids the values that exist; match by another attribute".into());
    }
    if facts.is_unique && (facts.redacts || multivalued || !matchable) {
        return Err(format!(
            "SelectUniqueValue asks the target who has a value, and '{}' cannot be asked for{}",
            attribute.target,
            if facts.redacts { " by what passes through Redact" } else { "" }
        ));
    }
    if (facts.adds_only || facts.asserts) && !multivalued {
        return Err(format!(
            "it gives a list of roles, and '{}' holds one value; use SingleAppRoleAssignment, or map roles",
            attribute.target
        ));
    }
    if facts.redacts && (multivalued || value_type != ValueType::Text) {
        return Err(format!("Redact hides single texts, and '{}' holds something else", attribute.target));
    }
    if facts.uses_default_domain && settings.default_domain.is_none() {
        return Err(
            "DefaultDomain() needs the organisation's domain; add it as expressions: { defaultDomain: … }"
                .into(),
        );
    }
    Ok(())
}

/// Attributes that are written by two mappings.
pub(super) fn written_twice(
    attributes: &[AttributeMapping],
    target: &dyn TargetSchema,
) -> Vec<MappingProblem> {
    let problem = |position: usize, problem| MappingProblem {
        place: format!("attributes[{position}].target"),
        problem,
    };
    let twice = repeated(attributes.iter().map(|attribute| attribute.target.to_lowercase())).into_iter().map(
        |(before, position)| {
            let written = &attributes[position].target;
            problem(
                position,
                format!("'{written}' is written by attributes[{before}] already; remove one of them"),
            )
        },
    );
    let overlapping = attributes.iter().enumerate().filter_map(|(position, later)| {
        let why = attributes[..position]
            .iter()
            .find_map(|before| target.conflict(&before.target, &later.target))?;
        Some(problem(position, why))
    });
    twice.chain(overlapping).collect()
}

/// What is wrong with how accounts are matched.
pub(super) fn of_matching(
    mapping: &ObjectMapping,
    parsed: &[Option<Parsed>],
    matching: &[String],
    target: &dyn TargetSchema,
) -> Vec<MappingProblem> {
    if matching.is_empty() {
        return vec![MappingProblem {
            place: "attributes".into(),
            problem: "no attribute matches accounts; give one that is unique on both sides matchingPriority: 1, for example userName".into(),
        }];
    }
    let matches =
        |attribute: &&AttributeMapping| attribute.matching_priority.is_some_and(|priority| priority > 0);
    let positions: Vec<usize> = (mapping.attributes.iter().enumerate())
        .filter(|(_, attribute)| matches(attribute))
        .map(|(position, _)| position)
        .collect();
    let priority = |position: &usize| mapping.attributes[*position].matching_priority;
    let mut problems: Vec<MappingProblem> = repeated(positions.iter().map(priority))
        .into_iter()
        .map(|(before, later)| MappingProblem {
            place: format!("attributes[{}].matchingPriority", positions[later]),
            problem: format!(
                "{} is used by attributes[{}] already; number them 1, 2, …",
                priority(&positions[later]).unwrap_or_default(),
                positions[before]
            ),
        })
        .collect();
    problems.extend(positions.iter().filter_map(|position| {
        let problem = no_match(&mapping.attributes[*position], sound(&parsed[*position]), target)?;
        Some(MappingProblem { place: format!("attributes[{position}].matchingPriority"), problem })
    }));
    problems
}

/// Why an attribute cannot match accounts.
fn no_match(
    attribute: &AttributeMapping,
    expression: Option<&Expression>,
    target: &dyn TargetSchema,
) -> Option<String> {
    let reads = expression.is_some_and(|expression| !expression.facts().attributes.is_empty());
    if attribute.source.is_none() && !reads {
        return Some(
            "a constant or a computed value is the same for many people; match by what is made from an attribute of the source".into(),
        );
    }
    if expression.is_some_and(|expression| expression.facts().redacts) {
        return Some(
            "what passes through Redact cannot be looked up or shown; match by another attribute".into(),
        );
    }
    let definition = target.attribute(&attribute.target).ok()?;
    if definition.refers {
        return Some(format!(
            "'{}' names another account, and says nothing of the account it stands in; match by another attribute",
            attribute.target
        ));
    }
    let multivalued = attribute.multivalued.unwrap_or(definition.multivalued);
    (!definition.matchable || multivalued).then(|| {
        format!("'{}' cannot be asked for in the target; match by another attribute", attribute.target)
    })
}

/// Required attributes that no mapping writes.
pub(super) fn missing_required(mapping: &ObjectMapping, target: &dyn TargetSchema) -> Vec<MappingProblem> {
    target
        .required()
        .iter()
        .filter(|required| !mapping.attributes.iter().any(|attribute| attribute.target == **required))
        .map(|required| MappingProblem {
            place: "attributes".into(),
            problem: format!("the target requires '{required}', and no mapping writes it"),
        })
        .collect()
}

/// Clearing has two gates, and both must be open: one of them alone would do nothing, silently.
pub(super) fn of_gates(mapping: &ObjectMapping, parsed: &[Option<Parsed>]) -> Vec<MappingProblem> {
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    for (position, attribute) in mapping.attributes.iter().enumerate().filter(|(_, one)| one.flow_null_values)
    {
        let mut problem = |problem: String| {
            problems
                .push(MappingProblem { place: format!("attributes[{position}].flowNullValues"), problem });
        };
        if attribute.matching_priority.is_some_and(|priority| priority > 0) {
            problem(format!("'{}' matches accounts and cannot be cleared", attribute.target));
        }
        if attribute.flow_type != FlowType::Always {
            problem(
                "nothing is cleared by a mapping that only adds; leave flowType or flowNullValues out".into(),
            );
        }
        let read = sources(attribute, sound(&parsed[position]));
        if read.is_empty() {
            problem(
                "what is not made from an attribute of the source never lacks its value; leave it out".into(),
            );
        }
        let shut: Vec<_> =
            read.iter().filter(|name| !mapping.flow_null_values.contains(name)).cloned().collect();
        if !shut.is_empty() {
            problem(format!(
                "clearing has two gates; add flowNullValues: [{}] to the mapping as a whole",
                shut.join(", ")
            ));
        }
        used.extend(read);
    }
    let idle = mapping.flow_null_values.iter().filter(|name| !used.contains(*name));
    problems.extend(idle.map(|name| MappingProblem {
        place: "flowNullValues".into(),
        problem: format!("no attribute clears by '{name}'; add flowNullValues: true to the one it is mapped to, or remove it here"),
    }));
    problems
}

/// Leaves only the gates that can be passed.
pub(super) fn shut_idle_gates(mapping: &mut ObjectMapping) -> Vec<MappingProblem> {
    let mut notices = Vec::new();
    let mut used = BTreeSet::new();
    for (position, attribute) in
        mapping.attributes.iter_mut().enumerate().filter(|(_, one)| one.flow_null_values)
    {
        let expression: Option<Parsed> = attribute.expression.as_deref().map(str::parse);
        let read = sources(attribute, sound(&expression));
        let matches = attribute.matching_priority.is_some_and(|priority| priority > 0);
        let is_open = !read.is_empty() && read.iter().all(|name| mapping.flow_null_values.contains(name));
        if is_open && !matches && attribute.flow_type == FlowType::Always {
            used.extend(read);
            continue;
        }
        attribute.flow_null_values = false;
        notices.push(MappingProblem {
            place: format!("attributes[{position}].flowNullValues"),
            problem: format!("'{}' is never cleared: that takes a flow that is Always, no matching, and the source's consent too", attribute.target),
        });
    }
    mapping.flow_null_values.retain(|name| used.contains(name));
    notices
}

/// An expression, if there is one that could be parsed; one that could not is told of elsewhere.
fn sound(parsed: &Option<Parsed>) -> Option<&Expression> {
    parsed.as_ref()?.as_ref().ok()
}

fn sources(attribute: &AttributeMapping, expression: Option<&Expression>) -> BTreeSet<String> {
    let of_expression =
        expression.map(|expression| expression.facts().attributes.clone()).unwrap_or_default();
    of_expression.into_iter().chain(attribute.source.clone()).collect()
}

/// What one mapping hides with `Redact` and another shows.
pub(super) fn of_veils(attributes: &[CheckedAttribute]) -> Vec<MappingProblem> {
    let veiled: BTreeSet<&String> = (attributes.iter().filter_map(CheckedAttribute::expression))
        .flat_map(|expression| &expression.facts().veiled)
        .collect();
    let shows = |attribute: &CheckedAttribute| {
        let read = attribute.reads();
        let name = read.iter().find(|name| veiled.contains(name)).filter(|_| !attribute.redacts())?;
        Some(MappingProblem {
            place: format!("attributes[{}]", attribute.position),
            problem: format!(
                "[{name}] is hidden by Redact in another mapping and would show here; wrap it in Redact here too, or nowhere"
            ),
        })
    };
    attributes.iter().filter_map(shows).collect()
}

/// What is worth knowing of a mapping that is right.
pub(super) fn notices(attributes: &[CheckedAttribute]) -> Vec<MappingProblem> {
    let mut notices = Vec::new();
    for attribute in attributes {
        let Some(expression) = attribute.expression() else { continue };
        let mut notice = |problem: String| {
            notices.push(MappingProblem {
                place: format!("attributes[{}].expression", attribute.position),
                problem,
            });
        };
        expression.notices().iter().for_each(|error| notice(error.to_string()));
        let sends_daily = expression.facts().uses_time && attribute.flow_behavior == FlowBehavior::FlowAlways;
        if sends_daily {
            notice("it depends on the time and flows always: everyone is updated once a day".into());
        } else if expression.facts().uses_time {
            notice("it depends on the time: everyone is read and looked at once a day".into());
        }
    }
    notices
}
