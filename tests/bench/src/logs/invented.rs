//! The records of the bench: any number, the same every time.
//!
//! A tenth as many people as records. Every fiftieth has 120 records, so that eleven pages of them are to be had; the
//! others share the rest, seven or eight each. Ten busy people have one last name; every cycle has 2,000 records; each
//! eighth failed.

use std::collections::BTreeMap;

use engine::ids::{change_id, record_id};
use engine::model::{CycleId, JobId, SourceId};
use engine::ports::Identity;
use engine::report::{
    Action, ErrorInformation, Initiator, ModifiedProperty, Named, Outcome, ProvisionedIdentity,
    ProvisioningRecord, StatusInfo, Step, StepType, System,
};
use jiff::{SignedDuration, Timestamp};

/// When the first record was written: 2026-03-02, 12:00 UTC.
const BEGAN: i64 = 1_772_452_800;
/// Between two records. A million are 29 days, about as long as a log is kept.
const BETWEEN: SignedDuration = SignedDuration::from_millis(2_500);
/// Records of a cycle: more than eleven pages of a hundred.
const PER_CYCLE: u64 = 2_000;
/// Every so many people one is busy.
const BUSY: u64 = 50;
/// Records of somebody busy: more than eleven pages of ten.
const BUSY_RECORDS: u64 = 120;
/// Busy people of one last name: together they have more than eleven pages of a hundred.
const NAMESAKES: u64 = 10;
/// A prime beyond any log that is measured: steps of it visit every slot once, and lead far away each time, so that
/// nobody's records come in a row.
const STRIDE: u64 = 1_618_033;

/// What a log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invented {
    /// How many records there are.
    pub(super) records: u64,
}

impl Invented {
    pub(super) fn job() -> JobId {
        JobId::new("bench")
    }

    pub(super) fn people(self) -> u64 {
        self.records / 10
    }

    fn busy(self) -> u64 {
        self.people() / BUSY
    }

    /// Somebody busy: another one for each number, as long as there are some.
    pub(super) fn busy_person(self, number: u64) -> u64 {
        number * STRIDE % self.busy() * BUSY
    }

    /// A last name that ten busy people have.
    pub(super) fn last_name(self, number: u64) -> String {
        family(number * STRIDE % (self.busy() / NAMESAKES))
    }

    /// One of the cycles.
    pub(super) fn some_cycle(self, number: u64) -> anyhow::Result<CycleId> {
        cycle(number * STRIDE % (self.records / PER_CYCLE))
    }

    /// When a record was written.
    pub(super) fn at(number: u64) -> Timestamp {
        let after = i32::try_from(number).map_or(SignedDuration::MAX, |number| BETWEEN * number);
        Timestamp::from_second(BEGAN).and_then(|began| began.checked_add(after)).unwrap_or(Timestamp::MAX)
    }

    /// Whose record it is.
    fn person(self, record: u64) -> u64 {
        let slot = record * STRIDE % self.records;
        match slot.checked_sub(self.busy() * BUSY_RECORDS) {
            None => slot / BUSY_RECORDS * BUSY,
            // Those between the busy ones.
            Some(slot) => {
                let other = slot % (self.people() - self.busy());
                other + other / (BUSY - 1) + 1
            }
        }
    }

