//! Printing a tree in one normal form: one blank behind each comma and around each operator, parentheses only where
//! the tree would be another without them.

use std::fmt::{self, Display};

use super::{Syntax, SyntaxKind};

impl Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SyntaxKind::Attribute(name) => write!(f, "[{name}]"),
            SyntaxKind::Text(text) => quoted(text, f),
            SyntaxKind::Number(digits) => f.write_str(digits),
            SyntaxKind::Hex(digits) => write!(f, "&H{digits}"),
            SyntaxKind::Identifier(word) => f.write_str(word),
            SyntaxKind::Call { name, arguments } => {
                write!(f, "{name}(")?;
                separated(arguments, ", ", f, |argument, f| {
                    argument.as_ref().map_or(Ok(()), |value| value.fmt(f))
                })?;
                f.write_str(")")
            }
            SyntaxKind::Compare { comparison, left, right } => {
                operand(left, f)?;
                write!(f, " {} ", comparison.sign())?;
                operand(right, f)
            }
            SyntaxKind::Concat(parts) => separated(parts, " & ", f, operand),
        }
    }
}

fn separated<T>(
    items: &[T],
    separator: &str,
    f: &mut fmt::Formatter<'_>,
    print: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        print(item, f)?;
    }
    Ok(())
}

/// Comparisons bind weakest and do not associate; `&` binds tighter, and calls and constants need no parentheses.
fn operand(operand: &Syntax, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match operand.kind {
        SyntaxKind::Compare { .. } => write!(f, "({operand})"),
        _ => operand.fmt(f),
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for fragment in text.split_inclusive(['\\', '"']) {
        match fragment.strip_suffix(['\\', '"']) {
            Some(plain) => write!(f, "{plain}\\{}", &fragment[plain.len()..])?,
            None => f.write_str(fragment)?,
        }
    }
    f.write_str("\"")
}
