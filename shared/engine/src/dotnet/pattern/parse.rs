//! From the text of a pattern to its tree, read as .NET reads it.
//!
//! In: a pattern. Out: a [`Node`] and the [`Groups`], or a refusal with the position: what .NET would refuse, and what
//! the engine could not do exactly as .NET does.
//!
//! A pattern is read twice, because `\12` is group 12 if the pattern has one, even behind it, and a character in octal
//! otherwise. The first reading counts the groups, the second builds on them.

use super::PatternError;
use super::class::{Class, Item};
use super::groups::{Groups, Label};
use super::syntax::{Anchor, Node};
use super::units;

/// The largest number a quantifier may hold: longer than any name, and short enough to be compiled.
const MOST_TIMES: u32 = 1_000;

/// Reads a pattern.
///
/// # Errors
/// The first thing in it that is wrong or that cannot be honoured.
pub(super) fn parse(pattern: &str) -> Result<(Node, Groups), PatternError> {
    let mut counting = Parser::new(pattern, None);
    counting.whole()?;
    let Parser { labels, opened, .. } = counting;
    let groups = Groups::number(&labels).map_err(|position| {
        let at = opened.get(position).copied().unwrap_or_default();
        PatternError::at(at, "two groups share a name or number; give each its own")
    })?;
    let mut parser = Parser::new(pattern, Some(&groups));
    let node = parser.whole()?;
    Ok((node, groups))
}

/// The options that hold at a place: `(?imnsx)`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Options {
    pub(super) ignore_case: bool,
    pub(super) multiline: bool,
    pub(super) explicit: bool,
    pub(super) single_line: bool,
    pub(super) extended: bool,
}

/// What reads a pattern.
pub(super) struct Parser<'a> {
    /// The pattern, one character for each of .NET's.
    units: Vec<char>,
    pub(super) at: usize,
    pub(super) options: Options,
    pub(super) labels: Vec<Label>,
    /// Where each group opens.
    pub(super) opened: Vec<usize>,
    /// Engine indexes of the groups that enclose the current place.
    pub(super) enclosing: Vec<usize>,
    pub(super) depth: usize,
    /// Whether the current place is inside a look-behind.
    pub(super) behind: bool,
    /// Where a set tells upper from lower case.
    pub(super) tells_case: Option<usize>,
    /// Whether case is ignored anywhere.
    pub(super) ignores_case: bool,
    pub(super) groups: Option<&'a Groups>,
}

impl<'a> Parser<'a> {
    fn new(pattern: &str, groups: Option<&'a Groups>) -> Self {
        Self {
            units: units::split(pattern).chars().collect(),
            at: 0,
            options: Options::default(),
            labels: Vec::new(),
            opened: Vec::new(),
            enclosing: Vec::new(),
            depth: 0,
            behind: false,
            tells_case: None,
            ignores_case: false,
            groups,
        }
    }

    fn whole(&mut self) -> Result<Node, PatternError> {
        let node = self.alternatives()?;
        match (self.peek(), self.tells_case) {
            (None, Some(at)) if self.ignores_case => Err(self.error(at, "a set such as '\\p{Lu}' tells cases apart in a pattern that ignores case, which versions of .NET read differently; write the characters as a range")),
            (None, _) => Ok(node),
            (Some(_), _) => Err(self.error(self.at, r"this ')' closes nothing; remove it, or write '\)' for the character")),
        }
    }

    pub(super) fn alternatives(&mut self) -> Result<Node, PatternError> {
        let mut alternatives = Vec::new();
        let mut sequence = Vec::new();
        loop {
            self.blank()?;
            match self.peek() {
                None | Some(')') => break,
                Some('|') => {
                    self.at += 1;
                    alternatives.push(Node::sequence(std::mem::take(&mut sequence)));
                }
                Some(_) => {
                    let from = self.at;
                    if let Some(atom) = self.atom()? {
                        sequence.push(self.quantified(from, atom)?);
                    }
                }
            }
        }
        let last = Node::sequence(sequence);
        if alternatives.is_empty() {
            return Ok(last);
        }
        alternatives.push(last);
        Ok(Node::Either(alternatives))
    }

    /// One thing that a quantifier could follow; `None` for options, which are nothing by themselves.
    fn atom(&mut self) -> Result<Option<Node>, PatternError> {
        let from = self.at;
        if self.is_quantifier() {
            return Err(self.error(from, "this quantifier has nothing before it to repeat; escape it with '\\' if the character is meant"));
        }
        let Some(c) = self.next() else { return Ok(None) };
        let multiline = self.options.multiline;
        Ok(Some(match c {
            '(' => return self.group(from),
            '[' => Node::Class(self.class(from)?),
            '\\' => self.escape(from)?,
            '^' => Node::Anchor(if multiline { Anchor::LineStart } else { Anchor::Start }),
            '$' => Node::Anchor(if multiline { Anchor::LineEnd } else { Anchor::FinalEnd }),
            '.' if self.options.single_line => {
                Node::Class(Class { negated: false, items: vec![Item::Range('\0', char::MAX)], minus: None })
            }
            '.' => Node::Class(Class { negated: true, items: vec![Item::Range('\n', '\n')], minus: None }),
            c => self.literal(c),
        }))
    }

