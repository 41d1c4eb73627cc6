//! Checking a mapping once, when it is saved, so that no cycle has to.

use std::collections::{BTreeMap, BTreeSet};

use super::references::{self, Members};
use super::values::converted;
use super::{
    AttributeDefinition, AttributeMapping, FlowBehavior, FlowType, ObjectAction, ObjectMapping, TargetSchema,
    ValueType, problems,
};
use crate::expression::{AttributeRef, Expression, ExpressionError, Facts, Settings};
use crate::ids::{Key, digest16};
use crate::model::{SourceObject, Value};
use crate::scoping::CheckedScope;

/// A mapping that was checked against its target.
#[derive(Debug, Clone)]
pub struct Mapping {
    version: [u8; 16],
    actions: Vec<ObjectAction>,
    scope: CheckedScope,
    pub(super) attributes: Vec<CheckedAttribute>,
    pub(super) members: Option<Members>,
    matching: Vec<String>,
    unique: Vec<String>,
    uses_time: bool,
    enabled_attribute: Option<String>,
    source_attributes: BTreeSet<String>,
    /// What every object has and the mapping or its scope reads: `objectId`, `accountEnabled`.
    of_every_object: BTreeSet<String>,
    needed_attributes: BTreeSet<String>,
    veiled: BTreeSet<String>,
    pub(super) settings: Settings,
    notices: Vec<MappingProblem>,
}

/// One attribute of a [`Mapping`].
#[derive(Debug, Clone)]
pub(super) struct CheckedAttribute {
    /// Where it stands among the attributes of the document.
    pub(super) position: usize,
    pub(super) target: String,
    pub(super) value: ValueSource,
    pub(super) value_type: ValueType,
    pub(super) multivalued: bool,
    pub(super) write_only: bool,
    pub(super) case_exact: bool,
    pub(super) default_value: Option<Value>,
    pub(super) flow_type: FlowType,
    pub(super) flow_behavior: FlowBehavior,
    /// Whether a missing value clears the account's.
    pub(super) clears: bool,
    pub(super) required: bool,
    /// Whether its value is the anchor of an object, and the id of that object's account is written.
    pub(super) refers: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(super) enum ValueSource {
    /// A source attribute.
    Attribute(AttributeRef),
    /// A fixed value.
    Constant(Value),
    /// An expression.
    Expression(Box<Expression>),
    /// Nowhere: the target is left alone, and gets the default while it has no value.
    Nowhere,
}

/// Something wrong with a mapping, with its place in the document and its cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct MappingProblem {
    /// Where: `attributes[3].target`.
    pub place: String,
    /// What and how to mend it.
    pub problem: String,
}

impl Mapping {
    /// Checks a mapping.
    ///
    /// # Errors
    /// Every problem found, not only the first.
    pub fn check(mapping: &ObjectMapping, target: &dyn TargetSchema) -> Result<Self, Vec<MappingProblem>> {
        let is_default = mapping.attributes.is_empty();
        let mapping = &match is_default {
            true => ObjectMapping { attributes: target.default_attributes(), ..mapping.clone() },
            false => mapping.clone(),
        };
        let mut problems = Vec::new();
        let mut attributes = Vec::new();
        let mut members: Option<Members> = None;
        // Parsed once: a pattern may take a tenth of a second to compile.
        let parsed: Vec<Option<Parsed>> =
            mapping.attributes.iter().map(|one| one.expression.as_deref().map(str::parse)).collect();
        for (position, (attribute, expression)) in mapping.attributes.iter().zip(&parsed).enumerate() {
            let taken = members.as_ref();
            match checked((position, attribute), expression.as_ref(), mapping, target, taken) {
                Ok(Checked::Attribute(attribute)) => attributes.push(*attribute),
                Ok(Checked::Members(found)) => members = Some(found),
                Err((field, problem)) => problems
                    .push(MappingProblem { place: format!("attributes[{position}].{field}"), problem }),
            }
        }
        problems.extend(problems::written_twice(&mapping.attributes, target));
        let matching = matching_order(&mapping.attributes);
        problems.extend(problems::of_matching(mapping, &parsed, &matching, target));
        problems.extend(problems::missing_required(mapping, target));
        problems.extend(problems::of_gates(mapping, &parsed));
        problems.extend(problems::of_veils(&attributes));
        let scope = mapping.scope.check();
        match &scope {
            Ok(scope) => problems.extend(references::of_members(members.as_ref(), &attributes, scope)),
            Err(found) => problems.extend(found.iter().cloned()),
        }
        match scope {
            Ok(scope) if problems.is_empty() => {
                let flows = (attributes, members);
                Ok(Self::of(mapping, target, flows, matching, scope, is_default))
            }
            _ => Err(problems),
        }
    }

