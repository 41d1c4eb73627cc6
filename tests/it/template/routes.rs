//! Which function a request comes to, and who may come: the gateway's routes and the description of the API agree.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{of_type, properties, root, template, text};

/// What the gateway lets through without a token: what tells nothing of anybody, and the console, which asks for a cookie
/// of its own.
const OPEN: [&str; 6] =
    ["GET /healthz", "GET /openapi.json", "GET /", "GET /{proxy+}", "POST /sign-out", "POST /forms/{proxy+}"];

/// Routes that lead to the console, whose paths are no part of the API.
const CONSOLE: [&str; 4] = ["GET /", "GET /{proxy+}", "POST /sign-out", "POST /forms/{proxy+}"];

/// A route of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    key: String,
    method: String,
    path: String,
    function: String,
    is_open: bool,
}

fn routes(template: &Value) -> Vec<Route> {
    let route = |route: &Value| {
        let key = text(&route["RouteKey"]);
        let (method, path) = key.split_once(' ').unwrap();
        let integration =
            text(&route["Target"]).strip_prefix("integrations/${").unwrap().strip_suffix('}').unwrap();
        let function =
            text(&properties(template, integration)["IntegrationUri"]).strip_suffix(".Arn").unwrap();
        let is_open = match text(&route["AuthorizationType"]) {
            "NONE" => true,
            "JWT" => route["AuthorizerId"] != "Tokens",
            other => panic!("{key}: {other} is no way to authorize"),
        };
        let [key, method, path, function] = [key, method, path, function].map(ToOwned::to_owned);
        Route { key, method, path, function, is_open }
    };
    of_type(template, "AWS::ApiGatewayV2::Route").into_iter().map(|(_, one)| route(one)).collect()
}

/// The route that API Gateway takes: the path itself, or else the longest beginning before `{proxy+}`.
fn taken<'a>(routes: &'a [Route], method: &str, path: &str) -> &'a Route {
    let of_method = || routes.iter().filter(|route| route.method == method);
    let beginning = |route: &&Route| {
        route
            .path
            .strip_suffix("{proxy+}")
            .filter(|start| path.starts_with(start) && path.len() > start.len())
            .map(str::len)
    };
    let exact = of_method().find(|route| route.path == path);
    let greedy =
        || of_method().filter(|route| beginning(route).is_some()).max_by_key(|route| beginning(route));
    exact.or_else(greedy).unwrap_or_else(|| panic!("no route takes {method} {path}"))
}

/// Method, path, and whether it asks for a token, of each operation in docs/openapi.json.
fn described() -> Vec<(String, String, bool)> {
    let document = fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut described = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.push((method.to_uppercase(), path.clone(), operation.get("security").is_some()));
        }
    }
    described
}

#[test]
fn each_operation_of_the_description_comes_to_the_function_that_has_it() {
    let routes = routes(&template());
    for (method, path, takes_token) in described() {
        let route = taken(&routes, &method, &path);
        let function = if method == "GET" { "QueryFunction" } else { "ControlFunction" };
        assert_eq!(route.function, function, "{method} {path}");
        assert_eq!(route.is_open, !takes_token, "{method} {path} is taken by {}", route.key);
    }
}

#[test]
fn each_route_leads_to_something_that_is_described_or_to_the_console() {
    let routes = routes(&template());
    let described = described();
    let used: BTreeSet<_> =
        described.iter().map(|(method, path, _)| &taken(&routes, method, path).key).collect();
    let console = CONSOLE.map(ToOwned::to_owned);
    let expected: BTreeSet<_> =
        routes.iter().map(|route| &route.key).filter(|key| !console.contains(key)).collect();
    assert_eq!(used, expected);
}

#[test]
fn keys_in_parentheses_come_to_the_same_function_with_the_same_token() {
    let routes = routes(&template());
    let odata = taken(&routes, "GET", "/v1.0/servicePrincipals(appId='x')/synchronization/jobs('scim.1')");
    assert_eq!((odata.key.as_str(), odata.is_open), ("GET /v1.0/{proxy+}", false));
}

#[test]
fn nobody_is_answered_without_a_token_but_about_health_and_description_and_by_the_console() {
    let template = template();
    let open: BTreeSet<String> =
        routes(&template).into_iter().filter(|route| route.is_open).map(|route| route.key).collect();
    assert_eq!(open, BTreeSet::from(OPEN.map(ToOwned::to_owned)));
    assert_eq!(properties(&template, "Tokens")["AuthorizerType"], "JWT");
    for (function, properties) in of_type(&template, "AWS::Serverless::Function") {
        let doors = ["FunctionUrlConfig", "Events"].map(|door| properties.get(door).is_some());
        assert_eq!(doors, [false, false], "{function} has another door");
    }
}

#[test]
fn the_functions_that_the_gateway_asks_let_it() {
    let template = template();
    let functions: BTreeSet<String> = routes(&template).into_iter().map(|route| route.function).collect();
    let permissions = of_type(&template, "AWS::Lambda::Permission").into_iter();
    let of_gateway = permissions.filter(|(_, one)| one["Principal"] == "apigateway.amazonaws.com");
    let allowed: BTreeSet<String> = of_gateway
        .inspect(|(_, one)| assert!(text(&one["SourceArn"]).ends_with(":${Api}/*"), "{one}"))
        .map(|(_, one)| text(&one["FunctionName"]).to_owned())
        .collect();
    assert_eq!(allowed, functions);
}
