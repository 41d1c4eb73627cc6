//! From the syntax tree to the checked one: names, arity, types and constants, judged where they stand.
//!
//! In: a [`Syntax`]. Out: nodes ready to be evaluated and what they depend on, or the first problem with its
//! column and its cure. What passes here can fail later only for a single person's values.

use super::ast::{Call, Facts, Node, NodeKind};
use super::context::AttributeRef;
use super::error::{ExpressionError, shortened};
use super::functions::{self, Constant, Function, Kind, Nature, Parameter, Prepared};
use super::syntax::{Syntax, SyntaxKind};
use crate::dotnet::pattern::HEAVIEST;

/// A checked expression without its text.
pub(super) struct Checked {
    pub(super) root: Node,
    pub(super) facts: Facts,
    pub(super) notices: Vec<ExpressionError>,
}

/// Checks a tree.
///
/// # Errors
/// The first problem, by position.
pub(super) fn check(text: &str, root: &Syntax) -> Result<Checked, ExpressionError> {
    let mut checker = Checker { text, facts: Facts::default(), notices: Vec::new(), veils: 0, weight: 0 };
    let root = checker.node(root, true)?;
    checker.facts.redacts = root.redacts();
    if let NodeKind::Call(call) = &root.kind {
        checker.facts.adds_only = call.function.name == "AppRoleAssignmentsComplex";
        checker.facts.asserts = call.function.name == "AssertiveAppRoleAssignmentsComplex";
    }
    Ok(Checked { root, facts: checker.facts, notices: checker.notices })
}

struct Checker<'a> {
    text: &'a str,
    facts: Facts,
    notices: Vec<ExpressionError>,
    /// How many calls of `Redact` enclose the current node.
    veils: usize,
    /// What the patterns so far weigh together.
    weight: u32,
}

