//! What follows a backslash, and what stands between square brackets.

use super::PatternError;
use super::class::{self, Class, Item, Named};
use super::parse::{Parser, is_word};
use super::syntax::{Anchor, Node};
use super::units;

impl Parser<'_> {
    /// Behind the backslash at `from`, outside of a class.
    pub(super) fn escape(&mut self, from: usize) -> Result<Node, PatternError> {
        let Some(c) = self.peek() else {
            return Err(self.error(from, r"the pattern ends with a single '\'; write '\\' for the character"));
        };
        if let Some(set) = self.shorthand(from)? {
            return Ok(Node::Class(set));
        }
        let anchor = match c {
            'A' => Anchor::Start,
            'z' => Anchor::End,
            'Z' => Anchor::FinalEnd,
            'b' => Anchor::Boundary,
            'B' => Anchor::NoBoundary,
            'G' => {
                return Err(
                    self.error(from, r"'\G' cannot be honoured; write '\A' for the beginning of the value")
                );
            }
            'k' | '<' | '\'' => return self.named_reference(from, c),
            '1'..='9' => return self.numbered_reference(from),
            _ => {
                let c = self.escaped_character(from)?;
                return Ok(self.literal(c));
            }
        };
        self.at += 1;
        Ok(Node::Anchor(anchor))
    }

    /// `\d`, `\p{…}` and their like; `None` when something else is escaped.
    fn shorthand(&mut self, from: usize) -> Result<Option<Class>, PatternError> {
        let (named, negated) = match self.peek() {
            Some(c @ ('d' | 'D')) => (Named::Digit, c == 'D'),
            Some(c @ ('s' | 'S')) => (Named::Space, c == 'S'),
            Some(c @ ('w' | 'W')) => (Named::Word, c == 'W'),
            Some(c @ ('p' | 'P')) => {
                self.at += 1;
                return self.property(from, c == 'P').map(Some);
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(Class::of(named, negated)))
    }

    fn property(&mut self, from: usize, negated: bool) -> Result<Class, PatternError> {
        let mut name = String::new();
        let opened = self.next() == Some('{');
        while let Some(c) = self.peek().filter(|c| opened && (is_word(*c) || *c == '-')) {
            name.push(c);
            self.at += 1;
        }
        if !opened || self.next() != Some('}') {
            return Err(self.error(from, r"a property is written in braces, as in '\p{Lu}'"));
        }
        if class::tells_case(&name) {
            self.tells_case = Some(from);
        }
        class::named(&name, negated).ok_or_else(|| {
            self.error(from, format!("the property '{name}' is none that .NET knows, or a block that Rollcall does not; name a general category such as L or Nd, or write a range such as '[\\u0100-\\u017F]'"))
        })
    }

    /// `\k<name>`, and the older `\<name>`.
    fn named_reference(&mut self, from: usize, c: char) -> Result<Node, PatternError> {
        let before = self.at;
        self.at += 1;
        let open = if c == 'k' { self.next() } else { Some(c) };
        let close = match open {
            Some('<') => '>',
            Some('\'') => '\'',
            _ => return Err(self.error(from, r"a reference to a group is written '\k<name>'")),
        };
        let name = self.word();
        if name.is_empty() || self.next() != Some(close) {
            if c == 'k' {
                return Err(self.error(from, r"a reference to a group is written '\k<name>'"));
            }
            self.at = before + 1;
            return Ok(self.literal(c));
        }
        let Some(groups) = self.groups else { return Ok(Node::Sequence(Vec::new())) };
        match groups.called(&name) {
            Some(group) => self.backreference(from, group),
            None => Err(self.error(
                from,
                format!("there is no group '{name}' to refer to; name one, or correct the reference"),
            )),
        }
    }

    /// `\1`; a number that no group has is a character in octal, unless it is a single digit.
    fn numbered_reference(&mut self, from: usize) -> Result<Node, PatternError> {
        let before = self.at;
        let number = self.decimal();
        let Some(groups) = self.groups else { return Ok(Node::Sequence(Vec::new())) };
        if let Some(group) = groups.numbered(number) {
            return self.backreference(from, group);
        }
        if number <= 9 {
            return Err(self.error(
                from,
                format!("there is no group {number} to refer to; add one, or correct the reference"),
            ));
        }
        self.at = before;
        let c = self.escaped_character(from)?;
        Ok(self.literal(c))
    }

    /// The one character an escape stands for.
    fn escaped_character(&mut self, from: usize) -> Result<char, PatternError> {
        let Some(c) = self.next() else {
            return Err(self.error(from, r"the pattern ends with a single '\'; write '\\' for the character"));
        };
        Ok(match c {
            '0'..='7' => {
                self.at -= 1;
                self.octal()
            }
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'v' => '\u{B}',
            'f' => '\u{C}',
            'r' => '\r',
            'e' => '\u{1B}',
            'x' => self.hex(from, 2)?,
            'u' => self.hex(from, 4)?,
            'c' => self.control(from)?,
            c if is_word(c) => {
                return Err(self.error(
                    from,
                    format!("the escape '\\{c}' is unknown to .NET; write '{c}' for the character"),
                ));
            }
            c => c,
        })
    }

    /// Up to three octal digits, of which eight bits count.
    fn octal(&mut self) -> char {
        let mut number: u32 = 0;
        for _ in 0..3 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            number = number * 8 + digit;
            self.at += 1;
        }
        char::from(number.to_le_bytes()[0])
    }

    fn hex(&mut self, from: usize, digits: usize) -> Result<char, PatternError> {
        let mut number = 0;
        for _ in 0..digits {
            let Some(digit) = self.next().and_then(|c| c.to_digit(16)) else {
                return Err(self.error(from, format!("this escape takes {digits} hexadecimal digits")));
            };
            number = number * 16 + digit;
        }
        // Four digits are always a unit of UTF-16.
        units::unit_of(number).ok_or_else(|| self.error(from, "this escape is no character"))
    }

    fn control(&mut self, from: usize) -> Result<char, PatternError> {
        match self.next().map(|c| c.to_ascii_uppercase()) {
            Some(c @ '@'..='_') => Ok(char::from((u32::from(c) - u32::from('@')).to_le_bytes()[0])),
            _ => Err(self.error(from, r"a control character is written with a letter, as in '\cC'")),
        }
    }

    /// Behind the '[' at `from`. Only a backslash, a closing bracket, a range and a subtraction mean anything in it.
    pub(super) fn class(&mut self, from: usize) -> Result<Class, PatternError> {
        let mut class = Class { negated: self.peek() == Some('^'), ..Class::default() };
        self.at += usize::from(class.negated);
        let mut is_first = true;
        loop {
            let at = self.at;
            let (c, escaped) = match self.next() {
                None => {
                    return Err(
                        self.error(from, r"this '[' is not closed; add ']', or write '\[' for the character")
                    );
                }
                Some(']') if !is_first => break,
                Some('\\') if self.peek() == Some('-') => {
                    self.at += 1;
                    class.items.push(Item::Range('-', '-'));
                    is_first = false;
                    continue;
                }
                Some('\\') => match self.shorthand(at)? {
                    Some(set) => {
                        class.items.extend(set.items);
                        is_first = false;
                        continue;
                    }
                    None => (self.escaped_character(at)?, true),
                },
                Some(c) => (c, false),
            };
            if c == '-' && !escaped && !is_first && self.peek() == Some('[') {
                self.subtraction(&mut class)?;
            } else if self.peek() == Some('-') && self.ahead(1).is_some_and(|c| c != ']') {
                self.range(at, c, &mut class)?;
            } else {
                class.items.push(Item::Range(c, c));
            }
            is_first = false;
        }
        if self.options.ignore_case {
            class.ignore_case();
        }
        Ok(class)
    }

    /// Before the '-' of a range that begins with `first`; it may turn out to be a subtraction.
    fn range(&mut self, at: usize, first: char, class: &mut Class) -> Result<(), PatternError> {
        self.at += 1;
        let last_at = self.at;
        let last = match self.next() {
            Some('[') => {
                class.items.push(Item::Range(first, first));
                self.at -= 1;
                return self.subtraction(class);
            }
            // Versions of .NET read `[+-\-]` differently.
            Some('\\') if self.peek() == Some('-') => {
                return Err(self.error(
                    last_at,
                    r"a range cannot end with '\-'; write '\x2D', or '-' as the last character of the class",
                ));
            }
            Some('\\') => {
                if self.shorthand(last_at)?.is_some() {
                    return Err(self.error(
                        last_at,
                        r"a range cannot end with a set such as '\d'; write '-' last, or escape it",
                    ));
                }
                self.escaped_character(last_at)?
            }
            Some(last) => last,
            None => return Err(self.error(at, "this range is not complete")),
        };
        if last < first {
            return Err(
                self.error(at, "this range is the wrong way round; write the smaller character first")
            );
        }
        class.items.push(Item::Range(first, last));
        Ok(())
    }

    /// At the '[' of a subtraction, which must stand last.
    fn subtraction(&mut self, class: &mut Class) -> Result<(), PatternError> {
        let at = self.at;
        self.at += 1;
        class.minus = Some(Box::new(self.class(at)?));
        if self.peek().is_some_and(|c| c != ']') {
            return Err(self.error(at, "a subtraction stands last in its class; move what follows before it"));
        }
        Ok(())
    }
}
