//! What stands between parentheses: groups, look-around and options.

use super::PatternError;
use super::groups::Label;
use super::parse::Parser;
use super::syntax::Node;

/// How deep groups may lie in each other. Nobody reads a pattern deeper than this, and the engine allows about three
/// levels of its own for each.
const DEEPEST: usize = 16;

impl Parser<'_> {
    /// Behind the '(' at `from`.
    pub(super) fn group(&mut self, from: usize) -> Result<Option<Node>, PatternError> {
        if self.depth == DEEPEST {
            return Err(self.error(
                from,
                format!("groups lie in each other at most {DEEPEST} deep; simplify the pattern"),
            ));
        }
        let outside = self.options;
        self.depth += 1;
        let node = if self.peek() == Some('?') {
            self.at += 1;
            self.special(from)?
        } else if self.options.explicit {
            Some(self.inside(from)?)
        } else {
            Some(self.capture(from, Label::None)?)
        };
        self.depth -= 1;
        if node.is_some() {
            self.options = outside;
        }
        Ok(node)
    }

    /// Behind `(?`.
    fn special(&mut self, from: usize) -> Result<Option<Node>, PatternError> {
        let next = (self.next(), self.peek());
        Ok(Some(match next {
            (Some(':'), _) => self.inside(from)?,
            (Some('>'), _) => {
                if self.behind {
                    return Err(self.error(from, "a group that gives nothing back, '(?>…)', stands in a look-behind, where .NET reads backwards; write '(?:…)'"));
                }
                Node::Atomic(Box::new(self.inside(from)?))
            }
            (Some(sign @ ('=' | '!')), _) => {
                let behind = std::mem::take(&mut self.behind);
                let body = Box::new(self.inside(from)?);
                self.behind = behind;
                Node::Look { ahead: true, wanted: sign == '=', body }
            }
            (Some('<'), Some(sign @ ('=' | '!'))) => {
                self.at += 1;
                self.look_behind(from, sign == '=')?
            }
            (Some('<'), _) => self.named(from, '>')?,
            (Some('\''), _) => self.named(from, '\'')?,
            (Some('('), _) => return Err(self.error(from, "a condition, '(?(…)…|…)', cannot be honoured; write one alternative for each case, as in '(?:(a)b|c)'")),
            _ => {
                self.at -= usize::from(next.0.is_some());
                return self.inline_options(from);
            }
        }))
    }

    /// What stands up to the closing parenthesis.
    fn inside(&mut self, from: usize) -> Result<Node, PatternError> {
        let node = self.alternatives()?;
        match self.next() {
            Some(')') => Ok(node),
            _ => Err(self.error(from, r"this group is not closed; add ')', or write '\(' for the character")),
        }
    }

    fn capture(&mut self, from: usize, label: Label) -> Result<Node, PatternError> {
        if self.behind {
            return Err(self.error(from, "a look-behind keeps the text of a group, which .NET finds reading backwards; write '(?:…)', or put the group outside of it"));
        }
        self.labels.push(label);
        self.opened.push(self.position(from));
        let index = self.labels.len();
        self.enclosing.push(index);
        let body = self.inside(from)?;
        self.enclosing.pop();
        Ok(Node::Group(index, Box::new(body)))
    }

    /// Behind `(?<` or `(?'`.
    fn named(&mut self, from: usize, close: char) -> Result<Node, PatternError> {
        let is_number = self.peek().is_some_and(|c| c.is_ascii_digit());
        let label = if is_number { Label::Number(self.decimal()) } else { Label::Name(self.word()) };
        match self.next() {
            Some('-') => Err(self.error(from, "a balancing group, '(?<a-b>…)', cannot be honoured; describe what may stand inside instead")),
            Some(c) if c == close => match label {
                Label::Number(0) => Err(self.error(from, "a group cannot have the number 0, which stands for the whole match; choose another")),
                Label::Name(name) if name.is_empty() => Err(self.error(from, "this group's name is empty; name it, or write '(…)'")),
                label => self.capture(from, label),
            },
            _ => Err(self.error(from, format!("a group's name consists of letters, digits and '_', or is a number, and ends with '{close}'"))),
        }
    }

    /// Behind `(?<=` or `(?<!`. Every alternative gets a look-behind of its own, because the engine steps back by one
    /// known width.
    fn look_behind(&mut self, from: usize, wanted: bool) -> Result<Node, PatternError> {
        let behind = std::mem::replace(&mut self.behind, true);
        let body = self.inside(from)?;
        self.behind = behind;
        let alternatives: Vec<Node> = body
            .alternatives()
            .iter()
            .map(|alternative| match alternative.width() {
                (least, Some(most)) if least == most => {
                    Ok(Node::Look { ahead: false, wanted, body: Box::new(alternative.clone()) })
                }
                _ => Err(self.error(from, "a look-behind must have a fixed length here; write one alternative for each length it can have, as in '(?<=a|bc)'")),
            })
            .collect::<Result<_, _>>()?;
        Ok(match (alternatives.len(), wanted) {
            (1, _) | (_, false) => Node::sequence(alternatives),
            _ => Node::Either(alternatives),
        })
    }

    /// `(?i)`, or the options of `(?i-s:…)` with what they hold for.
    fn inline_options(&mut self, from: usize) -> Result<Option<Node>, PatternError> {
        let mut on = true;
        while let Some(c) = self.next() {
            match c.to_ascii_lowercase() {
                '-' => on = false,
                '+' => on = true,
                'i' => {
                    self.options.ignore_case = on;
                    self.ignores_case |= on;
                }
                'm' => self.options.multiline = on,
                'n' => self.options.explicit = on,
                's' => self.options.single_line = on,
                'x' => self.options.extended = on,
                ')' if self.at > from + 3 => return Ok(None),
                ':' => return self.inside(from).map(Some),
                _ => break,
            }
        }
        Err(self.error(from, "this kind of group is unknown; '(?…)' knows ':', '>', '=', '!', '<=', '<!', '<name>', '#' and the options i, m, n, s, x"))
    }
}