    fn of(
        mapping: &ObjectMapping,
        target: &dyn TargetSchema,
        (attributes, members): (Vec<CheckedAttribute>, Option<Members>),
        matching: Vec<String>,
        scope: CheckedScope,
        is_default: bool,
    ) -> Self {
        let read: Vec<(bool, BTreeSet<String>)> = attributes
            .iter()
            .map(|attribute| (matching.contains(&attribute.target), attribute.reads()))
            .chain(members.as_ref().map(|members| (false, BTreeSet::from([members.source.clone()]))))
            .collect();
        let everything = read.iter().flat_map(|(_, names)| names).chain(scope.attributes());
        let (of_every_object, source_attributes) =
            everything.cloned().partition(|name: &String| AttributeRef::is_of_every_object(name));
        // Of a default mapping only what matches accounts has to be there: nobody asked for the rest by name.
        let needed = read.iter().filter(|(matches, _)| *matches || !is_default);
        let needed = needed.flat_map(|(_, names)| names).chain(scope.attributes());
        let needed_attributes =
            needed.filter(|name| !AttributeRef::is_of_every_object(name)).cloned().collect();
        let expressions = attributes.iter().filter_map(CheckedAttribute::expression);
        let veiled: BTreeSet<String> =
            expressions.flat_map(|expression| &expression.facts().veiled).cloned().collect();
        let with = |holds: fn(&Facts) -> bool| {
            attributes.iter().filter(move |one| one.expression().is_some_and(|one| holds(one.facts())))
        };
        Self {
            version: version(mapping, &attributes),
            actions: mapping.actions.clone(),
            source_attributes,
            of_every_object,
            needed_attributes,
            notices: problems::notices(&attributes),
            unique: with(|facts| facts.is_unique).map(|attribute| attribute.target.clone()).collect(),
            uses_time: with(|facts| facts.uses_time).next().is_some(),
            matching,
            enabled_attribute: target.enabled_attribute().map(str::to_owned),
            settings: mapping.expressions.clone(),
            scope: scope.veiling(&veiled),
            veiled,
            attributes,
            members,
        }
    }

    /// Whether an action is switched on.
    #[must_use]
    pub fn allows(&self, action: ObjectAction) -> bool {
        self.actions.contains(&action)
    }

    /// Who is provisioned.
    #[must_use]
    pub fn scope(&self) -> &CheckedScope {
        &self.scope
    }

    /// The matching attributes' target paths, lowest priority number first.
    #[must_use]
    pub fn matching(&self) -> &[String] {
        &self.matching
    }

    /// The target paths that are asked for by value: those that match accounts, and those whose value must be found free
    /// (`SelectUniqueValue`).
    pub(crate) fn asked_for(&self) -> impl Iterator<Item = &str> {
        self.matching.iter().chain(&self.unique).map(String::as_str)
    }

    /// The target attribute that switches an account off.
    #[must_use]
    pub fn enabled_attribute(&self) -> Option<&str> {
        self.enabled_attribute.as_deref()
    }

    /// Every source attribute that the mapping or its scope reads.
    #[must_use]
    pub fn source_attributes(&self) -> &BTreeSet<String> {
        &self.source_attributes
    }