    /// A character that stands for itself, or for all its spellings where case is ignored.
    pub(super) fn literal(&self, c: char) -> Node {
        match self.options.ignore_case.then(|| Class::letter(c)).flatten() {
            Some(letter) => Node::Class(letter),
            None => Node::Literal(c),
        }
    }

    fn quantified(&mut self, from: usize, body: Node) -> Result<Node, PatternError> {
        self.blank()?;
        let at = self.at;
        if !self.is_quantifier() {
            return Ok(body);
        }
        let (least, most) = match self.next() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            _ => self.counts(at)?,
        };
        self.blank()?;
        let lazy = self.peek() == Some('?');
        if lazy {
            self.at += 1;
        }
        self.blank()?;
        if self.is_quantifier() {
            return Err(self.error(self.at, "two quantifiers follow each other, which .NET refuses; put the first part into '(?:…)', or write '(?>…)' for one that gives nothing back"));
        }
        self.repeatable(from, &body, most, lazy)?;
        Ok(Node::Repeat { body: Box::new(body), least, most, lazy })
    }

    /// The engines disagree about rounds that take no character: about what a group in them holds, about when there are
    /// enough of them, and about places that are repeated.
    fn repeatable(
        &self,
        from: usize,
        body: &Node,
        most: Option<u32>,
        lazy: bool,
    ) -> Result<(), PatternError> {
        // The first reading knows no references yet.
        if self.groups.is_none() {
            return Ok(());
        }
        if body.width() == (0, Some(0)) {
            return Err(self.error(from, "this part takes no character and cannot be repeated; remove the quantifier, or escape what it stands behind"));
        }
        let keeps = body.any(&|node| matches!(node, Node::Group(..)));
        if (keeps || lazy) && most.is_none_or(|most| most > 1) && body.width().0 == 0 {
            return Err(self.error(from, "this part is repeated although it can be empty; move the repetition outwards or inwards, so that each round takes a character"));
        }
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,5}`, behind its brace.
    fn counts(&mut self, at: usize) -> Result<(u32, Option<u32>), PatternError> {
        let least = self.decimal();
        let most = if self.peek() == Some(',') {
            self.at += 1;
            let from = self.at;
            let most = self.decimal();
            if self.at == from { None } else { Some(most) }
        } else {
            Some(least)
        };
        self.at += 1;
        if least.max(most.unwrap_or_default()) > MOST_TIMES {
            return Err(self.error(at, format!("a quantifier repeats at most {MOST_TIMES} times; write '*' or '+' where no limit is meant")));
        }
        if most.is_some_and(|most| most < least) {
            return Err(self
                .error(at, "this quantifier's limits are the wrong way round; write the smaller one first"));
        }
        Ok((least, most))
    }

    /// Skips comments and, where options say so, white space.
    fn blank(&mut self) -> Result<(), PatternError> {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\n' | '\r' | '\u{C}') if self.options.extended => self.at += 1,
                Some('#') if self.options.extended => while self.next().is_some_and(|c| c != '\n') {},
                Some('(') if self.ahead(1) == Some('?') && self.ahead(2) == Some('#') => {
                    let from = self.at;
                    while self.peek().is_some_and(|c| c != ')') {
                        self.at += 1;
                    }
                    if self.next().is_none() {
                        return Err(self.error(from, "this comment is not closed; add ')'"));
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Whether a quantifier stands here. A brace is one only with numbers in it.
    fn is_quantifier(&self) -> bool {
        match self.peek() {
            Some('*' | '+' | '?') => true,
            Some('{') => {
                let mut rest = self.units.iter().skip(self.at + 1).skip_while(|c| c.is_ascii_digit());
                self.ahead(1).is_some_and(|c| c.is_ascii_digit())
                    && match rest.next() {
                        Some('}') => true,
                        Some(',') => rest.find(|c| !c.is_ascii_digit()) == Some(&'}'),
                        _ => false,
                    }
            }
            _ => false,
        }
    }

    /// A backreference to a group that is known by now.
    pub(super) fn backreference(&self, from: usize, group: usize) -> Result<Node, PatternError> {
        if self.enclosing.contains(&group) {
            return Err(self.error(from, "a group refers to itself; refer to it behind its end"));
        }
        if self.options.ignore_case {
            return Err(self.error(from, "a reference to a group that ignores case cannot be honoured; switch it off with '(?-i:…)' around the reference"));
        }
        if self.behind {
            return Err(self.error(
                from,
                "a reference to a group in a look-behind cannot be honoured; put it outside of it",
            ));
        }
        Ok(Node::Backreference(group))
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, by: usize) -> Option<char> {
        self.units.get(self.at + by).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    /// Digits as a number, as large as may be.
    pub(super) fn decimal(&mut self) -> u32 {
        let mut number: u32 = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit);
            self.at += 1;
        }
        number
    }

    /// The characters of a name.
    pub(super) fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek().filter(|c| is_word(*c)) {
            word.push(c);
            self.at += 1;
        }
        word
    }

    pub(super) fn error(&self, at: usize, problem: impl Into<String>) -> PatternError {
        PatternError::at(self.position(at), problem)
    }

    /// The character a unit belongs to, counted from 1.
    pub(super) fn position(&self, at: usize) -> usize {
        self.units.iter().take(at).filter(|c| !units::is_second_half(**c)).count() + 1
    }
}

/// What names consist of, and what an escape refuses unless it knows it.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
