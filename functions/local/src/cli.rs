//! The command line: what can be asked, and how it is explained.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::client::Address;
use crate::exit::Refusal;

/// Keeps the user accounts of an app in step with a directory: create on joining, update on moving, disable on
/// leaving.
#[derive(Debug, Parser)]
#[command(
    name = "rollcall",
    version,
    max_term_width = 110,
    after_help = "Try it:\n  rollcall demo                      invented people become accounts before your eyes\n  rollcall apply ledgerly.yaml       save an application: its source, target, mapping\n  rollcall serve                     run every job at its time, unattended\n  rollcall cycle Ledgerly            run one cycle now\n  rollcall status                    what each job is doing, and whether it is healthy\n  rollcall logs --name nadia         what happened to Nadia, and why\n  rollcall explain Ledgerly nadia    where her values come from, and what happens next\n  rollcall status --url https://api.tessera.example    the same of a Rollcall elsewhere\n\nExit codes: 0 done; 1 failed; 2 wrong usage or a refused file; 3 done, but single objects failed;\n4 done, but removals are held until a person approves; apply: not saved for the same reason.\nLog lines go to standard error; ROLLCALL_LOG=debug shows more of them."
)]
pub(crate) struct Cli {
    /// Where Rollcall keeps what it remembers: .rollcall, and .rollcall-demo for the demo. A second command on the
    /// same folder joins the first.
    #[arg(long, global = true, env = "ROLLCALL_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Use this DynamoDB endpoint instead of the engine in the data folder: a URL, or `aws` for a stack in the account and
    /// region of the environment.
    #[arg(long, global = true, env = "ROLLCALL_ENDPOINT", value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// With --endpoint: what the tables' names begin with, which is the stack's name unless it was given another TablePrefix.
    #[arg(
        long,
        global = true,
        env = "ROLLCALL_TABLE_PREFIX",
        value_name = "NAME",
        default_value = "rollcall",
        value_parser = table_prefix
    )]
    pub(crate) table_prefix: String,

    /// Ask a Rollcall that runs elsewhere, by its HTTPS API; no data folder is used. For status, logs, jobs, start, pause,
    /// restart, delete, escrow, removals and provision. The token is ROLLCALL_TOKEN, or that of `rollcall login`.
    #[arg(long, global = true, env = "ROLLCALL_URL", value_name = "URL")]
    url: Option<String>,

    /// How many days the provisioning log is kept: 30 unless said otherwise. To be the same for all commands on a data
    /// folder; what is older is not shown.
    #[arg(
        long,
        global = true,
        env = "ROLLCALL_LOG_RETENTION_DAYS",
        value_name = "DAYS",
        value_parser = days
    )]
    log_retention_days: Option<SignedDuration>,

    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The data folder. The demo has one of its own, so that its invented people never lie beside real ones.
    pub(crate) fn data_dir(&self) -> &Path {
        let default = if matches!(self.command, Command::Demo(_)) { ".rollcall-demo" } else { ".rollcall" };
        self.data_dir.as_deref().unwrap_or(Path::new(default))
    }

    /// The service that is asked instead of a data folder.
    pub(crate) fn address(&self) -> Result<Option<Address>, Refusal> {
        let named = self.url.as_deref().filter(|url| !url.trim().is_empty());
        named.map(Address::parse).transpose()
    }

    /// How long the provisioning log is kept.
    pub(crate) fn log_retention(&self) -> SignedDuration {
        self.log_retention_days.unwrap_or(store::RETENTION)
    }

    /// Refuses what a service elsewhere is not asked for: it would be done here, and nobody meant that.
    pub(crate) fn may_be_asked_elsewhere(&self) -> Result<(), Refusal> {
        let (name, cure) = match &self.command {
            Command::Apply(_) => ("apply", "send the document to its API (POST /v1.0/applications)"),
            Command::Cycle { .. } => ("cycle", "rollcall start makes a job due at once"),
            Command::Serve(_) => ("serve", "it runs its jobs by itself"),
            Command::Plan { .. } => ("plan", "ask its API for one (POST …/jobs/JOB/plans)"),
            Command::ApplyPlan { .. } => ("apply-plan", "ask its API (POST …/jobs/JOB/plans/PLAN/apply)"),
            Command::Explain { .. } => ("explain", "rollcall logs has the steps of what was done, and why"),
            Command::Mail { test: None, .. } => ("mail", "its mails lie with the service; --test sends one"),
            Command::Demo(_) => ("demo", "it runs on this machine alone"),
            // What asks it, and what asks nobody at all.
            Command::Status { .. }
            | Command::Jobs
            | Command::Doctor
            | Command::Logs(_)
            | Command::Provision { .. }
            | Command::Escrow { .. }
            | Command::Removals { .. }
            | Command::Start { .. }
            | Command::Pause { .. }
            | Command::Restart { .. }
            | Command::Delete { .. }
            | Command::Mail { .. }
            | Command::Login(_)
            | Command::Logout
            | Command::Expr(_)
            | Command::Import(_)
            | Command::Schema
            | Command::Sandbox(_) => return Ok(()),
        };
        match self.address()? {
            None => Ok(()),
            Some(address) => Err(Refusal(format!(
                "{name} works on a data folder, and not on the service at {address}: {cure}. Leave --url and ROLLCALL_URL out to work here"
            ))),
        }
    }
}

