//! What the functions read of their environment, and what the template sets.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{FUNCTIONS, properties, root, template};

/// Crates that read the environment for a function which calls them so.
const ELSEWHERE: [(&str, &str); 2] =
    [("Access::from_env(", "shared/api/src/access"), ("Issuer::from_env(", "shared/webconsole/src/sign_in")];

#[test]
fn each_function_has_the_environment_it_reads_and_no_more() {
    let template = template();
    let common = &template["Globals"]["Function"]["Environment"]["Variables"];
    // What all of them read, by what they all call.
    let runtime = read_by(&root().join("shared/runtime/src"));
    for (folder, resource) in FUNCTIONS {
        let own = &properties(&template, resource)["Environment"]["Variables"];
        let set: BTreeSet<String> = [common, own]
            .iter()
            .filter_map(|variables| variables.as_object())
            .flat_map(|v| v.keys().cloned())
            .collect();
        let mut read = read_by(&root().join("functions").join(folder).join("src"));
        read.extend(runtime.clone());
        assert_eq!(set, read, "{folder}");
    }
}

/// The variables named in the code of a folder.
fn read_by(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(read_by(&path));
            continue;
        }
        let code = fs::read_to_string(path).unwrap();
        for (_, folder) in ELSEWHERE.into_iter().filter(|(call, _)| code.contains(call)) {
            names.extend(read_by(&root().join(folder)));
        }
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for (start, _) in line.match_indices("\"ROLLCALL_") {
                let name = line[start + 1..].split('"').next().unwrap();
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn the_functions_check_the_tokens_that_the_gateway_lets_through() {
    let template = template();
    let authorizer = &properties(&template, "Tokens")["JwtConfiguration"];
    for function in ["QueryFunction", "ControlFunction"] {
        let set = &properties(&template, function)["Environment"]["Variables"];
        assert_eq!(set["ROLLCALL_TOKEN_ISSUER"], authorizer["Issuer"], "{function}");
        let [of_function, of_gateway] = [&set["ROLLCALL_TOKEN_AUDIENCE"], &authorizer["Audience"]];
        assert_eq!([&of_function[0], &of_gateway[0]], ["OwnUsers", "OwnUsers"], "{function}");
        assert_eq!([&of_function[1][2], &of_gateway[1][0]], ["ConsoleUsers", "ConsoleUsers"], "{function}");
        assert_eq!([&of_function[2][1], &of_gateway[2]], ["TokenAudience", "TokenAudience"], "{function}");
    }
}
