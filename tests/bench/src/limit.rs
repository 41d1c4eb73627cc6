//! What a figure may be.

/// A bound of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit<T = u64> {
    /// This much or less.
    AtMost(T),
    /// This much or more.
    AtLeast(T),
    /// This much: more is waste, less means that the work was not done.
    Exactly(T),
}

impl<T: PartialOrd> Limit<T> {
    /// Whether `measured` keeps it.
    pub(crate) fn allows(&self, measured: &T) -> bool {
        match self {
            Self::AtMost(most) => measured <= most,
            Self::AtLeast(least) => measured >= least,
            Self::Exactly(wanted) => measured == wanted,
        }
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Limit<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::Exactly(wanted) => write!(f, "= {wanted}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_was_not_done_keeps_no_limit() {
        assert!(Limit::Exactly(3).allows(&3));
        assert!(!Limit::Exactly(3).allows(&2));
        assert!(Limit::AtMost(3).allows(&2));
        assert!(!Limit::AtMost(3).allows(&4));
        assert!(Limit::AtLeast(3).allows(&3));
        assert!(!Limit::AtLeast(3).allows(&2));
    }

    #[test]
    fn what_is_no_number_keeps_no_limit() {
        for limit in [Limit::Exactly(3.0), Limit::AtMost(3.0), Limit::AtLeast(3.0)] {
            assert!(!limit.allows(&f64::NAN), "{limit}");
        }
    }
}
