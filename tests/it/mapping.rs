//! Expressions, scope and imported configurations, as an administrator meets them on the command line.

use serde_json::{Value, json};

use crate::support::{App, Office, Person, Said, command};

fn expr(arguments: &[&str]) -> Said {
    Said::by(command().arg("expr").args(arguments))
}

/// A schema as the management API exports it, with one mapping of users.
fn schema(clauses: &Value) -> Value {
    let direct = |target: &str, source: &str, priority: u32| {
        json!({
            "targetAttributeName": target, "matchingPriority": priority, "flowType": "Always",
            "flowBehavior": "FlowWhenChanged", "defaultValue": null, "exportMissingReferences": false,
            "source": { "type": "Attribute", "name": source, "expression": format!("[{source}]"), "parameters": [] },
        })
    };
    let active = json!({
        "targetAttributeName": "active", "matchingPriority": 0, "flowType": "Always",
        "source": {
            "type": "Function", "name": "Not", "expression": "Not([IsSoftDeleted])",
            "parameters": [{ "key": "source", "value": {
                "type": "Attribute", "name": "IsSoftDeleted", "expression": "[IsSoftDeleted]", "parameters": [],
            } }],
        },
    });
    json!({
        "id": "scim.1", "version": "v1", "directories": [],
        "synchronizationRules": [{
            "id": "r1", "name": "USER_TO_USER", "editable": true, "priority": 1,
            "objectMappings": [{
                "name": "Users", "enabled": true, "flowTypes": "Add, Update", "sourceObjectName": "User",
                "targetObjectName": "User", "scope": { "groups": [{ "name": "Staff", "clauses": clauses }] },
                "attributeMappings": [direct("userName", "mail", 1), direct("title", "jobTitle", 0), active],
            }],
        }],
    })
}

fn clause(attribute: &str, operator: &str, value: &str) -> Value {
    json!({ "sourceOperandName": attribute, "operatorName": operator, "targetOperand": { "values": [value] } })
}

#[test]
fn an_expression_is_tried_with_its_parts_shown() {
    let given = ["--with", "surname=Okoye", "--with", "givenName=Nadia"];
    let text = r#"Join(", ", ToUpper([surname]), [givenName])"#;
    let said = expr(&[&[text], &given[..]].concat()).exits(0);
    assert_eq!(
        said.out.lines().collect::<Vec<_>>(),
        [
            "OKOYE, Nadia",
            r#"  ToUpper([surname]) = "OKOYE""#,
            r#"    [surname] = "Okoye""#,
            r#"  [givenName] = "Nadia""#,
        ]
    );
    let json = Said::by(command().args(["--json", "expr", text]).args(given)).exits(0).json();
    assert_eq!((&json["result"], &json["error"]), (&json!("OKOYE, Nadia"), &Value::Null));
    let lists = expr(&["Item([mails], 2)", "--with", "mails=a", "--with", "mails=b"]).exits(0);
    assert!(lists.out.starts_with("b\n"), "{}", lists.out);
    let dated = expr(&["Now()", "--now", "2026-03-09T08:05:00Z"]).exits(0);
    assert!(dated.out.starts_with("3/9/2026 8:05:00 AM\n"), "{}", dated.out);
    assert_eq!(expr(&["Redact([pin])", "--with", "pin=s3cret"]).exits(0).out, "[Redact]\n");
}

#[test]
fn a_mistake_is_pointed_at_with_its_cure() {
    let said = expr(&["Join(\", \", [a], ToUper([b]))"]).exits(2);
    assert!(
        said.err.contains("column 17: there is no function 'ToUper'; did you mean ToUpper?"),
        "{}",
        said.err
    );
    let lines: Vec<&str> = said.err.lines().collect();
    let caret = lines.iter().position(|line| line.trim() == "^").unwrap();
    assert_eq!(&lines[caret - 1][lines[caret].find('^').unwrap()..][..6], "ToUper");
    let failed = expr(&["Item([a], 3)", "--with", "a=x"]).exits(2);
    assert!(failed.err.contains("column"), "{}", failed.err);
    expr(&["[a]", "--with", "a"]).exits(2).says(&["--with a", "="]);
    expr(&[]).exits(2);
}

