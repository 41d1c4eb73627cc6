//! The life of groups, and who manages whom, in SCIM servers that others wrote.
//!
//! Two files on disk, people and groups, are rewritten in between. Who is in which group, and who manages whom, is asked
//! of the server; how many calls it took stands in the server's own log.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ENTERPRISE, done};
use crate::support::{AppServer, Make, Office, TOKEN};

stories! {
    groups_are_filled_and_renamed_and_who_moves_leaves_one_and_joins_the_other_while_strangers_stay,
    managers_are_named_in_the_create_and_who_comes_later_by_one_change,
    who_leaves_and_returns_is_in_the_same_groups_and_who_is_hired_again_under_the_new_account,
    a_group_that_was_there_before_is_taken_over_with_the_strangers_in_it,
    a_group_that_is_gone_is_deleted_once_the_guard_agrees_and_its_members_keep_their_accounts,
}

/// What the next export will say: people by id with name, manager and standing; groups by id with name and members.
#[derive(Clone)]
struct Company {
    people: BTreeMap<&'static str, (&'static str, &'static str, bool)>,
    groups: BTreeMap<&'static str, (&'static str, Vec<&'static str>)>,
}

/// Nadia heads the others. Pia's manager is nobody yet.
fn company() -> Company {
    Company {
        people: BTreeMap::from([
            ("E1", ("Nadia", "", true)),
            ("E2", ("Omar", "E1", true)),
            ("E3", ("Pia", "E9", true)),
            ("E4", ("Rui", "E1", true)),
        ]),
        groups: BTreeMap::from([
            ("G1", ("Finance", vec!["E1", "E2", "E3"])),
            ("G2", ("Sales", vec!["E4"])),
            ("G3", ("Alumni", vec![])),
        ]),
    }
}

/// The company, its administrator, and the app.
struct Branch {
    company: Company,
    office: Office,
    server: AppServer,
}

impl Branch {
    /// The company's files and an application file for the app, applied, with more said in it.
    fn opens_in(server: AppServer, more: &str) -> Self {
        let document = format!(
            r#"application: Ledgerly
source:
  file: {{ path: people.csv, id: employeeId, enabled: works, groups: {{ path: groups.csv, id: groupId }} }}
target:
  scim: {{ url: "{url}", token: "env:TOKEN" }}
users:
  attributes:
    - {{ target: userName, source: mail, matchingPriority: 1 }}
    - {{ target: active, expression: "Not([IsSoftDeleted])" }}
    - {{ target: displayName, source: displayName }}
    - {{ target: '{ENTERPRISE}:manager', source: manager }}
groups: {{}}
{more}"#,
            url = server.base()
        );
        let branch = Self { company: company(), office: Office::with_document(&document, TOKEN), server };
        branch.export();
        branch.office.apply();
        branch
    }

    /// The same after its first cycle.
    fn at_work_in(make: Make) -> Self {
        let branch = Self::opens_in(AppServer::start(make), "");
        branch.office.cycle();
        branch
    }

    fn export(&self) {
        let people = self.company.people.iter().map(|(id, (name, manager, works))| {
            format!("{id},{works},{name},{}@tessera.example,{manager}\n", name.to_lowercase())
        });
        let people: String = people.collect();
        self.office.write("people.csv", format!("employeeId,works,displayName,mail,manager\n{people}"));
        let groups = self.company.groups.iter();
        let groups: String =
            groups.map(|(id, (name, who))| format!("{id},{name},{}\n", who.join(";"))).collect();
        self.office.write("groups.csv", format!("groupId,displayName,members\n{groups}"));
    }

    /// The company changes, and a cycle runs: its figures, and what the server heard.
    fn after(&mut self, change: impl FnOnce(&mut Company)) -> (Value, Vec<String>) {
        change(&mut self.company);
        self.export();
        self.cycle()
    }

    /// A cycle finds nothing to do: the server hears nothing, and the log tells nothing.
    #[track_caller]
    fn is_quiet(&self) {
        let before = self.server.heard();
        let figures = self.office.cycle();
        assert_eq!([&figures["targetCalls"], &figures["logRecords"]], [&json!(0), &json!(0)], "{figures}");
        assert_eq!(self.server.heard(), before);
    }

