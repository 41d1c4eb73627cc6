//! How many people a core can put through scope and mapping: `cargo bench -p bench --bench mapping`.
//!
//! The default mapping of a SCIM target (23 attributes, three of them expressions) over people with every attribute.
//! A cycle evaluates each changed person once or twice, so this bounds what a cycle can do with its core.

#![expect(clippy::unwrap_used, reason = "a bench that cannot begin says so by panicking")]

use std::hint::black_box;

use connectors::scim::ScimSchema;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::ids::Key;
use engine::mapping::{Mapping, ObjectMapping, Occasion};
use engine::model::{ObjectType, SourceId, SourceObject, Value};
use engine::scoping::Scope;
use serde_json::json;
use uuid::Uuid;

/// Enough that the people do not fit the processor's nearest cache.
const PEOPLE: usize = 2_000;

/// The attributes of Entra ID that the default mapping reads, with a value as long as such values are.
const ATTRIBUTES: [(&str, &str); 21] = [
    ("userPrincipalName", "nadia.okoye@tessera.example"),
    ("displayName", "Nadia Okoye"),
    ("jobTitle", "Senior Treasury Analyst"),
    ("mail", "nadia.okoye@tessera.example"),
    ("preferredLanguage", "en-GB"),
    ("givenName", "Nadia"),
    ("surname", "Okoye"),
    ("physicalDeliveryOfficeName", "Lyon 3"),
    ("streetAddress", "12 rue de la République"),
    ("city", "Lyon"),
    ("state", "Auvergne-Rhône-Alpes"),
    ("postalCode", "69002"),
    ("country", "FR"),
    ("telephoneNumber", "+33 4 72 00 00 00"),
    ("mobile", "+33 6 12 34 56 78"),
    ("facsimileTelephoneNumber", "+33 4 72 00 00 01"),
    ("mailNickname", "nadia.okoye"),
    ("employeeId", "104422"),
    ("department", "Treasury"),
    ("manager", "104001"),
    ("employeeType", "Staff"),
];

fn people() -> Vec<SourceObject> {
    let other = |number: usize| Value::List(vec![Value::text(format!("nadia{number}@home.example"))]);
    (0..PEOPLE)
        .map(|number| {
            let texts = ATTRIBUTES
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::text(format!("{value} {number}"))));
            SourceObject {
                id: SourceId::new(number.to_string()),
                object_type: ObjectType::User,
                display_name: Some(format!("Nadia Okoye {number}")),
                enabled: true,
                soft_deleted: false,
                attributes: texts.chain([("otherMails".to_owned(), other(number))]).collect(),
            }
        })
        .collect()
}

fn scope() -> Scope {
    let scope = json!({ "filter": [
        { "name": "Contractors", "clauses": [{ "attribute": "employeeType", "operator": "EQUALS", "value": "Contractor" }] },
        { "name": "French staff", "clauses": [
            { "attribute": "country", "operator": "REGEX MATCH", "value": "FR.*" },
            { "attribute": "employeeId", "operator": "IS NOT NULL" },
        ] },
    ] });
    serde_json::from_value(scope).unwrap()
}

fn mapping(criterion: &mut Criterion) {
    let people = people();
    let everyone = Mapping::check(&ObjectMapping::default(), &ScimSchema).unwrap();
    let filtered =
        Mapping::check(&ObjectMapping { scope: scope(), ..ObjectMapping::default() }, &ScimSchema).unwrap();
    let occasion = Occasion {
        now: "2026-03-09T08:05:00Z".parse().unwrap(),
        change: Uuid::nil(),
        key: Key::new([7; 32]),
    };
    let mut group = criterion.benchmark_group("default mapping");
    group.throughput(Throughput::Elements(PEOPLE as u64));
    group.bench_function("evaluate", |bench| {
        bench.iter(|| {
            for person in &people {
                black_box(everyone.evaluate(person, false, &occasion)).unwrap();
            }
        });
    });
    group.bench_function("scope", |bench| {
        bench.iter(|| {
            for person in &people {
                black_box(filtered.scope().admits(person)).unwrap();
            }
        });
    });
    group.bench_function("explain", |bench| {
        bench.iter(|| {
            for person in &people {
                black_box(filtered.explain(person, &occasion));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, mapping);
criterion_main!(benches);