/// Whole days, from one to ten years.
/// As `TablePrefix` of template.yaml.
fn table_prefix(text: &str) -> Result<String, String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if (3..=200).contains(&text.len()) && text.bytes().all(known) {
        return Ok(text.to_owned());
    }
    Err("names of tables begin with 3 to 200 letters, digits or _.-, such as rollcall".to_owned())
}

fn days(text: &str) -> Result<SignedDuration, String> {
    runtime::env::whole_days(text)
        .ok_or_else(|| "the log is kept for a whole number of days from 1 to 3650, such as 30".to_owned())
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch it work: invented people, a sandbox app, three cycles.
    ///
    /// Starts a SCIM server on loopback, writes a directory of invented people, runs an initial cycle, lets a
    /// fortnight of joining, moving and leaving pass, runs an incremental cycle, then one that has nothing to do.
    /// Then it keeps the app running for you to look around, until Ctrl-C.
    Demo(Demo),
    /// Check application files, show what would come of them, and save them.
    ///
    /// A file names one application: its source, target, attribute mapping and thresholds. Nothing is saved
    /// unless all of it is sound. Of a new or changed one, source and target are read first, and nothing is
    /// written to either: whose accounts the next cycle would create, update, switch off and delete is shown
    /// before you are asked whether to save. Where nobody can be asked it is saved, unless someone would be
    /// switched off or deleted (exit code 4).
    Apply(Apply),
    /// Run one cycle of a job now.
    Cycle {
        /// The application's name, or the job's id.
        job: String,
        /// Approve, this once, removals above the thresholds and a reading that shrank.
        #[arg(long)]
        allow_removals: bool,
    },
    /// Run unattended: every job at its time, until Ctrl-C.
    ///
    /// Cycles run every 20 to 40 minutes, sooner after changes and later while nothing happens, unless a file's
    /// schedule says otherwise; a new or changed file is due at once. Other commands on the same data folder work
    /// beside it: apply, cycle, status, logs. Killed or ended, a cycle under way goes on at the next start.
    Serve(Serve),
    /// Show what jobs are doing and whether they are healthy.
    Status {
        /// The application's name, or the job's id; all jobs without it.
        job: Option<String>,
        /// Keep showing it, with a live bar for each cycle under way, until Ctrl-C.
        #[arg(long)]
        watch: bool,
    },
    /// Search the provisioning log, newest first.
    Logs(Logs),
    /// List the jobs: their ids, whether they run, and when next.
    Jobs,
    /// Check that a service works: access, clock, schedule, mail; each with what to do.
    ///
    /// Asks the service that --url names, or looks at the data folder, and changes nothing. `look` means that somebody
    /// should, `BROKEN` that something does not work: then the exit code is 1.
    Doctor,
    /// Show what the next cycle would do, operation by operation, and keep it as a plan.
    ///
    /// Runs the cycle without touching the app: it is read, and nothing is written. For an application that has
    /// provisioned nobody yet, it also says whose accounts are there already. `rollcall apply-plan` executes it.
    Plan {
        /// The application's name, or the job's id.
        job: String,
        /// List at the most so many operations; all of them are kept.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Execute a plan, exactly as it was shown.
    ///
    /// What has changed since the plan was made is not done: it waits for the next cycle. Removals pass the guard as in
    /// any cycle.
    ApplyPlan {
        /// The application's name, or the job's id.
        job: String,
        /// The plan's id.
        plan: uuid::Uuid,
        /// Approve, this once, removals above the thresholds.
        #[arg(long)]
        allow_removals: bool,
    },
    /// Provision people or groups now, whether or not a cycle runs.
    Provision {
        /// The application's name, or the job's id.
        job: String,
        /// Their ids in the source.
        #[arg(required = true, value_name = "SOURCE-ID")]
        ids: Vec<String>,
    },
    /// List what failed and when it is tried again; try it now, or let it rest.
    Escrow {
        /// The application's name, or the job's id.
        job: String,
        /// Try these again with the next cycle, which is due at once: ids in the source.
        #[arg(long, value_name = "SOURCE-ID")]
        retry: Vec<String>,
        /// Do not try these again until they, or the mapping, change: ids in the source.
        #[arg(long, value_name = "SOURCE-ID")]
        ignore: Vec<String>,
    },
    /// List removals that wait for a person; approve or reject them, all or one by one.
    Removals {
        /// The application's name, or the job's id.
        job: String,
        /// Approve these: ids in the source, or `all`. The next cycle, which is due at once, executes them.
        #[arg(long, value_name = "SOURCE-ID")]
        approve: Vec<String>,
        /// Reject these: ids in the source, or `all`. They are not removed until they change again.
        #[arg(long, value_name = "SOURCE-ID")]
        reject: Vec<String>,
    },
    /// Start a job: it goes on where it stopped. Clears its quarantine.
    Start {
        /// The application's name, or the job's id.
        job: String,
    },
    /// Pause a job: it stops after the page it is at, and keeps everything.
    Pause {
        /// The application's name, or the job's id.
        job: String,
    },
    /// Look at everyone again: forgets watermark, escrow and quarantine; the links to accounts are kept.
    Restart {
        /// The application's name, or the job's id.
        job: String,
        /// What is forgotten instead, separated by commas: Watermark, Escrows, QuarantineState, ConnectorDataStore (the
        /// links), Full (all of these), ForceDeletes (nothing; held removals are allowed).
        #[arg(long, default_value = "", value_name = "SCOPE")]
        reset_scope: engine::reset::ResetScope,
    },
    /// Forget an application and its job. Its accounts and its log stay.
    Delete {
        /// The application's name, or the job's id.
        job: String,
        /// Without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Why somebody is in scope or not, where each value comes from, and what the next cycle would do.
    ///
    /// Reads the person from the source and asks the app whose account it is; writes nothing.
    Explain {
        /// The application's name, or the job's id.
        job: String,
        /// The person's id in the source, their name or a word of it, or the value of any attribute, such as their
        /// mail address.
        person: String,
    },
    /// Try an expression: its result, and how it came about.
    #[command(
        after_help = "Examples:\n  rollcall expr 'Join(\" \", [givenName], [surname])' --with givenName=Ada --with surname=Okoye\n  rollcall expr --functions          every function, with an example\n  rollcall expr --functions Date     those whose name begins so"
    )]
    Expr(Expr),
    /// Turn an exported Entra configuration into the `users` section of an application file.
    ///
    /// Takes the synchronizationSchema that Microsoft Graph gives for a job (GET …/synchronization/jobs/ID/schema).
    /// What cannot be honoured is refused by name; nothing is left out silently.
    Import(Import),
    /// List the mails that were written about trouble, newest first, or print one.
    ///
    /// They lie as .eml files in the folder `outbox` of the data folder. To whom is written, `notification` in the
    /// application's file says. With ROLLCALL_SMTP_URL and ROLLCALL_MAIL_FROM they go to a mail server instead.
    Mail {
        /// Print this one: its number in the list, 1 being the newest, or the name of its file.
        #[arg(conflicts_with = "test")]
        which: Option<String>,
        /// Send a mail to this application's recipients, to see whether it arrives. Also with --url.
        #[arg(long, value_name = "NAME")]
        test: Option<String>,
    },
    /// Print the JSON Schema of application files, for completion and checks while you write
    ///
    /// Save it beside your files, and put this line at the top of each:
    ///
    ///   # yaml-language-server: $schema=application.schema.json
    #[command(verbatim_doc_comment)]
    Schema,
    /// Log in to the service at --url: shows a code that you enter in a browser, on any device.
    ///
    /// This is OAuth 2.0's device authorization (RFC 8628). The token lies in a file for you alone, in
    /// ~/.config/rollcall or $XDG_CONFIG_HOME/rollcall, and is renewed when it ends. ROLLCALL_TOKEN comes before it.
    Login(Login),
    /// Forget the login to the service at --url.
    Logout,
    /// Run the sandbox app on its own: a SCIM 2.0 server on loopback to rehearse against.
    Sandbox(Sandbox),
}