impl Checker<'_> {
    fn node(&mut self, syntax: &Syntax, is_root: bool) -> Result<Node, ExpressionError> {
        let kind = match &syntax.kind {
            SyntaxKind::Attribute(name) => NodeKind::Attribute(self.attribute(name)),
            SyntaxKind::Text(text) | SyntaxKind::Number(text) => NodeKind::Constant(text.clone()),
            SyntaxKind::Hex(digits) => NodeKind::Constant(self.hex(syntax, digits)?),
            SyntaxKind::Identifier(word) => self.word(syntax, word)?,
            SyntaxKind::Call { name, arguments } => {
                NodeKind::Call(self.call(syntax, name, arguments, is_root)?)
            }
            SyntaxKind::Compare { comparison, left, right } => {
                NodeKind::Compare(*comparison, self.operand(left)?, self.operand(right)?)
            }
            SyntaxKind::Concat(parts) => NodeKind::Concat(self.parts(parts)?),
        };
        Ok(Node { kind, at: syntax.at.clone() })
    }

    fn operand(&mut self, syntax: &Syntax) -> Result<Box<Node>, ExpressionError> {
        self.node(syntax, false).map(Box::new)
    }

    fn parts(&mut self, syntax: &[Syntax]) -> Result<Vec<Node>, ExpressionError> {
        let mut parts = Vec::with_capacity(syntax.len());
        for part in syntax {
            parts.push(self.node(part, false)?);
        }
        Ok(parts)
    }

    fn attribute(&mut self, name: &str) -> AttributeRef {
        let attribute = AttributeRef::new(name);
        match &attribute {
            AttributeRef::SoftDeleted => self.facts.reads_soft_deleted = true,
            AttributeRef::Named(name) => {
                self.facts.attributes.insert(name.clone());
                if self.veils > 0 {
                    self.facts.veiled.insert(name.clone());
                }
            }
        }
        attribute
    }

    fn hex(&self, syntax: &Syntax, digits: &str) -> Result<String, ExpressionError> {
        i64::from_str_radix(digits, 16).map(|number| number.to_string()).map_err(|_| {
            self.at(syntax, format!("&H{digits} is too large; a hexadecimal number has at most 16 digits and is below &H8000000000000000"))
        })
    }

    fn call(
        &mut self,
        syntax: &Syntax,
        name: &str,
        arguments: &[Option<Syntax>],
        is_root: bool,
    ) -> Result<Call, ExpressionError> {
        let function = self.function(syntax, name)?;
        self.nature(syntax, function, is_root)?;
        self.arity(syntax, function, arguments)?;
        let veil = usize::from(function.name == "Redact");
        self.veils += veil;
        let checked = self.arguments(syntax, function, arguments)?;
        self.veils -= veil;
        let prepared = self.prepared(syntax, function, arguments)?;
        self.weigh(syntax, &prepared)?;
        Ok(Call { function, arguments: checked, prepared })
    }

    fn function(&mut self, syntax: &Syntax, name: &str) -> Result<&'static Function, ExpressionError> {
        let function = functions::named(name).ok_or_else(|| self.at(syntax, unknown(name)))?;
        if function.name != name {
            let notice = format!("'{name}' was taken for {}; Entra insists on that spelling", function.name);
            self.notices.push(self.at(syntax, notice));
        }
        Ok(function)
    }

    fn nature(&mut self, syntax: &Syntax, function: &Function, is_root: bool) -> Result<(), ExpressionError> {
        match function.nature {
            Nature::Pure => {}
            Nature::Settings => self.facts.uses_default_domain |= function.name == "DefaultDomain",
            Nature::Roles => self.facts.reads_roles = true,
            Nature::Time => self.facts.uses_time = true,
            Nature::Chance => self.facts.uses_chance = true,
            Nature::Unique if is_root => self.facts.is_unique = true,
            Nature::Unique => {
                return Err(self.at(
                    syntax,
                    format!(
                        "{} asks the target and can only be the outermost function; move what encloses it into its arguments",
                        function.name
                    ),
                ));
            }
        }
        Ok(())
    }

    fn arity(
        &self,
        syntax: &Syntax,
        function: &Function,
        arguments: &[Option<Syntax>],
    ) -> Result<(), ExpressionError> {
        let given = arguments.len() - arguments.iter().rev().take_while(|slot| slot.is_none()).count();
        let most = function.parameters.len();
        if given > most && function.repeating == 0 {
            let problem = format!("{} takes at most {most} arguments and gets {given}", signature(function));
            return Err(self.at(syntax, problem));
        }
        let missing = function.parameters.iter().enumerate().find(|(position, parameter)| {
            parameter.required && !matches!(arguments.get(*position), Some(Some(_)))
        });
        if let Some((position, parameter)) = missing {
            let problem =
                format!("{} needs its argument {} '{}'", signature(function), position + 1, parameter.name);
            return Err(self.at(syntax, problem));
        }
        // A comma at the end makes a slot that nobody meant; published expressions have it.
        let is_whole = |slots: usize| (slots - most).is_multiple_of(function.repeating);
        if given > most && !is_whole(arguments.len()) && !is_whole(given) {
            let names: Vec<_> = function.parameters[most - function.repeating..]
                .iter()
                .map(|parameter| parameter.name)
                .collect();
            let problem = format!(
                "{} repeats its last {} arguments together ({}), and one of them is missing",
                signature(function),
                function.repeating,
                names.join(", ")
            );
            return Err(self.at(syntax, problem));
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        call: &Syntax,
        function: &'static Function,
        arguments: &[Option<Syntax>],
    ) -> Result<Vec<Option<Node>>, ExpressionError> {
        let mut checked = Vec::with_capacity(arguments.len());
        for (position, argument) in arguments.iter().enumerate() {
            checked.push(match argument {
                Some(argument) => {
                    let parameter = self.parameter(call, function, position)?;
                    Some(self.argument(argument, function, parameter)?)
                }
                None => None,
            });
        }
        Ok(checked)
    }

    fn parameter(
        &self,
        call: &Syntax,
        function: &'static Function,
        position: usize,
    ) -> Result<&'static Parameter, ExpressionError> {
        parameter(function, position)
            .ok_or_else(|| self.at(call, format!("{} has no argument {}", signature(function), position + 1)))
    }

    fn argument(
        &mut self,
        argument: &Syntax,
        function: &Function,
        parameter: &Parameter,
    ) -> Result<Node, ExpressionError> {
        if let Kind::Enumeration(words) = parameter.kind
            && let Some(word) = constant(argument)
        {
            return self.enumerated(argument, function, parameter, words, word);
        }
        let node = self.node(argument, false)?;
        match wrong_kind(&node, function, parameter) {
            Some(problem) => Err(self.at(argument, problem)),
            None => Ok(node),
        }
    }

    fn enumerated(
        &self,
        argument: &Syntax,
        function: &Function,
        parameter: &Parameter,
        words: &[&str],
        word: &str,
    ) -> Result<Node, ExpressionError> {
        match words.iter().find(|known| known.eq_ignore_ascii_case(word)) {
            Some(known) => {
                Ok(Node { kind: NodeKind::Constant((*known).to_owned()), at: argument.at.clone() })
            }
            None => Err(self.at(
                argument,
                format!("'{}' of {} is one of {}", parameter.name, function.name, words.join(", ")),
            )),
        }
    }

    fn prepared(
        &self,
        syntax: &Syntax,
        function: &Function,
        arguments: &[Option<Syntax>],
    ) -> Result<Prepared, ExpressionError> {
        let Some(prepare) = function.prepare else { return Ok(Prepared::Nothing) };
        let slots = arguments.len().max(function.parameters.len());
        let hex: Vec<Option<String>> = arguments
            .iter()
            .map(|argument| match argument.as_ref().map(|argument| &argument.kind) {
                Some(SyntaxKind::Hex(digits)) => {
                    i64::from_str_radix(digits, 16).ok().map(|number| number.to_string())
                }
                _ => None,
            })
            .collect();
        let constants: Vec<Constant<'_>> = (0..slots)
            .map(|position| match arguments.get(position) {
                None | Some(None) => Constant::Omitted,
                Some(Some(argument)) => {
                    let number = hex.get(position).and_then(Option::as_deref);
                    constant(argument).or(number).map_or(Constant::Computed, Constant::Text)
                }
            })
            .collect();
        prepare(&constants).map_err(|wrong| {
            let place =
                wrong.argument.and_then(|position| arguments.get(position)?.as_ref()).unwrap_or(syntax);
            self.at(place, wrong.problem)
        })
    }

    /// Patterns that are sound one by one can be too much together.
    fn weigh(&mut self, syntax: &Syntax, prepared: &Prepared) -> Result<(), ExpressionError> {
        let Prepared::Replace(plan) = prepared else { return Ok(()) };
        self.weight = self.weight.saturating_add(plan.weight());
        if self.weight <= HEAVIEST {
            return Ok(());
        }
        Err(self.at(syntax, "the patterns up to here repeat too much together; use smaller repetitions such as {1,20}, or + and *"))
    }

    /// The words that mean something without quotes.
    fn word(&self, syntax: &Syntax, word: &str) -> Result<NodeKind, ExpressionError> {
        match truth(word) {
            Some(truth) => Ok(NodeKind::Constant(truth.into())),
            None if word.eq_ignore_ascii_case("IgnoreAttributeFlow") => Ok(NodeKind::IgnoreFlow),
            None if word.eq_ignore_ascii_case("IgnoreObjectFlow") => Err(self.at(
                syntax,
                "an attribute cannot leave the whole person out; move the condition into the scoping filter",
            )),
            None => Err(self.bare_word(syntax, &shortened(word))),
        }
    }

    fn bare_word(&self, syntax: &Syntax, word: &str) -> ExpressionError {
        let cure = match functions::named(word) {
            Some(function) => format!("write {}() for the function", function.name),
            None if ["null", "nothing"].contains(&word.to_lowercase().as_str()) => {
                "leave the argument empty for no value".to_owned()
            }
            None => format!("write [{word}] for the attribute or \"{word}\" for the text"),
        };
        self.at(syntax, format!("'{word}' stands alone; {cure}"))
    }

    fn at(&self, syntax: &Syntax, problem: impl Into<String>) -> ExpressionError {
        ExpressionError::at(self.text, syntax.at.start, problem)
    }
}