    /// A record, as long as a real one: 2.5 KB of JSON.
    pub(super) fn record(self, number: u64) -> anyhow::Result<ProvisioningRecord> {
        let person = self.person(number);
        let cycle = cycle(number / PER_CYCLE)?;
        // Somebody may be in a cycle twice.
        let change = change_id(cycle, &SourceId::new(format!("{person}/{number}")), 0);
        let failed = number % 8 == 3;
        let name = self.name(person);
        let mail = self.mail(person);
        let text = |text: &str| text.to_owned();
        let identity = |id: String| ProvisionedIdentity {
            id,
            display_name: name.clone(),
            identity_type: text("User"),
            details: BTreeMap::from([(text("userPrincipalName"), mail.clone())]),
        };
        let step = |name: &str, kind, description: String| Step {
            name: text(name),
            provisioning_step_type: kind,
            status: Outcome::Success,
            description,
            details: BTreeMap::from([(text("ReportableIdentifier"), mail.clone())]),
        };
        let changed = |name: &str, number: u64| ModifiedProperty {
            display_name: text(name),
            old_value: Some(format!("Team {}", number % 97)),
            new_value: Some(format!("Team {}", (number + 1) % 97)),
        };
        let error = ErrorInformation {
            error_code: text("EntryConflict"),
            error_category: text("nonServiceFailure"),
            reason: format!(
                "The user name {mail} is taken by another account, which does not match this person."
            ),
            additional_details: Some(format!("PATCH /Users/account-{person} answered 409")),
            recommended_action: Some(text("Change the clashing value in the source or in the target.")),
        };
        Ok(ProvisioningRecord {
            id: record_id(change),
            activity_date_time: Self::at(number),
            tenant_id: text("5f1d8f9e-5b0a-4c8c-9d35-27b1d5a4c0de"),
            job_id: Self::job().to_string(),
            cycle_id: cycle.to_string(),
            change_id: change.to_string(),
            provisioning_action: Action::Update,
            duration_in_milliseconds: 40 + number % 90,
            service_principal: Named { id: text("0b9c3f2e-7c1d"), display_name: text("Ledgerly") },
            source_system: System {
                id: text("people.csv"),
                display_name: text("Staff export"),
                details: BTreeMap::new(),
            },
            target_system: System {
                id: text("0b9c3f2e-7c1d"),
                display_name: text("Ledgerly"),
                details: BTreeMap::from([(text("ApplicationId"), text("0b9c3f2e-7c1d-4e5f-8a9b"))]),
            },
            initiated_by: Initiator {
                id: String::new(),
                display_name: text("Rollcall provisioning"),
                initiator_type: text("system"),
            },
            source_identity: identity(source(person).to_string()),
            target_identity: identity(target(person)),
            provisioning_status_info: StatusInfo {
                status: if failed { Outcome::Failure } else { Outcome::Success },
                error_information: failed.then_some(error),
            },
            provisioning_steps: vec![
                step(
                    "EntryImportUpdate",
                    StepType::Import,
                    format!("Received {name} from Staff export: changed"),
                ),
                step("EntrySynchronizationScoping", StepType::Scoping, format!("{name} is in scope: active")),
                step("EntryMatching", StepType::Matching, format!("{name} is linked to account-{person}")),
                step(
                    "EntryExportUpdate",
                    StepType::Export,
                    format!("account-{person} was updated in Ledgerly"),
                ),
            ],
            modified_properties: vec![changed("department", number), changed("title", number / 3)],
        })
    }

    /// The names of somebody, under which they are found.
    pub(super) fn names(self, person: u64) -> [Identity; 2] {
        [self.name(person), self.mail(person)].map(|name| Identity { source_id: source(person), name })
    }

    fn name(self, person: u64) -> String {
        format!("Nadia {}", self.family_of(person))
    }

    fn mail(self, person: u64) -> String {
        format!("nadia.{}.{person}@tessera.example", self.family_of(person))
    }

    /// Busy people share a last name with nine others; everybody else's is their own.
    fn family_of(self, person: u64) -> String {
        if person.is_multiple_of(BUSY) {
            family(person / BUSY / NAMESAKES)
        } else {
            family(self.busy() + person)
        }
    }
}

/// The person's id in the source.
pub(super) fn source(person: u64) -> SourceId {
    SourceId::new(format!("E{person:07}"))
}

/// The account's id in the target.
pub(super) fn target(person: u64) -> String {
    format!("account-{person}")
}

fn cycle(number: u64) -> anyhow::Result<CycleId> {
    Ok(CycleId(format!("00000000-0000-4000-8000-{number:012x}").parse()?))
}

/// A last name of four syllables, none of which is the beginning of another one.
fn family(number: u64) -> String {
    let syllable = |place: u32| {
        let digit = number / 20_u64.pow(place) % 20;
        let letters =
            |letters: &[char], at: u64| usize::try_from(at).ok().and_then(|at| letters.get(at).copied());
        [letters(&['b', 'k', 'm', 't'], digit / 5), letters(&['a', 'e', 'i', 'o', 'u'], digit % 5)]
    };
    (0..4).rev().flat_map(syllable).flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use super::*;

    #[test]
    fn busy_people_have_120_records_and_everybody_else_has_some() {
        let invented = Invented { records: 10_000 };
        let mut counts: HashMap<u64, u64> = HashMap::new();
        (0..invented.records).for_each(|record| *counts.entry(invented.person(record)).or_default() += 1);
        assert_eq!(counts.len() as u64, invented.people());
        for (person, count) in counts {
            let expected = if person.is_multiple_of(BUSY) { 120..=120 } else { 7..=8 };
            assert!(expected.contains(&count), "person {person} has {count}");
        }
    }

    #[test]
    fn no_two_records_have_one_id_and_they_follow_one_another() {
        let invented = Invented { records: 10_000 };
        let records: Vec<_> = (0..3_000).map(|number| invented.record(number).unwrap()).collect();
        assert_eq!(records.iter().map(|record| record.id).collect::<BTreeSet<_>>().len(), records.len());
        assert!(records.is_sorted_by_key(|record| record.activity_date_time));
        let length = serde_json::to_vec(&records[3]).unwrap().len();
        assert!((2_000..3_500).contains(&length), "{length} bytes of JSON");
    }

    #[test]
    fn ten_people_have_a_name_that_is_asked_for() {
        let invented = Invented { records: 10_000 };
        for number in 0..4 {
            let name = invented.last_name(number);
            let named = (0..invented.people()).filter(|person| invented.family_of(*person) == name);
            assert_eq!(named.count(), 10, "{name}");
        }
    }
}