    /// What every object has and is read as well. Where the source has an attribute of such a name, that one is meant.
    pub(crate) fn of_every_object(&self) -> &BTreeSet<String> {
        &self.of_every_object
    }

    /// Whether the mapping or its scope reads an attribute of this name. Everything else of an object is neither kept
    /// nor told.
    pub(crate) fn reads(&self, attribute: &str) -> bool {
        self.source_attributes.contains(attribute) || self.of_every_object.contains(attribute)
    }

    /// Those of them that somebody asked for by name; the rest comes from a default mapping, and a source may lack
    /// it.
    #[must_use]
    pub fn needed_attributes(&self) -> &BTreeSet<String> {
        &self.needed_attributes
    }

    /// Every target path that some mapping writes and that can be read back.
    #[must_use]
    pub fn target_paths(&self) -> Vec<String> {
        let readable = self.attributes.iter().filter(|attribute| !attribute.write_only);
        readable.map(|attribute| attribute.target.clone()).collect()
    }

    /// Changes whenever the mapping does: a job whose mapping changed looks at everyone again.
    #[must_use]
    pub fn version(&self) -> [u8; 16] {
        self.version
    }

    /// Whether its results change with the time alone, so that everyone is looked at every day.
    #[must_use]
    pub fn uses_time(&self) -> bool {
        self.uses_time
    }

    /// What an administrator should know and need not change.
    #[must_use]
    pub fn notices(&self) -> &[MappingProblem] {
        &self.notices
    }

    /// Hides the values of an object that some expression reads within `Redact`: from here on they are stored,
    /// logged and printed as hashes under `key`.
    pub fn veil(&self, object: &mut SourceObject, key: &Key) {
        for name in &self.veiled {
            if let Some(value) = object.attributes.get_mut(name) {
                value.veil(key);
            }
        }
    }
}

impl CheckedAttribute {
    pub(super) fn expression(&self) -> Option<&Expression> {
        match &self.value {
            ValueSource::Expression(expression) => Some(expression),
            _ => None,
        }
    }

    /// Whether its value shows nowhere.
    pub(super) fn redacts(&self) -> bool {
        self.expression().is_some_and(|expression| expression.facts().redacts)
    }

    /// Every attribute it reads.
    pub(super) fn reads(&self) -> BTreeSet<String> {
        match &self.value {
            ValueSource::Attribute(AttributeRef::Named(name)) => BTreeSet::from([name.clone()]),
            ValueSource::Expression(expression) => expression.facts().attributes.clone(),
            _ => BTreeSet::new(),
        }
    }
}

/// What a mapping was read as: the same document means something else once the target says that an attribute refers.
fn version(mapping: &ObjectMapping, attributes: &[CheckedAttribute]) -> [u8; 16] {
    let document = serde_json::to_vec(mapping).unwrap_or_default();
    let referring = attributes.iter().filter(|one| one.refers).map(|one| one.target.as_bytes());
    digest16(&std::iter::once(document.as_slice()).chain(referring).collect::<Vec<_>>())
}

fn matching_order(attributes: &[AttributeMapping]) -> Vec<String> {
    let mut matching: Vec<(u32, &str)> = attributes
        .iter()
        .filter_map(|attribute| Some((attribute.matching_priority?, attribute.target.as_str())))
        .filter(|(priority, _)| *priority > 0)
        .collect();
    matching.sort_unstable();
    matching.into_iter().map(|(_, target)| target.to_owned()).collect()
}

/// An attribute's expression, once it was parsed.
pub(super) type Parsed = Result<Expression, ExpressionError>;

