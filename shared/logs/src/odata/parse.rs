//! From text to conditions, by recursive descent over the words.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::properties::{Kind as PropertyKind, PROPERTIES, Property};
use super::words::{Kind, Word, words};
use super::{Comparison, Condition, DEEPEST, Filter, FilterError, Fold, LONGEST, Operand, TextTest, Value};

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// The first thing that is wrong: where, what, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > LONGEST {
            let problem = format!("a filter has {LONGEST} bytes at the most; ask in several questions");
            return Err(FilterError::at(text, text.len(), problem));
        }
        let mut parser = Parser { text, words: words(text)?, next: 0, depth: 0 };
        let condition = parser.either()?;
        match parser.peek() {
            None => Ok(Self(Some(condition))),
            Some(Kind::Close) => Err(parser.wrong("this parenthesis closes none")),
            Some(_) => Err(parser.wrong("here 'and', 'or' or the end is expected")),
        }
    }
}

type Parsed<T> = Result<T, FilterError>;

struct Parser<'t> {
    text: &'t str,
    words: Vec<Word<'t>>,
    next: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&Kind<'t>> {
        self.words.get(self.next).map(|word| &word.kind)
    }

    /// The next word, when it is a plain one.
    fn plain(&self) -> Option<&'t str> {
        match self.peek() {
            Some(Kind::Plain(word)) => Some(word),
            _ => None,
        }
    }

    /// Takes the next word, when it is this keyword.
    fn takes(&mut self, keyword: &str) -> bool {
        let is_it = self.plain().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, kind: &Kind<'_>, problem: &str) -> Parsed<()> {
        if self.peek() != Some(kind) {
            return Err(self.wrong(problem));
        }
        self.next += 1;
        Ok(())
    }

    /// A problem with the next word, or with there being none.
    fn wrong(&self, problem: impl Into<String>) -> FilterError {
        let at = self.words.get(self.next).map_or(self.text.len(), |word| word.at);
        FilterError::at(self.text, at, problem)
    }

    fn either(&mut self) -> Parsed<Condition> {
        let mut conditions = vec![self.all()?];
        while self.takes("or") {
            conditions.push(self.all()?);
        }
        Ok(one_or(conditions, Condition::Any))
    }

    fn all(&mut self) -> Parsed<Condition> {
        let mut conditions = vec![self.one()?];
        while self.takes("and") {
            conditions.push(self.one()?);
        }
        Ok(one_or(conditions, Condition::All))
    }

    fn one(&mut self) -> Parsed<Condition> {
        let is_group = self.peek() == Some(&Kind::Open);
        if !is_group && !self.plain().is_some_and(|word| word.eq_ignore_ascii_case("not")) {
            return self.simple();
        }
        if self.depth == DEEPEST {
            return Err(self.wrong(format!("parentheses and 'not' nest {DEEPEST} levels at the most")));
        }
        self.depth += 1;
        self.next += 1;
        let condition = if is_group {
            let inner = self.either()?;
            self.expect(&Kind::Close, "here 'and', 'or' or a closing parenthesis is expected")?;
            inner
        } else {
            Condition::Not(Box::new(self.one()?))
        };
        self.depth -= 1;
        Ok(condition)
    }

    /// A test of a text, or a comparison.
    fn simple(&mut self) -> Parsed<Condition> {
        let test = match self.plain().map(str::to_ascii_lowercase).as_deref() {
            Some("contains") => TextTest::Contains,
            Some("startswith") => TextTest::StartsWith,
            Some("endswith") => TextTest::EndsWith,
            _ => return self.comparison(),
        };
        self.next += 1;
        self.expect(&Kind::Open, "a function's arguments stand in parentheses")?;
        let begins = self.next;
        let operand = self.operand()?;
        if !matches!(operand.property.kind, PropertyKind::Text | PropertyKind::Words(_)) {
            self.next = begins;
            return Err(
                self.wrong(format!("{} is no text; compare it with eq, gt or lt", operand.property.path))
            );
        }
        self.expect(&Kind::Comma, "a comma and the text to look for are expected here")?;
        let text = match self.peek() {
            Some(Kind::Quoted(text)) => text.clone(),
            _ => return Err(self.wrong("the text to look for is expected here, in single quotes")),
        };
        self.next += 1;
        self.expect(&Kind::Close, "a closing parenthesis is expected here")?;
        let condition = Condition::Text(operand, test, text);
        // Some clients write a test as a comparison.
        if !self.takes("eq") {
            return Ok(condition);
        }
        match () {
            () if self.takes("true") => Ok(condition),
            () if self.takes("false") => Ok(Condition::Not(Box::new(condition))),
            () => Err(self.wrong("'true' or 'false' is expected here")),
        }
    }

    fn comparison(&mut self) -> Parsed<Condition> {
        let operand = self.operand()?;
        if self.takes("in") {
            return self.one_of(operand);
        }
        let comparison = match self.plain().map(str::to_ascii_lowercase).as_deref() {
            Some("eq") => Comparison::Equal,
            Some("ne") => Comparison::NotEqual,
            Some("gt") => Comparison::Greater,
            Some("ge") => Comparison::GreaterOrEqual,
            Some("lt") => Comparison::Less,
            Some("le") => Comparison::LessOrEqual,
            _ => return Err(self.wrong("here one of eq, ne, gt, ge, lt, le and in is expected")),
        };
        let is_order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if is_order && matches!(operand.property.kind, PropertyKind::Words(_)) {
            return Err(
                self.wrong(format!("{} has no order; compare it with eq or ne", operand.property.path))
            );
        }
        self.next += 1;
        let value = self.value(operand)?;
        Ok(Condition::Compare(operand, comparison, value))
    }

    /// What stands behind `in`.
    fn one_of(&mut self, operand: Operand) -> Parsed<Condition> {
        self.expect(&Kind::Open, "the values behind 'in' stand in parentheses")?;
        let mut conditions = Vec::new();
        loop {
            conditions.push(Condition::Compare(operand, Comparison::Equal, self.value(operand)?));
            match self.peek() {
                Some(Kind::Comma) => self.next += 1,
                Some(Kind::Close) => break,
                _ => return Err(self.wrong("a comma or a closing parenthesis is expected here")),
            }
        }
        self.next += 1;
        Ok(one_or(conditions, Condition::Any))
    }

    fn operand(&mut self) -> Parsed<Operand> {
        let fold = match self.plain().map(str::to_ascii_lowercase).as_deref() {
            Some("tolower") => Fold::Lower,
            Some("toupper") => Fold::Upper,
            _ => return Ok(Operand { property: self.property()?, fold: Fold::AsItIs }),
        };
        self.next += 1;
        self.expect(&Kind::Open, "a function's arguments stand in parentheses")?;
        let property = self.property()?;
        if property.kind != PropertyKind::Text {
            self.next -= 1;
            return Err(self.wrong(format!("{} is no text whose case could be changed", property.path)));
        }
        self.expect(&Kind::Close, "a closing parenthesis is expected here")?;
        Ok(Operand { property, fold })
    }

    fn property(&mut self) -> Parsed<&'static Property> {
        let Some(name) = self.plain() else {
            return Err(self.wrong(format!("a property is expected here: {}", all_properties())));
        };
        let found = PROPERTIES.iter().find(|property| property.path == name);
        let Some(property) = found else {
            let meant = PROPERTIES.iter().find(|property| property.path.eq_ignore_ascii_case(name));
            return Err(self.wrong(match meant {
                Some(meant) => format!("'{name}' is written {}", meant.path),
                None => {
                    format!("'{name}' is no property that can be compared; there are {}", all_properties())
                }
            }));
        };
        self.next += 1;
        Ok(property)
    }

    /// A value of the type that the operand has.
    fn value(&mut self, operand: Operand) -> Parsed<Value> {
        let path = operand.property.path;
        let value = match (self.peek(), operand.property.kind) {
            (Some(Kind::Plain(word)), _) if word.eq_ignore_ascii_case("null") => Some(Value::Null),
            (Some(Kind::Quoted(text)), PropertyKind::Text) => Some(Value::Text(text.clone())),
            (Some(Kind::Quoted(text)), PropertyKind::Words(words)) => {
                words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Value::Word(word))
            }
            // Unquoted in OData; scripts quote it all the same.
            (Some(Kind::Plain(text)), PropertyKind::Time) => moment(text).map(Value::Time),
            (Some(Kind::Quoted(text)), PropertyKind::Time) => moment(text).map(Value::Time),
            (Some(Kind::Plain(text)), PropertyKind::Number) => text.parse().ok().map(Value::Number),
            _ => None,
        };
        let value = value.ok_or_else(|| {
            self.wrong(match operand.property.kind {
                PropertyKind::Text => format!("{path} is compared with a text in single quotes"),
                PropertyKind::Words(words) => format!("{path} is one of '{}'", words.join("', '")),
                PropertyKind::Time => format!(
                    "{path} is compared with a time such as 2026-03-01T08:00:00Z or 2026-03-01; in an address a plus sign \
                     is written %2B"
                ),
                PropertyKind::Number => format!("{path} is compared with a whole number"),
            })
        })?;
        self.next += 1;
        Ok(value)
    }
}

/// The condition itself when there is one, and otherwise what they make together.
fn one_or(mut conditions: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    if conditions.len() == 1 { conditions.remove(0) } else { many(conditions) }
}

/// A time, or a day: its first moment in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    text.parse::<Timestamp>().ok().or_else(day)
}

fn all_properties() -> String {
    PROPERTIES.iter().map(|property| property.path).collect::<Vec<_>>().join(", ")
}
