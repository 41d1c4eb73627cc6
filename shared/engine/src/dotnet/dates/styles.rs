//! .NET's `DateTimeStyles`: how lenient reading is, and what an absent or present zone means.

/// The styles, by the names that .NET gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Styles {
    pub(super) leading_white: bool,
    pub(super) trailing_white: bool,
    pub(super) inner_white: bool,
    /// A text without a date is of 1 January of the year 1, rather than of today.
    pub(super) no_current_date: bool,
    /// The result is marked as UTC.
    pub(super) adjust_to_universal: bool,
    /// A text without a zone is in the server's.
    pub(super) assume_local: bool,
    /// A text without a zone is in UTC.
    pub(super) assume_universal: bool,
    /// What the text says of its zone is kept: `Z` stays `Z`.
    pub(super) roundtrip: bool,
}

impl Styles {
    /// What holds when an expression names none.
    pub(crate) const DEFAULT: Self = Self {
        leading_white: true,
        trailing_white: true,
        inner_white: false,
        no_current_date: false,
        adjust_to_universal: false,
        assume_local: false,
        assume_universal: false,
        roundtrip: true,
    };

    /// Names separated by commas; an empty text stands for [`Styles::DEFAULT`].
    ///
    /// # Errors
    /// A sentence, when a name is unknown or two contradict each other.
    pub(crate) fn new(names: &str) -> Result<Self, String> {
        if names.trim().is_empty() {
            return Ok(Self::DEFAULT);
        }
        let mut styles = Self::default();
        for name in names.split(',') {
            styles.add(name.trim())?;
        }
        styles.agree()?;
        Ok(styles)
    }

    fn add(&mut self, name: &str) -> Result<(), String> {
        match name.to_ascii_lowercase().as_str() {
            "none" => {}
            "allowleadingwhite" => self.leading_white = true,
            "allowtrailingwhite" => self.trailing_white = true,
            "allowinnerwhite" => self.inner_white = true,
            "allowwhitespaces" => {
                self.leading_white = true;
                self.trailing_white = true;
                self.inner_white = true;
            }
            "nocurrentdatedefault" => self.no_current_date = true,
            "adjusttouniversal" => self.adjust_to_universal = true,
            "assumelocal" => self.assume_local = true,
            "assumeuniversal" => self.assume_universal = true,
            "roundtripkind" => self.roundtrip = true,
            _ => {
                return Err(format!(
                    "'{name}' is no style; write one or more of None, AllowLeadingWhite, AllowTrailingWhite, AllowInnerWhite, \
                     AllowWhiteSpaces, NoCurrentDateDefault, AdjustToUniversal, AssumeLocal, AssumeUniversal and \
                     RoundtripKind, separated by commas"
                ));
            }
        }
        Ok(())
    }

    /// .NET throws for these pairs, for every date.
    fn agree(&self) -> Result<(), String> {
        if self.assume_local && self.assume_universal {
            return Err("AssumeLocal and AssumeUniversal contradict each other; leave one of them out".into());
        }
        if self.roundtrip && (self.assume_local || self.assume_universal || self.adjust_to_universal) {
            return Err(
                "RoundtripKind keeps the zone that the text names, and goes with none of AssumeLocal, AssumeUniversal and \
                 AdjustToUniversal; leave it or them out"
                    .into(),
            );
        }
        Ok(())
    }
}
