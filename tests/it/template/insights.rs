//! As much of CloudWatch Logs Insights as the saved queries are written in, so that they can be run on real lines.
//!
//! In: a query and lines of JSON. Out: rows of columns. A command or a form of it that is not known here fails: what
//! cannot be run is not proven.
//!
//! No library or emulator runs `stats`: ministack passes over it without a word.

use std::collections::{BTreeMap, BTreeSet};

use fancy_regex::Regex;
use jiff::Timestamp;
use serde_json::Value;

/// Fields as Insights finds them in a line: paths with dots, positions of lists included, and values as text.
type Fields = BTreeMap<String, String>;

/// The columns of one row.
pub(super) type Row = BTreeMap<String, String>;

/// Runs a query on lines that were written at these times.
pub(super) fn run(query: &str, lines: &[(Timestamp, String)]) -> Vec<Row> {
    let mut rows: Vec<Fields> = lines.iter().map(|(at, line)| found(*at, line)).collect();
    let mut shown: Option<Vec<String>> = None;
    for stage in stages(query) {
        let (command, rest) = stage.split_once(' ').unwrap_or((&stage, ""));
        match command {
            "fields" => {
                let named: Vec<String> = rest.split(", ").map(|one| field(one.trim(), &mut rows)).collect();
                shown = Some(named);
            }
            "filter" => {
                let is_kept = condition(rest);
                rows.retain(|row| is_kept(row));
            }
            "parse" => parse(rest, &mut rows),
            "stats" => {
                rows = stats(rest, &rows);
                shown = None;
            }
            "sort" => sort(rest, &mut rows),
            "limit" => rows.truncate(rest.trim().parse().unwrap()),
            other => panic!("the command '{other}' is not known here"),
        }
    }
    let is_shown = |name: &String| shown.as_ref().is_none_or(|shown| shown.contains(name));
    rows.into_iter().map(|row| row.into_iter().filter(|(name, _)| is_shown(name)).collect()).collect()
}

/// The commands of a query; a bar within quotes or slashes parts nothing.
fn stages(query: &str) -> Vec<String> {
    let mut stages = vec![String::new()];
    let mut within = None;
    for one in query.chars() {
        match one {
            '"' | '/' if within.is_none() => within = Some(one),
            one if Some(one) == within => within = None,
            '|' if within.is_none() => {
                stages.push(String::new());
                continue;
            }
            _ => {}
        }
        stages.last_mut().unwrap().push(one);
    }
    stages.iter().map(|stage| stage.trim().to_owned()).collect()
}

fn found(at: Timestamp, line: &str) -> Fields {
    let mut fields = Fields::from([
        ("@message".to_owned(), line.to_owned()),
        ("@timestamp".to_owned(), at.as_millisecond().to_string()),
    ]);
    flatten("", &serde_json::from_str(line).unwrap(), &mut fields);
    fields
}

fn flatten(path: &str, value: &Value, fields: &mut Fields) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| flatten(&below(key), value, fields)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| flatten(&below(&at.to_string()), value, fields));
        }
        Value::Null => {}
        Value::String(text) => {
            fields.insert(path.to_owned(), text.clone());
        }
        other => {
            fields.insert(path.to_owned(), other.to_string());
        }
    }
}

/// A field to show, or one that is made: `tolower(name) as other`. Its name.
fn field(wanted: &str, rows: &mut [Fields]) -> String {
    let Some((made, name)) = wanted.split_once(" as ") else { return wanted.to_owned() };
    let from =
        made.strip_prefix("tolower(").and_then(|inner| inner.strip_suffix(')')).expect("a known function");
    for row in rows {
        let value = row.get(from).map(|value| value.to_lowercase());
        row.extend(value.map(|value| (name.to_owned(), value)));
    }
    name.to_owned()
}