#[test]
fn the_functions_teach_themselves_and_every_example_works() {
    let all = Said::by(command().args(["--json", "expr", "--functions"])).exits(0).json();
    let all = all.as_array().unwrap();
    for name in
        ["Append", "IIF", "SelectUniqueValue", "NormalizeDiacritics", "AssertiveAppRoleAssignmentsComplex"]
    {
        assert!(all.iter().any(|function| function["name"] == name), "{name}");
    }
    for function in all {
        let example = function["example"].as_str().unwrap();
        example
            .parse::<engine::expression::Expression>()
            .unwrap_or_else(|error| panic!("{example}: {error}"));
        assert!(function["says"].as_str().unwrap().len() > 15, "{function}");
    }
    let dates = expr(&["--functions", "date"]).exits(0);
    assert!(dates.out.contains("DateAdd(") && !dates.out.contains("Join("), "{}", dates.out);
    expr(&["--functions", "xyz"]).exits(2).says(&["no function begins with 'xyz'"]);
}

#[test]
fn a_file_with_a_wrong_expression_or_filter_is_refused_at_its_place() {
    let office = Office::with_app("http://127.0.0.1:9/scim/v2", "token");
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    let title = "{ target: title, source: jobTitle }";
    let cases = [
        (
            r#"{ target: title, expression: 'Replace([jobTitle], , "(?<a", , "x", , )' }"#,
            "users.attributes[7].expression",
        ),
        ("{ target: title, expression: 'Guid()' }", "ObjectAddOnly"),
        (
            r#"{ target: title, expression: 'FormatDateTime([d], , "ffffffff", "yyyy")' }"#,
            "users.attributes[7].expression",
        ),
        ("{ target: password, source: jobTitle }", "Redact"),
        ("{ target: title, source: jobTitle, flowNullValues: true }", "flowNullValues: [jobTitle]"),
    ];
    for (attribute, cure) in cases {
        office.write("ledgerly.yaml", text.replace(title, attribute));
        office.rollcall(&["apply", "--offline", "ledgerly.yaml"]).exits(2).says(&["ledgerly.yaml", cure]);
    }
    let scope = |clause: &str| format!("users:\n  scope: {{ filter: [{{ clauses: [{clause}] }}] }}\n");
    let cases = [
        ("{ attribute: department, operator: EQALS, value: x }", "EQUALS"),
        ("{ attribute: department, operator: EQUALS }", "value"),
        ("{ attribute: employeeId, operator: Greater_Than, value: many }", "whole number"),
        ("{ attribute: mail, operator: REGEX MATCH, value: '(a' }", "users.scope.filter[0].clauses[0]"),
        ("{ attribute: IsSoftDeleted, operator: IS TRUE }", "IsSoftDeleted"),
    ];
    for (clause, cure) in cases {
        office.write("ledgerly.yaml", text.replace("users:\n", &scope(clause)));
        office.rollcall(&["apply", "--offline", "ledgerly.yaml"]).exits(2).says(&["ledgerly.yaml", cure]);
    }
    // What is right and worth a second look is said and saved.
    let unsure = "{ attribute: employeeId, operator: REGEX MATCH, value: '1[0-9]+' }";
    office.write("ledgerly.yaml", text.replace("users:\n", &scope(unsure)));
    let said = office.rollcall(&["apply", "--offline", "ledgerly.yaml"]).exits(0).out;
    assert!(said.contains("Notice: users.scope.filter[0]") && said.contains("matches: whole"), "{said}");
}

#[test]
fn one_person_is_explained_by_id_name_or_address() {
    let app = App::start();
    let office = app.office();
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    let scope = "users:\n  scope: { filter: [{ name: No interns, clauses: [{ attribute: jobTitle, operator: NOT EQUALS, value: Intern }] }] }\n";
    let title = "{ target: title, expression: 'ToUpper([jobTitle])' }";
    office.write(
        "ledgerly.yaml",
        text.replace("users:\n", scope).replace("{ target: title, source: jobTitle }", title),
    );
    let intern = Person { title: "Intern".into(), ..Person::named("E2", "Omar", "Vogel") };
    office.people(&[Person::named("E1", "Nadia", "Okoye"), intern, Person::named("E3", "Nadia", "Berg")]);
    office.apply();
    app.sandbox.reset_counters();

    let new = office.rollcall(&["explain", "Ledgerly", "E1"]).exits(0);
    for words in [
        "Nadia Okoye (E1) in people.csv",
        "jobTitle NOT EQUALS 'Intern'",
        "ToUpper([jobTitle]) = \"ANALYST\"",
        "creates an account",
    ] {
        assert!(new.out.contains(words), "'{words}' in {}", new.out);
    }
    let out = office.rollcall(&["explain", "Ledgerly", "omar"]).exits(0).out;
    assert!(
        out.contains("in scope               no") && out.contains("sends nothing: Not in scope"),
        "{out}"
    );
    let several = office.rollcall(&["explain", "Ledgerly", "nadia"]).exits(2);
    assert!(
        several.err.contains("E1 (Nadia Okoye)") && several.err.contains("E3 (Nadia Berg)"),
        "{}",
        several.err
    );
    office.rollcall(&["explain", "Ledgerly", "zoe"]).exits(2).says(&["people.csv", "'zoe'"]);
    let counters = app.sandbox.counters();
    assert_eq!((counters.create, counters.patch), (0, 0));

    office.cycle();
    office.people(&[Person { title: "Lead".into(), ..Person::named("E1", "Nadia", "Okoye") }]);
    let known = office.rollcall(&["explain", "Ledgerly", "nadia.okoye@tessera.example"]).exits(0).out;
    assert!(known.contains("updates it") && known.contains("title: 'ANALYST' → 'LEAD'"), "{known}");
    let gone = office.rollcall(&["explain", "Ledgerly", "E3"]).exits(0).out;
    assert!(gone.contains("is no longer there") && gone.contains("deletes it"), "{gone}");
    let json = office.rollcall(&["explain", "Ledgerly", "E1", "--json"]).exits(0).json();
    assert_eq!(json["explanation"]["scope"]["holds"], true);
}