    /// Figures, and what the server heard.
    fn cycle(&self) -> (Value, Vec<String>) {
        let before = self.server.heard().len();
        let figures = self.office.cycle();
        let heard = self.server.heard().split_off(before);
        (done(&figures), heard.iter().filter_map(|line| call(line)).collect())
    }

    /// Somebody whom the app knows and the company does not.
    fn stranger(&self, name: &str, groups: &[&str]) {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        let account = json!({ "schemas": [schema], "userName": name.to_lowercase(), "displayName": name });
        let account = self.server.create(&account);
        for group in groups {
            self.server.put_into(&self.group(group), &account);
        }
    }

    #[track_caller]
    fn group(&self, name: &str) -> Value {
        let groups = self.server.groups();
        groups.into_iter().find(|group| group["displayName"] == name).expect("there is such a group")
    }

    #[track_caller]
    fn account(&self, name: &str) -> Value {
        let users = self.server.users();
        users.into_iter().find(|user| user["displayName"] == name).expect("there is such an account")
    }

    /// Who has the account of this id.
    fn name(&self, id: &Value) -> String {
        let users = self.server.users();
        let name = users.iter().find(|user| user["id"] == *id).map(|user| &user["displayName"]);
        name.and_then(Value::as_str).unwrap_or("nobody").to_owned()
    }

    /// Who is in a group, in the order of their names.
    #[track_caller]
    fn members(&self, group: &str) -> Vec<String> {
        let group = self.group(group);
        let members = group["members"].as_array().into_iter().flatten();
        let mut names: Vec<String> = members.map(|member| self.name(&member["value"])).collect();
        names.sort();
        names
    }

    /// The same without accounts that were deleted: neither server takes those out of its groups.
    #[track_caller]
    fn known(&self, group: &str) -> Vec<String> {
        self.members(group).into_iter().filter(|name| name != "nobody").collect()
    }

    /// Whom the app shows as somebody's manager.
    #[track_caller]
    fn manager(&self, name: &str) -> String {
        self.name(&self.account(name)[ENTERPRISE]["manager"]["value"])
    }
}

/// `POST Users`, of a line of either server's log. What a client asks about the server itself is none.
fn call(line: &str) -> Option<String> {
    let method = ["GET", "POST", "PATCH", "PUT", "DELETE"].into_iter();
    let method = method.into_iter().find(|method| line.contains(&format!("{method} /")))?;
    let about = ["Users", "Groups", "Bulk"].into_iter().find(|about| line.contains(&format!("/{about}")))?;
    Some(format!("{method} {about}"))
}

