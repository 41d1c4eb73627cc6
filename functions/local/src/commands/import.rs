//! `rollcall import`: the mapping of an exported Entra configuration, as the `users:` section of an application file.
//!
//! In: a `synchronizationSchema` as the management API exports it. Out: YAML on standard output, and on standard error
//! what is kept without effect; or, and then no YAML, what cannot be honoured and what must be decided first.

use std::path::Path;

use connectors::application::users_section;
use connectors::scim::ScimSchema;
use engine::mapping::{Mapping, MappingProblem, ObjectMapping};
use engine::schema::{Conversion, Finding, FindingKind, Kept, SynchronizationSchema, to_mapping};
use engine::scoping::PatternReading;
use serde_json::json;

use crate::cli::{Import, Patterns};
use crate::exit::{Exit, Refusal};
use crate::output;

/// Larger schemas are not read: an export with every attribute of a large directory has some hundred kilobytes.
const LARGEST: u64 = 16 * 1024 * 1024;

pub(crate) fn run(options: &Import, as_json: bool) -> anyhow::Result<Exit> {
    let schema = read(&options.file)?;
    let Conversion { mut mapping, enabled, mut findings } = convert(&schema, options)?;
    if let Some(patterns) = options.patterns {
        decide(&mut mapping, patterns);
        findings.retain(|finding| finding.kind != FindingKind::Decision);
    }
    let shut = mapping.shut_idle_gates();
    let mut refused: Vec<String> = findings
        .iter()
        .filter(|finding| finding.kind != FindingKind::Notice)
        .map(ToString::to_string)
        .collect();
    if refused.is_empty()
        && let Err(problems) = Mapping::check(&mapping, &ScimSchema)
    {
        refused.extend(problems.iter().map(|problem| format!("users.{problem}")));
    }
    if as_json {
        output::json(
            &json!({ "users": mapping, "enabled": enabled, "findings": findings, "refused": refused }),
        )?;
    } else if refused.is_empty() {
        output::line(users_section(&mapping)?.trim_end())?;
    }
    tell(&findings, &shut, enabled);
    if refused.is_empty() {
        return Ok(Exit::Done);
    }
    let hint = match findings.iter().any(|finding| finding.kind == FindingKind::Decision) {
        true => "\n\n--patterns whole, or --patterns search, decides for all of them at once",
        false => "",
    };
    Err(Refusal(format!(
        "{} is not taken over as it is:\n  {}{hint}",
        options.file.display(),
        refused.join("\n  ")
    ))
    .into())
}

fn read(path: &Path) -> Result<SynchronizationSchema, Refusal> {
    let refused = |why: String| Refusal(format!("{}: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?.len();
    if size > LARGEST {
        return Err(refused(format!("{size} bytes are more than a schema has; at most {LARGEST} are read")));
    }
    let bytes = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    SynchronizationSchema::read(&bytes).map_err(|error| refused(error.to_string()))
}

fn convert(schema: &SynchronizationSchema, options: &Import) -> Result<Conversion, Refusal> {
    let candidates = schema.mappings_from(&options.object);
    let refused = |why: &str| Refusal(format!("{}: {why}", options.file.display()));
    let place = match candidates.as_slice() {
        [] => {
            return Err(refused(&format!(
                "no object mapping reads '{}'; name another with --object",
                options.object
            )));
        }
        [place] => *place,
        several => {
            let turn = options.number.unwrap_or_default();
            *turn.checked_sub(1).and_then(|position| several.get(position)).ok_or_else(|| {
                refused(&format!(
                    "{} object mappings read '{}'; say which with --number 1 to {0}",
                    several.len(),
                    options.object
                ))
            })?
        }
    };
    to_mapping(schema, place, &ScimSchema, &Kept::default())
        .ok_or_else(|| refused("the object mapping is gone"))
}

fn decide(mapping: &mut ObjectMapping, patterns: Patterns) {
    let reading = match patterns {
        Patterns::Whole => PatternReading::Whole,
        Patterns::Search => PatternReading::Search,
    };
    let clauses = mapping.scope.filter.iter_mut().flat_map(|group| &mut group.clauses);
    for clause in clauses.filter(|clause| clause.operator.takes_pattern()) {
        clause.matches.get_or_insert(reading);
    }
}

fn tell(findings: &[Finding], shut: &[MappingProblem], enabled: bool) {
    for notice in shut {
        eprintln!("notice: users.{notice}");
    }
    for notice in findings.iter().filter(|finding| finding.kind == FindingKind::Notice) {
        eprintln!("notice: {notice}");
    }
    if !enabled {
        eprintln!(
            "notice: this object mapping is switched off in the schema; here it takes part once it is applied"
        );
    }
}