/// What is applied, and how.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// YAML files, one application each.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Save without asking, also when people would lose accounts.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what would happen, and save nothing.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Look at neither source nor target, and save without asking.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// An expression, and somebody to try it on.
#[derive(Debug, Args)]
pub(crate) struct Expr {
    /// The expression; with --functions the beginning of a function's name.
    #[arg(required_unless_present = "functions", value_name = "EXPRESSION")]
    pub(crate) expression: Option<String>,
    /// An attribute and its value; given several times for one attribute, it holds several values.
    #[arg(long, value_name = "ATTRIBUTE=VALUE")]
    pub(crate) with: Vec<String>,
    /// As if the person had left: IsSoftDeleted is true.
    #[arg(long)]
    pub(crate) soft_deleted: bool,
    /// As if it were this time, such as 2026-03-01T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<jiff::Timestamp>,
    /// What DefaultDomain() gives.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) default_domain: Option<String>,
    /// List the functions instead.
    #[arg(long)]
    pub(crate) functions: bool,
}

/// An exported configuration.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The schema, as JSON.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The source's type of object whose mapping is taken over.
    #[arg(long, default_value = "User", value_name = "NAME")]
    pub(crate) object: String,
    /// Which of several mappings of that object, counted from 1.
    #[arg(long, value_name = "N")]
    pub(crate) number: Option<usize>,
    /// How patterns of scoping filters are meant that say nothing of the value's beginning and end.
    #[arg(long)]
    pub(crate) patterns: Option<Patterns>,
}