/// `a = "b"`, `a in ["b", "c"]`, `a like "b"`.
fn condition(text: &str) -> Box<dyn Fn(&Fields) -> bool> {
    let (name, rest) = text.split_once(' ').unwrap();
    let (operator, right) = rest.split_once(' ').unwrap();
    let name = name.to_owned();
    let quoted = |text: &str| {
        text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap().to_owned()
    };
    match operator {
        "=" => {
            let right = quoted(right);
            Box::new(move |row| row.get(&name) == Some(&right))
        }
        "in" => {
            let items = right.trim().strip_prefix('[').and_then(|items| items.strip_suffix(']')).unwrap();
            let items: Vec<String> = items.split(',').map(quoted).collect();
            Box::new(move |row| row.get(&name).is_some_and(|value| items.contains(value)))
        }
        "like" => {
            let part = quoted(right);
            Box::new(move |row| row.get(&name).is_some_and(|value| value.contains(&part)))
        }
        other => panic!("the operator '{other}' is not known here"),
    }
}

/// `@message /…(?<name>…)…/`.
fn parse(text: &str, rows: &mut [Fields]) {
    let (from, pattern) = text.split_once(" /").unwrap();
    let pattern = Regex::new(pattern.strip_suffix('/').unwrap()).unwrap();
    let names: Vec<&str> = pattern.capture_names().flatten().collect();
    for row in rows {
        let Some(value) = row.get(from).cloned() else { continue };
        let Some(captures) = pattern.captures(&value).unwrap() else { continue };
        row.extend(
            names
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), captures.name(name)?.as_str().to_owned()))),
        );
    }
}

/// `count(*) as a, latest(b) as c by d, bin(1d)`.
fn stats(text: &str, rows: &[Fields]) -> Vec<Row> {
    let (figures, by) = text.split_once(" by ").unwrap();
    let by: Vec<&str> = by.split(',').map(str::trim).collect();
    let mut groups: BTreeMap<Vec<String>, Vec<&Fields>> = BTreeMap::new();
    for row in rows {
        groups.entry(by.iter().map(|name| group(name, row)).collect()).or_default().push(row);
    }
    let row = |(key, members): (Vec<String>, Vec<&Fields>)| {
        let mut row: Row = by.iter().map(|name| (*name).to_owned()).zip(key).collect();
        for figure in figures.split(", ") {
            let (made, name) = figure.trim().split_once(" as ").expect("each figure has a name");
            row.insert(name.to_owned(), aggregate(made, &members));
        }
        row
    };
    groups.into_iter().map(row).collect()
}

fn group(name: &str, row: &Fields) -> String {
    match name {
        "bin(1d)" => {
            let at = Timestamp::from_millisecond(row["@timestamp"].parse().unwrap()).unwrap();
            at.strftime("%Y-%m-%d").to_string()
        }
        name => row.get(name).cloned().unwrap_or_default(),
    }
}

fn aggregate(made: &str, members: &[&Fields]) -> String {
    let (function, of) = made.strip_suffix(')').and_then(|made| made.split_once('(')).unwrap();
    match function {
        "count" => members.len().to_string(),
        "count_distinct" => {
            members.iter().filter_map(|row| row.get(of)).collect::<BTreeSet<_>>().len().to_string()
        }
        "latest" => {
            let last = members.iter().max_by_key(|row| row["@timestamp"].parse::<i64>().unwrap()).unwrap();
            last.get(of).cloned().unwrap_or_default()
        }
        other => panic!("the function '{other}' is not known here"),
    }
}

/// `name asc` or `name desc`; numbers by their size.
fn sort(text: &str, rows: &mut [Fields]) {
    let (name, direction) = text.split_once(' ').unwrap();
    rows.sort_by(|one, other| {
        let [one, other] = [one, other].map(|row| row.get(name).cloned().unwrap_or_default());
        match (one.parse::<i64>(), other.parse::<i64>()) {
            (Ok(one), Ok(other)) => one.cmp(&other),
            _ => one.cmp(&other),
        }
    });
    match direction {
        "asc" => {}
        "desc" => rows.reverse(),
        other => panic!("'{other}' is no direction"),
    }
}
