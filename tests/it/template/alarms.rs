//! The alarms, judged on lines in embedded metric format, and the dashboard.
//!
//! CloudWatch's rules, as far as the alarms need them: a window is judged by one statistic, or by the sum of several
//! metrics in which what was not told counts nothing; all windows have to be beyond the threshold; what has no value is
//! what `TreatMissingData` says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::sync_channel;

use jiff::{SignedDuration, Timestamp};
use runtime::metrics::{
    CYCLE_DURATION, CYCLES_COMPLETED, ESCROWS, JOBS_OVERDUE, Metric, Metrics, PANICS, RECORDS,
    SECONDS_SINCE_SUCCESS, TARGET_CALLS, TARGET_THROTTLED, TURNS,
};
use serde_json::{Value, json};

use super::{FUNCTIONS, list, of_type, properties, template, text};

/// What the functions tell, and by which dimensions besides `Stack`, and `Application` or none.
const TOLD: [(Metric, &[&str]); 10] = [
    (RECORDS, &["Action", "Status"]),
    (CYCLE_DURATION, &[]),
    (CYCLES_COMPLETED, &[]),
    (ESCROWS, &[]),
    (SECONDS_SINCE_SUCCESS, &[]),
    (TARGET_CALLS, &[]),
    (TARGET_THROTTLED, &[]),
    (TURNS, &[]),
    (JOBS_OVERDUE, &[]),
    (PANICS, &["Function"]),
];

/// A value that was told.
struct Point {
    name: String,
    dimensions: BTreeMap<String, String>,
    at: Timestamp,
    value: f64,
}

/// The values in a line of embedded metric format: one for each set of dimensions.
fn points(line: &Value) -> Vec<Point> {
    let at = Timestamp::from_millisecond(line["_aws"]["Timestamp"].as_i64().unwrap()).unwrap();
    let mut points = Vec::new();
    for directive in list(&line["_aws"]["CloudWatchMetrics"]) {
        for (set, metric) in list(&directive["Dimensions"])
            .iter()
            .flat_map(|set| list(&directive["Metrics"]).iter().map(move |metric| (set, metric)))
        {
            let name = text(&metric["Name"]).to_owned();
            let dimension = |one: &Value| (text(one).to_owned(), text(&line[text(one)]).to_owned());
            let dimensions = list(set).iter().map(dimension).collect();
            points.push(Point { value: line[&name].as_f64().unwrap(), name, dimensions, at });
        }
    }
    points
}