fn groups_are_filled_and_renamed_and_who_moves_leaves_one_and_joins_the_other_while_strangers_stay(
    make: Make,
) {
    let mut branch = Branch::opens_in(AppServer::start(make), "");
    let (figures, _) = branch.cycle();
    assert_eq!([&figures["created"], &figures["membersAdded"]], [&json!(7), &json!(4)], "{figures}");
    assert_eq!(branch.members("Finance"), ["Nadia", "Omar", "Pia"]);
    assert_eq!(branch.members("Sales"), ["Rui"]);
    assert!(branch.members("Alumni").is_empty());
    branch.stranger("Xenia", &["Finance", "Sales"]);

    // One moves, one joins.
    let (figures, calls) = branch.after(|company| {
        company.people.insert("E5", ("Tess", "", true));
        company.groups.insert("G1", ("Finance", vec!["E1", "E3", "E5"]));
        company.groups.insert("G2", ("Sales", vec!["E2", "E4"]));
    });
    assert_eq!(figures, json!({ "created": 1, "membersAdded": 2, "membersRemoved": 1, "skipped": 2 }));
    let expected = ["GET Users", "POST Users", "PATCH Groups", "PATCH Groups", "PATCH Groups"];
    assert_eq!(calls, expected, "two groups are joined, one is left");
    assert_eq!(branch.members("Finance"), ["Nadia", "Pia", "Tess", "Xenia"]);
    assert_eq!(branch.members("Sales"), ["Omar", "Rui", "Xenia"]);

    // The group has another name.
    let before = branch.group("Finance");
    let (figures, calls) = branch.after(|company| {
        company.groups.insert("G1", ("Treasury", vec!["E1", "E3", "E5"]));
    });
    assert_eq!((figures, calls), (json!({ "updated": 1 }), vec!["PATCH Groups".to_owned()]));
    let renamed = branch.group("Treasury");
    assert_eq!((&renamed["id"], &renamed["members"]), (&before["id"], &before["members"]));
    assert_eq!(branch.server.groups().len(), 3);

    // All of them leave at once, and only they.
    let (figures, calls) = branch.after(|company| {
        company.groups.insert("G1", ("Treasury", vec![]));
    });
    assert_eq!(figures, json!({ "membersRemoved": 3, "skipped": 1 }));
    assert_eq!(calls, ["PATCH Groups"]);
    assert_eq!(branch.members("Treasury"), ["Xenia"]);
    assert_eq!(branch.members("Sales"), ["Omar", "Rui", "Xenia"]);

    // Nothing changes: the same files; the same members in another order, in rows in another order.
    branch.is_quiet();
    let rows = "groupId,displayName,members\nG3,Alumni,\nG2,Sales,E4; E2;E4\nG1,Treasury,\n";
    branch.office.write("groups.csv", rows);
    branch.is_quiet();
}

fn managers_are_named_in_the_create_and_who_comes_later_by_one_change(make: Make) {
    let mut branch = Branch::opens_in(AppServer::start(make), "");
    let (figures, _) = branch.cycle();
    // The two whose manager was created beside them.
    assert_eq!([&figures["created"], &figures["updated"]], [&json!(7), &json!(2)], "{figures}");
    assert_eq!([branch.manager("Omar"), branch.manager("Rui")], ["Nadia", "Nadia"]);
    assert_eq!([branch.manager("Nadia"), branch.manager("Pia")], ["nobody", "nobody"]);
    assert_eq!(branch.office.status()["counts"]["pending"], 1, "Pia waits");

    let (figures, calls) = branch.after(|company| {
        company.people.insert("E5", ("Tess", "E1", true));
    });
    assert_eq!(figures, json!({ "created": 1 }));
    assert_eq!(calls, ["GET Users", "POST Users"], "she is looked for, and made");
    assert_eq!(branch.manager("Tess"), "Nadia");

    let (figures, calls) = branch.after(|company| {
        company.people.insert("E9", ("Quim", "", true));
    });
    assert_eq!(figures, json!({ "created": 1, "updated": 1 }));
    assert_eq!(calls, ["GET Users", "POST Users", "PATCH Users"], "Pia's account is changed once");
    assert_eq!(branch.manager("Pia"), "Quim");
    assert_eq!(branch.office.status()["counts"]["pending"], 0);

    let (figures, calls) = branch.after(|company| {
        company.people.insert("E2", ("Omar", "E4", true));
    });
    assert_eq!((figures, calls), (json!({ "updated": 1 }), vec!["PATCH Users".to_owned()]));
    assert_eq!(branch.manager("Omar"), "Rui");
    branch.is_quiet();
}