/// Why an argument can never be what its parameter takes.
fn wrong_kind(node: &Node, function: &Function, parameter: &Parameter) -> Option<String> {
    match (parameter.kind, &node.kind) {
        (Kind::Integer, NodeKind::Constant(text)) if text.trim().parse::<i64>().is_err() => Some(format!(
            "'{}' of {} takes a whole number, and '{}' is none",
            parameter.name,
            function.name,
            shortened(text)
        )),
        (Kind::Integer, NodeKind::Call(call))
            if matches!(call.function.returns, Kind::Boolean | Kind::DateTime) =>
        {
            Some(format!(
                "'{}' of {} takes a whole number, and {} never gives one",
                parameter.name, function.name, call.function.name
            ))
        }
        _ => None,
    }
}

/// The text of a constant.
fn constant(syntax: &Syntax) -> Option<&str> {
    match &syntax.kind {
        SyntaxKind::Text(text) | SyntaxKind::Number(text) => Some(text),
        SyntaxKind::Identifier(word) => Some(truth(word).unwrap_or(word)),
        _ => None,
    }
}

fn truth(word: &str) -> Option<&'static str> {
    match word {
        _ if word.eq_ignore_ascii_case("true") => Some("True"),
        _ if word.eq_ignore_ascii_case("false") => Some("False"),
        _ => None,
    }
}

/// The parameter that the argument at a position fills.
pub(super) fn parameter(function: &'static Function, position: usize) -> Option<&'static Parameter> {
    let all = function.parameters;
    if position < all.len() || function.repeating == 0 {
        return all.get(position);
    }
    let first = all.len().checked_sub(function.repeating)?;
    all.get(first + (position - first) % function.repeating)
}

/// The function as it is called: `Join(separator, source, …)`.
fn signature(function: &Function) -> String {
    let names: Vec<_> = function.parameters.iter().map(|parameter| parameter.name).collect();
    let more = if function.repeating > 0 { ", …" } else { "" };
    format!("{}({}{more})", function.name, names.join(", "))
}

fn unknown(name: &str) -> String {
    let name = &*shortened(name);
    let begins = |known: &str| name.len() > 2 && name.to_lowercase().starts_with(&known.to_lowercase());
    let begun = functions::all()
        .map(|function| function.name)
        .filter(|known| begins(known))
        .max_by_key(|known| known.len());
    let nearest = functions::all()
        .map(|function| {
            (strsim::damerau_levenshtein(&name.to_lowercase(), &function.name.to_lowercase()), function.name)
        })
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 3 + 1 && 2 * distance <= known.len());
    match nearest.map(|(_, known)| known).or(begun) {
        Some(known) => format!("there is no function '{name}'; did you mean {known}?"),
        None => format!("there is no function '{name}'; `rollcall expr --functions` lists them all"),
    }
}