/// The two readings of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Patterns {
    /// The whole value meets it.
    Whole,
    /// Some part of the value does.
    Search,
}

/// Who gives the token. All of it is remembered for the next login to the same service.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The OpenID Connect issuer whose tokens the service takes (TokenIssuer of the stack).
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// The client that the issuer knows this program as: a public one, which may use device codes.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// What the token shall open, separated by spaces. Most issuers want `offline_access` among them to renew it.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// For whom the token is, where the issuer asks for it.
    #[arg(long, value_name = "AUDIENCE")]
    pub(crate) audience: Option<String>,
}

/// How the service runs.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Port of the API on loopback; any free one without it.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// How many jobs run side by side.
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs_at_once: u16,
}

/// How the demo runs.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Exit when the three cycles are done.
    #[arg(long)]
    pub(crate) once: bool,
    /// How many people.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub(crate) people: u32,
    /// How long the sandbox app takes to answer a request, in milliseconds.
    #[arg(long, default_value_t = 20, value_name = "MS")]
    pub(crate) latency: u64,
}

/// What to look for in the log. Everything given must hold.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The application's name, or the job's id; all jobs without it.
    pub(crate) job: Option<String>,
    /// The person's name, or the beginning of any word of it; case and accents do not matter. An id is found, too.
    #[arg(long, conflicts_with_all = ["source_id", "target_id"])]
    pub(crate) name: Option<String>,
    /// The person's id in the source.
    #[arg(long, conflicts_with = "target_id", value_name = "ID")]
    pub(crate) source_id: Option<String>,
    /// The account's id in the target.
    #[arg(long, value_name = "ID")]
    pub(crate) target_id: Option<String>,
    /// How it ended.
    #[arg(long)]
    pub(crate) status: Option<Status>,
    /// Only since then: a time such as 2026-03-01T08:00:00Z, or an age such as 2h or 7d.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// How many records at the most.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    /// How to print them.
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,
}