fn who_leaves_and_returns_is_in_the_same_groups_and_who_is_hired_again_under_the_new_account(make: Make) {
    let mut branch = Branch::at_work_in(make);
    let account = branch.account("Omar");
    let (figures, calls) = branch.after(|company| {
        company.people.insert("E2", ("Omar", "E1", false));
    });
    assert_eq!((figures, calls), (json!({ "disabled": 1 }), vec!["PATCH Users".to_owned()]));
    assert_eq!(branch.account("Omar")["active"], false);
    assert_eq!(branch.members("Finance"), ["Nadia", "Omar", "Pia"]);

    // He returns to another manager and one more group, in one change of his account.
    let (figures, calls) = branch.after(|company| {
        company.people.insert("E2", ("Omar", "E4", true));
        company.groups.insert("G2", ("Sales", vec!["E2", "E4"]));
    });
    assert_eq!(figures, json!({ "updated": 1, "membersAdded": 1, "skipped": 1 }));
    assert_eq!(calls, ["PATCH Users", "PATCH Groups"]);
    let returned = branch.account("Omar");
    assert_eq!((&returned["id"], &returned["active"]), (&account["id"], &json!(true)));
    assert_eq!(branch.manager("Omar"), "Rui");
    assert_eq!(branch.members("Finance"), ["Nadia", "Omar", "Pia"]);
    assert_eq!(branch.members("Sales"), ["Omar", "Rui"]);

    // He is gone, and so is his account; who is left in his groups stays there.
    let (figures, calls) = branch.after(|company| {
        company.people.remove("E2");
    });
    assert_eq!((figures, calls), (json!({ "deleted": 1 }), vec!["DELETE Users".to_owned()]));
    assert_eq!([branch.known("Finance"), branch.known("Sales")], [vec!["Nadia", "Pia"], vec!["Rui"]]);
    branch.is_quiet();

    // He is hired again, and his groups, which never changed, have his new account.
    let (figures, _) = branch.after(|company| {
        company.people.insert("E2", ("Omar", "E1", true));
    });
    assert_eq!([&figures["created"], &figures["membersAdded"]], [&json!(1), &json!(2)], "{figures}");
    assert_ne!(branch.account("Omar")["id"], account["id"]);
    assert_eq!(branch.known("Finance"), ["Nadia", "Omar", "Pia"]);
    assert_eq!(branch.known("Sales"), ["Omar", "Rui"]);
    branch.is_quiet();

    // Whom the groups drop as well is taken out before the account goes.
    let (figures, calls) = branch.after(|company| {
        company.people.remove("E4");
        company.groups.insert("G2", ("Sales", vec!["E2"]));
    });
    assert_eq!(figures, json!({ "deleted": 1, "membersRemoved": 1, "skipped": 1 }));
    assert_eq!(calls, ["PATCH Groups", "DELETE Users"]);
    assert_eq!(branch.known("Sales"), ["Omar"]);
    branch.is_quiet();
}

fn a_group_that_was_there_before_is_taken_over_with_the_strangers_in_it(make: Make) {
    let branch = Branch::opens_in(AppServer::start(make), "");
    let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let there = branch.server.create_group(&json!({ "schemas": [schema], "displayName": "Finance" }));
    branch.stranger("Xenia", &["Finance"]);
    let (figures, _) = branch.cycle();
    assert_eq!(figures["membersAdded"], 4);
    assert_eq!(branch.server.groups().len(), 3);
    assert_eq!(branch.group("Finance")["id"], there["id"]);
    assert_eq!(branch.members("Finance"), ["Nadia", "Omar", "Pia", "Xenia"]);
    branch.is_quiet();
}

fn a_group_that_is_gone_is_deleted_once_the_guard_agrees_and_its_members_keep_their_accounts(make: Make) {
    let mut branch = Branch::opens_in(AppServer::start(make), "removals: { maximum: 0 }\n");
    branch.office.cycle();
    let accounts = branch.server.users();
    branch.company.groups.remove("G1");
    branch.export();
    branch.office.rollcall(&["cycle", "Ledgerly"]).exits(4);
    assert_eq!(branch.members("Finance"), ["Nadia", "Omar", "Pia"], "it waits for a person");
    let waiting = branch.office.rollcall(&["removals", "Ledgerly", "--json"]).exits(0).json();
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["removed"]), (1, &json!("groups")));

    branch.office.rollcall(&["removals", "Ledgerly", "--approve", "all"]).exits(0);
    let (figures, calls) = branch.cycle();

    assert_eq!((figures, calls), (json!({ "deleted": 1 }), vec!["DELETE Groups".to_owned()]));
    let names: Vec<_> = branch.server.groups().iter().map(|group| group["displayName"].clone()).collect();
    assert_eq!(names, ["Alumni", "Sales"]);
    assert_eq!(branch.server.users(), accounts);
    branch.is_quiet();
}