/// A field of an attribute mapping, and what is wrong with it.
pub(super) type FieldProblem = (&'static str, String);

/// What an attribute mapping turned out to be.
enum Checked {
    /// One that gives a value.
    Attribute(Box<CheckedAttribute>),
    /// The one that names the members of a group.
    Members(Members),
}

fn checked(
    (position, attribute): (usize, &AttributeMapping),
    expression: Option<&Parsed>,
    mapping: &ObjectMapping,
    target: &dyn TargetSchema,
    taken: Option<&Members>,
) -> Result<Checked, FieldProblem> {
    let definition = target.attribute(&attribute.target).map_err(|problem| ("target", problem))?;
    problems::of_definition(attribute, &definition)?;
    let AttributeDefinition { value_type, multivalued, write_only, .. } = definition;
    let value_type = attribute.value_type.unwrap_or(value_type);
    let multivalued = attribute.multivalued.unwrap_or(multivalued);
    let required = target.required().contains(&attribute.target.as_str());
    if definition.refers {
        let source = references::of_reference(attribute, required)?;
        if multivalued {
            return references::members(attribute, position, source, taken).map(Checked::Members);
        }
        references::of_single(attribute)?;
    }
    let value = value_source(attribute, expression, value_type, multivalued, target.enabled_attribute())?;
    let definition = AttributeDefinition { value_type, multivalued, ..definition };
    problems::of_value(attribute, &value, &definition, &mapping.expressions)?;
    let default_value = attribute
        .default_value
        .as_ref()
        .map(|text| fixed(text, value_type, multivalued))
        .transpose()
        .map_err(|problem| ("defaultValue", problem))?;
    Ok(Checked::Attribute(Box::new(CheckedAttribute {
        position,
        target: attribute.target.clone(),
        value,
        value_type,
        multivalued,
        write_only,
        // Ids of accounts are opaque, whatever a configuration from elsewhere says of their case.
        case_exact: definition.refers || attribute.case_exact.unwrap_or(true),
        default_value,
        flow_type: attribute.flow_type,
        flow_behavior: attribute.flow_behavior,
        clears: attribute.flow_null_values,
        required,
        refers: definition.refers,
    })))
}

fn value_source(
    attribute: &AttributeMapping,
    expression: Option<&Parsed>,
    value_type: ValueType,
    multivalued: bool,
    enabled_attribute: Option<&str>,
) -> Result<ValueSource, FieldProblem> {
    match (&attribute.source, &attribute.constant, expression) {
        (Some(name), None, None) => {
            let reference = AttributeRef::new(name);
            if reference == AttributeRef::SoftDeleted && Some(attribute.target.as_str()) == enabled_attribute {
                let problem = "IsSoftDeleted is computed and true for leavers; write expression: Not([IsSoftDeleted]) to switch accounts off";
                return Err(("source", problem.into()));
            }
            Ok(ValueSource::Attribute(reference))
        }
        (None, Some(text), None) => {
            fixed(text, value_type, multivalued).map(ValueSource::Constant).map_err(|problem| ("constant", problem))
        }
        (None, None, Some(Ok(expression))) => Ok(ValueSource::Expression(Box::new(expression.clone()))),
        (None, None, Some(Err(error))) => Err(("expression", error.to_string())),
        (None, None, None) if attribute.default_value.is_some() => Ok(ValueSource::Nowhere),
        (None, None, None) => Err((
            "source",
            "write one of source, constant and expression; with defaultValue alone the target is left alone and gets that value while it has none".into(),
        )),
        _ => Err(("source", "write only one of source, constant and expression".into())),
    }
}

/// A value that stands in the mapping; of an attribute that holds several, the only element.
fn fixed(text: &str, value_type: ValueType, multivalued: bool) -> Result<Value, String> {
    let value = converted(text, value_type)?;
    Ok(if multivalued { Value::List(vec![value]) } else { value })
}

/// The first position of each key, and every later one beside it.
pub(super) fn repeated<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<(usize, usize)> {
    let mut first: BTreeMap<K, usize> = BTreeMap::new();
    let mut repeated = Vec::new();
    for (position, key) in keys.enumerate() {
        match first.get(&key) {
            Some(before) => repeated.push((*before, position)),
            None => drop(first.insert(key, position)),
        }
    }
    repeated
}

#[cfg(test)]
mod tests;
