//! Reading application files: all of them are checked before anything else happens.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use connectors::application::{Application, CheckedApplication, SourceConfig, TargetConfig};

use crate::exit::Refusal;

/// Reads and checks all files. Two of them never describe the same application.
pub(super) fn files(files: &[PathBuf]) -> anyhow::Result<Vec<CheckedApplication>> {
    let mut read: Vec<CheckedApplication> = Vec::new();
    for path in files {
        let checked = file(path)?;
        let name = &checked.application.name;
        if read.iter().any(|known| known.application.name.eq_ignore_ascii_case(name)) {
            let problem = format!("{}: '{name}' is described by another of these files", path.display());
            return Err(Refusal(format!("{problem}; leave one of them out")).into());
        }
        read.push(checked);
    }
    Ok(read)
}

fn file(file: &Path) -> anyhow::Result<CheckedApplication> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let mut application = Application::from_yaml(&text, &name).map_err(|error| Refusal(error.to_string()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let folder = folder.canonicalize().or_else(|_| std::env::current_dir())?;
    make_absolute(&mut application, &folder);
    application.check().map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
        Refusal(lines.join("\nrollcall: ")).into()
    })
}

/// Relative paths become absolute: a cycle may run from anywhere.
fn make_absolute(application: &mut Application, folder: &Path) {
    match &mut application.source {
        SourceConfig::File(file) => {
            let absolute = |path: &mut String| *path = folder.join(&*path).to_string_lossy().into_owned();
            if file.s3().is_none() {
                absolute(&mut file.path);
            }
            file.groups
                .iter_mut()
                .filter(|groups| groups.s3().is_none())
                .for_each(|groups| absolute(&mut groups.path));
        }
        SourceConfig::Ldap(ldap) => {
            make_reference_absolute(&mut ldap.password, folder);
            ldap.ca_file = ldap.ca_file.as_ref().map(|path| folder.join(path));
        }
        SourceConfig::Inbound(_) => {}
    }
    let TargetConfig::Scim(scim) = &mut application.target;
    make_reference_absolute(&mut scim.token, folder);
    scim.ca_bundle = scim.ca_bundle.as_ref().map(|path| folder.join(path));
}

fn make_reference_absolute(reference: &mut String, folder: &Path) {
    if let Some(path) = reference.strip_prefix("file:") {
        *reference = format!("file:{}", folder.join(path).display());
    }
}
