//! `rollcall expr`: try an expression before it stands in a file.
//!
//! In: an expression and attributes of somebody invented. Out: its result and how it came about, or what is wrong with
//! it, with the column. Touches no data folder.

use std::collections::BTreeMap;

use engine::expression::{Context, Expression, Function, Kind, Nature, Settings, Trace, functions, shown};
use engine::model::{ObjectType, SourceId, SourceObject, Value};
use jiff::Timestamp;
use runtime::clock::{SystemClock, new_id};
use serde_json::json;

use crate::cli::Expr;
use crate::exit::{Exit, Refusal};
use crate::output;

pub(crate) fn run(options: &Expr, as_json: bool) -> anyhow::Result<Exit> {
    match &options.expression {
        Some(text) if !options.functions => evaluate(text, options, as_json),
        name => list(name.as_deref(), as_json),
    }
}

fn evaluate(text: &str, options: &Expr, as_json: bool) -> anyhow::Result<Exit> {
    let expression: Expression = text.parse().map_err(|error: engine::expression::ExpressionError| {
        Refusal(format!("{error}\n\n{}", error.pointer(text)))
    })?;
    let object = somebody(&options.with)?;
    let settings = Settings { default_domain: options.default_domain.clone(), ..Settings::default() };
    // Nobody's account comes of it, so chance may begin anywhere.
    let (high, low) = (new_id().into_bytes(), new_id().into_bytes());
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(&high);
    seed[16..].copy_from_slice(&low);
    let context = Context {
        object: &object,
        soft_deleted: options.soft_deleted,
        now: options.now.unwrap_or_else(now),
        seed,
        settings: &settings,
    };
    let (result, trace) = expression.explain(&context);
    let missing: Vec<&String> =
        expression.facts().attributes.iter().filter(|name| !object.attributes.contains_key(*name)).collect();
    if as_json {
        output::json(&json!({
            "expression": expression.to_string(),
            "result": result.as_ref().ok().cloned().and_then(engine::expression::Evaluated::into_value),
            "error": result.as_ref().err().map(ToString::to_string),
            "trace": trace,
            "withoutValue": missing,
        }))?;
    } else {
        if let Ok(value) = &result {
            output::line(if expression.facts().redacts { trace.result.clone() } else { whole(value) })?;
        }
        print(&trace, 0)?;
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
            eprintln!("without a value: {} (give one with --with {}=…)", names.join(", "), names[0]);
        }
        for notice in expression.notices() {
            eprintln!("notice: {notice}");
        }
    }
    match result {
        Ok(_) => Ok(Exit::Done),
        Err(error) => Err(Refusal(format!("column {}: {error}", expression.column(error.at.start))).into()),
    }
}

fn now() -> Timestamp {
    engine::ports::Clock::now(&SystemClock)
}

/// A result in full: what is cut in traces is asked for here.
fn whole(value: &engine::expression::Evaluated<'_>) -> String {
    value.as_text().map_or_else(|| shown(value), std::borrow::Cow::into_owned)
}

fn print(trace: &Trace, depth: usize) -> std::io::Result<()> {
    for step in &trace.steps {
        output::line(format_args!("{}{} = {}", "  ".repeat(depth + 1), step.part, step.result))?;
        print(step, depth + 1)?;
    }
    Ok(())
}

/// Somebody with these attributes; one that is given several times holds several values.
fn somebody(with: &[String]) -> Result<SourceObject, Refusal> {
    let mut given: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for pair in with {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Refusal(format!(
                "--with {pair}: write the attribute, '=' and its value, such as --with givenName=Ada"
            )));
        };
        given.entry(name.trim().to_owned()).or_default().push(Value::text(value));
    }
    let attributes = given.into_iter().map(|(name, mut values)| {
        let value = if values.len() == 1 { values.remove(0) } else { Value::List(values) };
        (name, value)
    });
    Ok(SourceObject {
        id: SourceId::new("somebody"),
        object_type: ObjectType::User,
        display_name: None,
        enabled: true,
        soft_deleted: false,
        attributes: attributes.collect(),
    })
}

/// Every function, or those whose name begins so.
fn list(name: Option<&str>, as_json: bool) -> anyhow::Result<Exit> {
    let wanted = name.unwrap_or_default().to_lowercase();
    let mut found: Vec<&Function> =
        functions().filter(|function| function.name.to_lowercase().starts_with(&wanted)).collect();
    found.sort_unstable_by_key(|function| function.name.to_lowercase());
    if found.is_empty() {
        return Err(Refusal(format!(
            "no function begins with '{wanted}'; `rollcall expr --functions` lists them all"
        ))
        .into());
    }
    if as_json {
        let rows: Vec<_> = found.iter().map(|function| row(function)).collect();
        output::json(&rows)?;
        return Ok(Exit::Done);
    }
    for function in found {
        output::line(format_args!(
            "{}\n    {}{}\n    {}\n",
            signature(function),
            function.help.says,
            nature(function),
            function.help.example
        ))?;
    }
    Ok(Exit::Done)
}

fn row(function: &Function) -> serde_json::Value {
    let parameters: Vec<_> = (function.parameters.iter())
        .map(|parameter| json!({ "name": parameter.name, "type": kind(parameter.kind), "required": parameter.required }))
        .collect();
    json!({
        "name": function.name,
        "parameters": parameters,
        "repeating": function.repeating,
        "returns": kind(function.returns),
        "says": function.help.says,
        "example": function.help.example,
    })
}

fn signature(function: &Function) -> String {
    let parameters: Vec<String> = (function.parameters.iter())
        .map(
            |parameter| {
                if parameter.required { parameter.name.to_owned() } else { format!("[{}]", parameter.name) }
            },
        )
        .collect();
    let more = if function.repeating > 0 { ", …" } else { "" };
    format!("{}({}{more})", function.name, parameters.join(", "))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "any",
        Kind::Text => "text",
        Kind::Integer => "whole number",
        Kind::Boolean => "true or false",
        Kind::DateTime => "date and time",
        Kind::List => "list",
        Kind::Enumeration(_) => "one of a few words",
    }
}

fn nature(function: &Function) -> &'static str {
    match function.nature {
        Nature::Pure | Nature::Settings | Nature::Roles => "",
        Nature::Time => " Mappings with it are evaluated again every day.",
        Nature::Chance => " Only for attributes with flowType: ObjectAddOnly.",
        Nature::Unique => " Only as the outermost function, with flowType: ObjectAddOnly.",
    }
}
