//! From text to a filter, or to the path of a PATCH operation: a recursive-descent parser over a list of tokens.
//!
//! In: text. Out: a [`Filter`] or a [`PatchPath`], or a sentence that says what was expected where. Promise: at
//! most [`DEEPEST`] levels of brackets are followed.

use serde_json::Value;

use super::{AttributePath, Filter, Operator};

/// More levels than people write, and far fewer than the stack holds.
const DEEPEST: usize = 32;

/// `attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub` (RFC 7644 section 3.5.2).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PatchPath {
    pub(crate) attribute: AttributePath,
    pub(crate) filter: Option<Filter>,
}

/// Reads a filter.
///
/// # Errors
/// A sentence for the `detail` of `invalidFilter`.
pub(crate) fn parse(text: &str) -> Result<Filter, String> {
    let mut parser = Parser::new(text)?;
    let filter = parser.alternatives()?;
    parser.end()?;
    Ok(filter)
}

/// Reads the path of a PATCH operation. With a filter, the sub-attribute after the bracket is the path's.
///
/// # Errors
/// A sentence for the `detail` of `invalidPath`.
pub(crate) fn parse_patch_path(text: &str) -> Result<PatchPath, String> {
    let mut parser = Parser::new(text)?;
    let mut attribute = parser.attribute()?;
    let filter = parser.brackets()?;
    if filter.is_some() {
        attribute.sub = parser.sub_attribute()?;
    }
    parser.end()?;
    Ok(PatchPath { attribute, filter })
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    OpenElement,
    CloseElement,
    Word(String),
    Text(String),
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, String> {
        Ok(Self { tokens: tokens(text)?, next: 0, depth: 0 })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    /// Steps over a token if it is the next one.
    fn skip(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token, name: &str) -> Result<(), String> {
        if self.skip(token) { Ok(()) } else { Err(self.expected(name)) }
    }

    fn expected(&self, what: &str) -> String {
        match self.peek() {
            Some(Token::Word(word)) => format!("expected {what}, found `{word}`"),
            Some(Token::Text(text)) => format!("expected {what}, found {}", Value::from(text.as_str())),
            Some(Token::Open | Token::Close) => format!("expected {what}, found a parenthesis"),
            Some(Token::OpenElement | Token::CloseElement) => format!("expected {what}, found a bracket"),
            None => format!("expected {what}, found the end"),
        }
    }

    fn end(&self) -> Result<(), String> {
        if self.peek().is_none() { Ok(()) } else { Err(self.expected("the end")) }
    }

    fn alternatives(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.conjunction()?];
        while self.skip_word("or") {
            parts.push(self.conjunction()?);
        }
        Ok(only_or(parts, Filter::Or))
    }

    fn conjunction(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.term()?];
        while self.skip_word("and") {
            parts.push(self.term()?);
        }
        Ok(only_or(parts, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, String> {
        let negated = self.tokens.get(self.next + 1) == Some(&Token::Open) && self.skip_word("not");
        if self.peek() != Some(&Token::Open) {
            return self.attribute_expression();
        }
        self.next += 1;
        let inner = self.nested()?;
        self.expect(&Token::Close, "`)`")?;
        Ok(if negated { Filter::Not(Box::new(inner)) } else { inner })
    }

    fn nested(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("nested more than {DEEPEST} levels deep"));
        }
        let inner = self.alternatives()?;
        self.depth -= 1;
        Ok(inner)
    }

    fn attribute_expression(&mut self) -> Result<Filter, String> {
        let path = self.attribute()?;
        let Some(inner) = self.brackets()? else { return self.comparison(path) };
        // `emails[type eq "work"].value eq "x"` is not in the RFC's grammar, but clients send it: it says the same
        // as `emails[type eq "work" and value eq "x"]`.
        let inner = match self.sub_attribute()? {
            None => inner,
            Some(name) => {
                let comparison = self.comparison(AttributePath { schema: None, name, sub: None })?;
                Filter::And(vec![inner, comparison])
            }
        };
        Ok(Filter::Element(path, Box::new(inner)))
    }

    fn attribute(&mut self) -> Result<AttributePath, String> {
        let Some(Token::Word(word)) = self.peek() else { return Err(self.expected("an attribute")) };
        let path =
            AttributePath::parse(word).ok_or_else(|| format!("`{word}` is not an attribute's name"))?;
        self.next += 1;
        Ok(path)
    }

    fn brackets(&mut self) -> Result<Option<Filter>, String> {
        if !self.skip(&Token::OpenElement) {
            return Ok(None);
        }
        let inner = self.nested()?;
        self.expect(&Token::CloseElement, "`]`")?;
        Ok(Some(inner))
    }

    /// The `.value` after a closing bracket.
    fn sub_attribute(&mut self) -> Result<Option<String>, String> {
        let Some(Token::Word(word)) = self.peek() else { return Ok(None) };
        let Some(name) = word.strip_prefix('.') else { return Ok(None) };
        let valid = AttributePath::parse(name).is_some_and(|path| path.name == name);
        let name = valid.then(|| name.to_owned()).ok_or_else(|| self.expected("a sub-attribute"))?;
        self.next += 1;
        Ok(Some(name))
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Filter, String> {
        if self.skip_word("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = match self.peek() {
            Some(Token::Word(word)) => Operator::parse(word),
            _ => None,
        };
        let operator = operator.ok_or_else(|| self.expected("an operator such as `eq` or `pr`"))?;
        self.next += 1;
        let value = self.value()?;
        check(operator, &value)?;
        Ok(Filter::Compare(path, operator, value))
    }

    fn value(&mut self) -> Result<Value, String> {
        let expected = self.expected("a value: a string in double quotes, a number, true, false or null");
        match self.take() {
            Some(Token::Text(text)) => Ok(Value::String(text)),
            Some(Token::Word(word)) => match serde_json::from_str(&word.to_ascii_lowercase()) {
                Ok(value) => Ok(value),
                Err(_) => Err(expected),
            },
            _ => Err(expected),
        }
    }
}

/// Booleans have no order, and only strings have parts (RFC 7644 table 3).
fn check(operator: Operator, value: &Value) -> Result<(), String> {
    use Operator::{Contains, EndsWith, Equal, NotEqual, StartsWith};
    let fits = match operator {
        Equal | NotEqual => true,
        Contains | StartsWith | EndsWith => value.is_string(),
        _ => value.is_string() || value.is_number(),
    };
    if fits { Ok(()) } else { Err(format!("`{}` cannot be used with {value}", operator.name())) }
}

fn only_or(mut parts: Vec<Filter>, chain: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            chain(parts)
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenElement, 1),
            ']' => (Token::CloseElement, 1),
            '"' => quoted(rest)?,
            _ => {
                let length = rest.find(is_delimiter).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"')
}

/// A JSON string at the start of the text, and how long it is there.
fn quoted(text: &str) -> Result<(Token, usize), String> {
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match strings.next() {
        Some(Ok(string)) => Ok((Token::Text(string), strings.byte_offset())),
        _ => Err("a string has no closing quote, or an escape that JSON does not have".to_owned()),
    }
}