/// A line as the functions write it, in the stack that `!Ref AWS::StackName` names here.
fn told(metric: Metric, value: f64, dimensions: &[(&'static str, &str)], at: Timestamp) -> Value {
    let (lines, line) = sync_channel(1);
    let metrics =
        Metrics::new("AWS::StackName".to_owned(), true, move |line| lines.send(line.to_owned()).unwrap());
    metrics.tell(at, Some("0b9c3f2e"), dimensions, &[(metric, value)]);
    serde_json::from_str(&line.recv().unwrap()).unwrap()
}

/// The dimensions of a metric in the template.
fn dimensions(metric: &Value) -> BTreeMap<String, String> {
    let pair = |one: &Value| (text(&one["Name"]).to_owned(), text(&one["Value"]).to_owned());
    list(&metric["Dimensions"]).iter().map(pair).collect()
}

/// The metrics an alarm looks at, each with statistic and period.
fn metrics(alarm: &Value) -> Vec<(&Value, &str, i64)> {
    let Some(several) = alarm.get("Metrics") else {
        return vec![(alarm, text(&alarm["Statistic"]), alarm["Period"].as_i64().unwrap())];
    };
    let (math, stats): (Vec<_>, Vec<_>) =
        list(several).iter().partition(|one| one.get("Expression").is_some());
    assert_eq!(math[0]["Expression"], "SUM(FILL(METRICS(), 0))");
    let stats = stats.into_iter().map(|one| &one["MetricStat"]);
    stats.map(|stat| (&stat["Metric"], text(&stat["Stat"]), stat["Period"].as_i64().unwrap())).collect()
}

/// A parameter's default, where a value is one.
fn number(template: &Value, value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| template["Parameters"][text(value)]["Default"].as_f64().unwrap())
}

/// Whether an alarm rings at a time, after what was told until then.
fn rings(alarm: &str, told: &[Value], now: Timestamp) -> bool {
    let template = template();
    let alarm = properties(&template, alarm);
    let points: Vec<Point> = told.iter().flat_map(points).collect();
    let metrics = metrics(alarm);
    let period = SignedDuration::from_secs(metrics[0].2);
    let threshold = number(&template, &alarm["Threshold"]);
    let is_beyond = |value: f64| match text(&alarm["ComparisonOperator"]) {
        "GreaterThanThreshold" => value > threshold,
        "LessThanThreshold" => value < threshold,
        other => panic!("{other} is not known here"),
    };
    let when_missing = alarm["TreatMissingData"] == "breaching";
    (0..i32::try_from(alarm["EvaluationPeriods"].as_i64().unwrap()).unwrap()).all(|window| {
        let end = now - period * window;
        let of_window: Vec<f64> = metrics
            .iter()
            .filter_map(|(metric, statistic, _)| {
                let wanted = dimensions(metric);
                let values = points.iter().filter(|point| {
                    point.name == metric["MetricName"]
                        && metric["Namespace"] == "Rollcall"
                        && point.dimensions == wanted
                        && (end - period..end).contains(&point.at)
                });
                let values = values.map(|point| point.value);
                match *statistic {
                    "Sum" => values.reduce(|one, other| one + other),
                    "Maximum" => values.reduce(f64::max),
                    other => panic!("{other} is not known here"),
                }
            })
            .collect();
        if of_window.is_empty() { when_missing } else { is_beyond(of_window.into_iter().sum()) }
    })
}

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn ago(minutes: i64) -> Timestamp {
    NOW - SignedDuration::from_mins(minutes)
}

fn records(action: &str, status: &str, count: f64, at: Timestamp) -> Value {
    told(RECORDS, count, &[("Action", action), ("Status", status)], at)
}

#[test]
fn a_spike_of_failures_rings_whatever_it_was_that_failed() {
    let failed =
        |count| [records("Create", "failure", 30.0, ago(40)), records("Update", "failure", count, ago(5))];
    assert!(!rings("FailureSpikes", &failed(20.0), NOW));
    assert!(rings("FailureSpikes", &failed(21.0), NOW));
    assert!(!rings("FailureSpikes", &[records("Create", "success", 10_000.0, ago(5))], NOW));
    assert!(!rings("FailureSpikes", &[records("Create", "failure", 10_000.0, ago(61))], NOW), "that is over");
    assert!(!rings("FailureSpikes", &[], NOW));
}

#[test]
fn a_spike_of_removals_rings_and_what_the_guard_holds_does_not() {
    let removed = [records("Disable", "success", 60.0, ago(40)), records("Delete", "success", 41.0, ago(5))];
    assert!(rings("RemovalSpikes", &removed, NOW));
    assert!(!rings("RemovalSpikes", &removed[..1], NOW));
    assert!(!rings("RemovalSpikes", &[records("StagedDelete", "skipped", 10_000.0, ago(5))], NOW));
}

#[test]
fn silence_of_a_quarter_of_an_hour_rings_and_one_of_ten_minutes_does_not() {
    let turn = |minutes| [told(TURNS, 1.0, &[], ago(minutes))];
    assert!(rings("Silence", &[], NOW));
    assert!(rings("Silence", &turn(16), NOW));
    assert!(!rings("Silence", &turn(14), NOW));
}

#[test]
fn overdue_jobs_ring_and_so_does_a_notifier_that_tells_nothing() {
    let counted = |counts: [f64; 2]| {
        [told(JOBS_OVERDUE, counts[0], &[], ago(20)), told(JOBS_OVERDUE, counts[1], &[], ago(5))]
    };
    assert!(rings("Overdue", &counted([1.0, 2.0]), NOW));
    assert!(!rings("Overdue", &counted([0.0, 1.0]), NOW), "once may be a cycle that just ends");
    assert!(!rings("Overdue", &counted([0.0, 0.0]), NOW));
    assert!(rings("Overdue", &[], NOW));
}

#[test]
fn a_panic_of_any_function_rings() {
    for (function, _) in FUNCTIONS {
        let panic = [told(PANICS, 1.0, &[("Function", function)], ago(2))];
        assert!(rings("FunctionPanics", &panic, NOW), "{function}");
    }
    assert!(!rings("FunctionPanics", &[], NOW));
}

#[test]
fn alarms_look_at_what_is_told_and_at_all_functions_and_queues() {
    let template = template();
    let told: BTreeSet<(&str, BTreeSet<String>)> = TOLD
        .into_iter()
        .map(|((name, _), more)| (name, more.iter().chain(&["Stack"]).map(ToString::to_string).collect()))
        .collect();
    let mut of_functions = BTreeSet::new();
    let mut queues = BTreeSet::new();
    for (name, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        for (metric, ..) in metrics(alarm) {
            let looked_at = dimensions(metric);
            match text(&metric["Namespace"]) {
                "Rollcall" => {
                    let sets = looked_at.into_keys().collect();
                    assert!(told.contains(&(text(&metric["MetricName"]), sets)), "{name}: {metric}");
                }
                "AWS/Lambda" => {
                    of_functions
                        .insert((looked_at["FunctionName"].clone(), text(&metric["MetricName"]).to_owned()));
                }
                "AWS/SQS" => {
                    queues.insert(looked_at["QueueName"].clone());
                }
                other => panic!("{other} is told by nobody here"),
            }
        }
    }
    let both = FUNCTIONS.into_iter().flat_map(|(_, function)| {
        ["Errors", "Throttles"].map(|metric| (function.to_owned(), metric.to_owned()))
    });
    assert_eq!(of_functions, both.collect());
    let all: BTreeSet<String> =
        of_type(&template, "AWS::SQS::Queue").iter().map(|(id, _)| format!("{id}.QueueName")).collect();
    assert_eq!(queues, all);
}

#[test]
fn all_alarms_tell_the_topic_and_tell_it_when_they_are_over() {
    let template = template();
    let topic = json!([["HasAlarmTopic", "AlarmTopic", "Alarms"]]);
    for (name, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        assert_eq!([&alarm["AlarmActions"], &alarm["OKActions"]], [&topic, &topic], "{name}");
        assert!(text(&alarm["AlarmDescription"]).len() > 40, "{name} does not say what to do");
    }
    // Neither SES nor a function has a part in it.
    assert_eq!(properties(&template, "AlarmsByMail")["Protocol"], "email");
    let publishers = &properties(&template, "AlarmsComeFromCloudWatch")["PolicyDocument"]["Statement"][0];
    assert_eq!(publishers["Principal"]["Service"], "cloudwatch.amazonaws.com");
}

#[test]
fn the_dashboard_is_json_and_shows_what_is_told() {
    let template = template();
    let body = text(&properties(&template, "Dashboard")["DashboardBody"]);
    let body: Value = serde_json::from_str(body).unwrap();
    let shown: String =
        list(&body["widgets"]).iter().map(|widget| widget["properties"].to_string()).collect();
    // A panic is an error of its function, and that is shown.
    for ((name, _), _) in TOLD.into_iter().filter(|(metric, _)| *metric != PANICS) {
        assert!(shown.contains(name), "{name} is not shown");
    }
}
