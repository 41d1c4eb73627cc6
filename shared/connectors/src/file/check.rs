//! What can be wrong with the `file:` section without looking at any file. Pure.
//!
//! In: [`FileConfig`]. Out: every problem, with its field and its cure.

use super::config::{FileConfig, GroupsFile, s3};

impl FileConfig {
    /// Everything wrong that can be seen without the files: field, and problem with its cure.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut add =
            |field, problem: Option<String>| problems.extend(problem.map(|problem| (field, problem)));
        add("path", path_problem(&self.path, "people.csv"));
        add("id", id_problem(&self.id, "employeeId"));
        add("listSeparator", self.list_problem());
        add("maxBytes", size_problem(self.max_bytes));
        if let Some(groups) = &self.groups {
            add("groups.path", path_problem(&groups.path, "groups.csv"));
            add("groups.id", id_problem(&groups.id, "groupId"));
            add("groups.member", groups.member_problem());
            add("groups.separator", separator_problem(&groups.separator));
            add("groups.maxBytes", size_problem(groups.max_bytes));
        }
        problems
    }

    fn list_problem(&self) -> Option<String> {
        match self.list_separator.as_deref() {
            None if !self.lists.is_empty() => Some(
                "is missing although lists names columns; write what stands between two values, for example \";\"".into(),
            ),
            Some(separator) => separator_problem(separator),
            None => None,
        }
    }
}

impl GroupsFile {
    fn member_problem(&self) -> Option<String> {
        let both = self.member.is_some() && self.members.is_some();
        both.then(|| {
            "is given beside members; keep member for one row a membership, members for one row a group"
                .into()
        })
    }
}

fn path_problem(path: &str, example: &str) -> Option<String> {
    if path.trim().is_empty() {
        return Some(format!("is empty; write where the file is, for example {example}"));
    }
    match s3(path) {
        Some((bucket, key)) if bucket.is_empty() || key.is_empty() => {
            Some(format!("'{path}' lacks bucket or key; write s3://bucket/key"))
        }
        None if path.contains("://") => {
            Some(format!("'{path}' is no place files are read from; write a local path or s3://bucket/key"))
        }
        _ => None,
    }
}

fn id_problem(id: &str, example: &str) -> Option<String> {
    id.trim()
        .is_empty()
        .then(|| format!("is empty; name the column with the stable id, for example {example}"))
}

fn separator_problem(separator: &str) -> Option<String> {
    separator.is_empty().then(|| "is empty; write at least one character".to_owned())
}

fn size_problem(max_bytes: u64) -> Option<String> {
    (max_bytes == 0)
        .then(|| "is 0, so no file would be read; write a number of bytes or leave it out".to_owned())
}
