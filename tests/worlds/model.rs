//! The model: what the target must hold, from the directory's history and the rules alone.
//!
//! In: the directory, each time a cycle had time to come to rest. Out: the accounts and groups that must be there, and
//! no others. Kept so simple that it can be believed: it knows nothing of pages, links, escrow or the engine's code.
//!
//! # The rules
//! * Whoever is in scope and switched on has an account with the mapped values. Once there, it follows the person.
//! * Who is switched off keeps the account, switched off.
//! * Who drops out of scope keeps the account, brought up to date and switched off; from then on it is left alone, also
//!   when the person leaves, until the person is in scope again.
//! * Who leaves loses the account, unless it is left alone.
//! * The manager of whoever is switched on stands in the account once the manager has an account, and leaves it when the
//!   person has none any more. A group has everybody as a member who is in it and has an account; groups in groups are
//!   left out.
//! * An account that somebody made by hand becomes the person's whose sign-in name it has; others stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::{Directory, Person};

/// An account, as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) sign_in: String,
    pub(crate) name: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) active: bool,
    pub(crate) manager: Manager,
}

/// Who stands in an account as the person's manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manager {
    /// Nobody.
    Nobody,
    /// The one with this sign-in name.
    Called(String),
    /// Whoever stood there before: the manager has no account, or the account is switched off and nobody is named in it
    /// any more.
    AsBefore,
}

/// What must be in the target.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    accounts: BTreeMap<String, Account>,
    /// Whose accounts are left alone.
    left_alone: BTreeSet<String>,
    strangers: BTreeMap<String, Account>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

impl Model {
    /// Somebody made an account by hand.
    pub(crate) fn add_stranger(&mut self, account: Account) {
        self.strangers.insert(account.sign_in.clone(), account);
    }

    /// The sign-in names of accounts that were made by hand and belong to nobody.
    pub(crate) fn strangers(&self) -> impl Iterator<Item = &String> {
        self.strangers.keys()
    }

    /// Everything that happened has reached the target.
    pub(crate) fn come_to_rest(&mut self, directory: &Directory) {
        let Self { accounts, left_alone, strangers, .. } = self;
        accounts.retain(|id, _| directory.people.contains_key(id) || left_alone.contains(id));
        for (id, person) in &directory.people {
            let known = accounts.contains_key(id);
            if person.is_admitted() && (known || person.enabled) {
                strangers.remove(&person.sign_in);
                left_alone.remove(id);
                accounts.insert(id.clone(), account_of(person, person.enabled));
            } else if known && left_alone.insert(id.clone()) {
                accounts.insert(id.clone(), account_of(person, false));
            }
        }
        self.refer(directory);
    }

    /// Managers and members, once everybody's account is known.
    fn refer(&mut self, directory: &Directory) {
        let names: BTreeMap<&String, String> =
            self.accounts.iter().map(|(id, account)| (id, account.sign_in.clone())).collect();
        let manager = |id: &String| {
            let person = directory.people.get(id).filter(|person| person.enabled);
            let Some(person) = person.filter(|_| !self.left_alone.contains(id)) else {
                return Manager::AsBefore;
            };
            let Some(boss) = &person.manager else { return Manager::Nobody };
            names.get(boss).map_or(Manager::AsBefore, |name| Manager::Called(name.clone()))
        };
        let managers: Vec<(String, Manager)> =
            self.accounts.keys().map(|id| (id.clone(), manager(id))).collect();
        self.groups = directory
            .groups
            .values()
            .map(|group| {
                let members = group.members.iter().filter_map(|member| names.get(member).cloned());
                (group.name.clone(), members.collect())
            })
            .collect();
        for (id, manager) in managers {
            if let Some(account) = self.accounts.get_mut(&id) {
                account.manager = manager;
            }
        }
    }

    /// All accounts, by sign-in name.
    pub(crate) fn accounts(&self) -> BTreeMap<String, Account> {
        let all = self.accounts.values().chain(self.strangers.values());
        all.map(|account| (account.sign_in.clone(), account.clone())).collect()
    }

    /// Whose account is left alone although, or because, the directory says otherwise.
    pub(crate) fn leaves_alone(&self, id: &str) -> bool {
        self.left_alone.contains(id)
    }

    /// All groups with their members, by name.
    pub(crate) fn groups(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.groups
    }

    /// The sign-in names that accounts have now and will give up.
    pub(crate) fn given_up_by(&self, directory: &Directory) -> Vec<String> {
        let all = self.accounts.values().map(|account| account.sign_in.clone());
        all.filter(|name| !self.keeps(name, directory)).collect()
    }

    /// Whether an account keeps this sign-in name, as far as is known by now.
    pub(crate) fn keeps(&self, sign_in: &str, directory: &Directory) -> bool {
        self.keeps_from(sign_in, "", directory)
    }

    /// The same, for `who` may have their own name back.
    pub(crate) fn keeps_from(&self, sign_in: &str, who: &str, directory: &Directory) -> bool {
        let stays = |id: &String| match directory.people.get(id) {
            _ if self.left_alone.contains(id) => true,
            Some(person) => person.sign_in == sign_in,
            None => false,
        };
        self.strangers.contains_key(sign_in)
            || self.accounts.iter().any(|(id, account)| account.sign_in == sign_in && id != who && stays(id))
    }
}

fn account_of(person: &Person, active: bool) -> Account {
    Account {
        sign_in: person.sign_in.clone(),
        name: Some(person.name.clone()),
        title: person.title.clone(),
        active,
        manager: Manager::Nobody,
    }
}