/// Outcomes to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    Success,
    Failure,
    Skipped,
    Warning,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal.
    Table,
    /// An array of whole records, as the API gives them.
    Json,
    /// One line a record, for spreadsheets.
    Csv,
}

/// How the sandbox behaves.
#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Port on loopback; any free one without it.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Bearer token it accepts.
    #[arg(long, default_value = "sandbox")]
    pub(crate) token: String,
    /// How long it takes to answer, in milliseconds.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub(crate) latency: u64,
    /// The most accounts on one page of a listing.
    #[arg(long, default_value_t = 100)]
    pub(crate) page_cap: usize,
    /// Requests a second it accepts before it answers 429; no limit without it.
    #[arg(long, value_name = "PER_SECOND")]
    pub(crate) rate: Option<f64>,
    /// How many requests may come at once on top of the rate.
    #[arg(long, default_value_t = 25, requires = "rate")]
    pub(crate) burst: u32,
    /// Faults to begin with, as the JSON that PUT /_sandbox/faults takes.
    #[arg(long, value_name = "JSON")]
    pub(crate) faults: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Cli, String> {
        let all = ["rollcall"].iter().chain(arguments);
        Cli::try_parse_from(all).map_err(|error| error.to_string())
    }

    #[test]
    fn the_log_is_kept_for_30_days_or_as_many_as_are_named() {
        let kept = |arguments: &[&str]| parsed(arguments).map(|cli| cli.log_retention().as_hours() / 24);
        assert_eq!(kept(&["logs"]), Ok(30));
        assert_eq!(kept(&["serve", "--log-retention-days", "90"]), Ok(90));
        assert_eq!(kept(&["--log-retention-days", "3650", "logs"]), Ok(3_650));
        for days in ["0", "3651", "-1", "7.5", "", "a month"] {
            let problem = kept(&["logs", &format!("--log-retention-days={days}")]).unwrap_err();
            assert!(problem.contains("a whole number of days from 1 to 3650, such as 30"), "{problem}");
        }
    }

    #[test]
    fn what_works_on_a_data_folder_is_refused_for_a_service_by_name_and_with_the_cure() {
        let offered = ["status", "jobs", "logs", "start J", "pause J", "restart J", "delete J", "escrow J"];
        let more =
            ["removals J", "provision J E1", "login", "logout", "schema", "sandbox", "expr x", "import f"];
        let refused = ["apply f", "cycle J", "serve", "plan J", "explain J ada", "mail", "demo"];
        let at = |command: &str, url: &str| {
            let words: Vec<&str> = command.split(' ').chain(["--url", url]).collect();
            parsed(&words).unwrap().may_be_asked_elsewhere()
        };
        for command in offered.iter().chain(&more) {
            assert!(at(command, "https://api.tessera.example").is_ok(), "{command}");
        }
        for command in refused {
            let problem = at(command, "https://api.tessera.example").unwrap_err().to_string();
            let name = command.split(' ').next().unwrap();
            assert!(problem.starts_with(&format!("{name} works on a data folder")), "{problem}");
            assert!(problem.contains("Leave --url and ROLLCALL_URL out"), "{problem}");
            assert!(at(command, " ").is_ok(), "an address that is empty is none");
        }
    }
}