#[test]
fn an_exported_configuration_becomes_a_file_that_works() {
    let app = App::start();
    let office = app.office();
    let exported = schema(&json!([
        clause("jobTitle", "NOT EQUALS", "Intern"),
        clause("mail", "REGEX MATCH", ".*@tessera")
    ]));
    office.write("schema.json", exported.to_string());
    // A pattern that can be read in two ways is not guessed.
    let refused = office.rollcall(&["import", "schema.json"]).exits(2);
    assert!(refused.out.is_empty(), "{}", refused.out);
    assert!(refused.err.contains(".*@tessera") && refused.err.contains("--patterns"), "{}", refused.err);
    let users = office.rollcall(&["import", "schema.json", "--patterns", "search"]).exits(0).out;
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    let (head, _) = text.split_once("users:").unwrap();
    office.write("ledgerly.yaml", format!("{head}{users}"));
    let intern = Person { title: "Intern".into(), ..Person::named("E2", "Omar", "Vogel") };
    office.people(&[Person::named("E1", "Nadia", "Okoye"), intern]);
    office.apply();
    assert_eq!(office.cycle()["created"], 1);
    assert_eq!(app.accounts(), [("nadia.okoye@tessera.example".to_owned(), true)]);
}

#[test]
fn what_cannot_be_imported_is_refused_by_name() {
    let office = Office::with_app("http://127.0.0.1:9/scim/v2", "token");
    let mut unknown = schema(&json!([]));
    unknown["synchronizationRules"][0]["objectMappings"][0]["scope"] = Value::Null;
    unknown["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][1]["targetAttributeName"] =
        json!("shoeSize");
    office.write("schema.json", unknown.to_string());
    let said = office.rollcall(&["import", "schema.json"]).exits(2).err;
    assert!(said.contains("users.attributes[1].target: there is no attribute 'shoeSize'"), "{said}");
    office.write("schema.json", "{");
    office.rollcall(&["import", "schema.json"]).exits(2).says(&["schema.json"]);
    office.rollcall(&["import", "nowhere.json"]).exits(2).says(&["nowhere.json"]);
    office.write("schema.json", schema(&json!([clause("a", "EQUALS", "b")])).to_string());
    office.rollcall(&["import", "schema.json", "--object", "Group"]).exits(2).says(&["'Group'", "--object"]);
}

#[test]
fn without_attributes_the_default_mapping_applies_and_does_without_what_the_file_lacks() {
    let app = App::start();
    let office = app.office();
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    let (head, _) = text.split_once("users:").unwrap();
    office.write("ledgerly.yaml", format!("{head}users: {{}}\n"));
    let row = "E1,true,Nadia Okoye,Nadia,Okoye,nadia@tessera.example,Treasurer";
    office.write(
        "people.csv",
        format!(
            "employeeId,accountEnabled,displayName,givenName,surname,userPrincipalName,jobTitle\n{row}\n"
        ),
    );
    office.apply();
    assert_eq!(office.cycle()["created"], 1);
    let nadia = app.sandbox.user_by_name("nadia@tessera.example").unwrap();
    assert_eq!(
        (&nadia["active"], &nadia["name"]["formatted"], &nadia["title"]),
        (&json!(true), &json!("Nadia Okoye"), &json!("Treasurer"))
    );
    assert_eq!(office.cycle()["targetCalls"], 0);
    // What matches accounts has to be there.
    office.write("people.csv", "employeeId,accountEnabled,displayName\nE1,true,Nadia Okoye\n");
    let said = office.rollcall(&["cycle", "Ledgerly"]).exits(2);
    assert!(said.err.contains("'userPrincipalName'"), "{}", said.err);
}
