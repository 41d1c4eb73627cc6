//! Groups of uneven size: a few with thousands of members, many with a handful.

use std::fmt::Write as _;
use std::path::Path;

/// How many groups, and how many memberships they hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) groups: u64,
    pub(super) memberships: u64,
}

impl Groups {
    /// The members of each group. The second has half as many as the first, the third a third of it, and so on, as
    /// sizes of cities go; what rounding leaves over is the first's.
    pub(super) fn sizes(self) -> Vec<u64> {
        // In parts of a million, so that the sum of the shares needs no fractions.
        let weight = |group: u64| 1_000_000 / (group + 1);
        let whole: u64 = (0..self.groups).map(weight).sum();
        let mut sizes: Vec<u64> =
            (0..self.groups).map(|group| self.memberships * weight(group) / whole).collect();
        let left: u64 = self.memberships - sizes.iter().sum::<u64>();
        if let Some(first) = sizes.first_mut() {
            *first += left;
        }
        sizes
    }

    /// Calls that put all members into their groups, so many a call.
    pub(super) fn calls(self, members_per_call: u64) -> u64 {
        self.sizes().iter().map(|size| size.div_ceil(members_per_call)).sum()
    }

    /// Writes them as a CSV file, a row a group, with members from all over the `people`.
    pub(super) fn write(self, path: &Path, people: u64) -> std::io::Result<()> {
        let mut text = String::from("groupId,displayName,members\n");
        for (group, size) in self.sizes().into_iter().enumerate() {
            let first = group as u64 * 37;
            let members: Vec<String> =
                (0..size).map(|member| format!("E{:07}", (first + member) % people)).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "G{group:04},Team {group},{}", members.join(";"));
        }
        std::fs::write(path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_uneven_and_add_up() {
        let groups = Groups { groups: 200, memberships: 30_000 };
        let sizes = groups.sizes();
        assert_eq!((sizes.len(), sizes.iter().sum::<u64>()), (200, 30_000));
        assert!(sizes[0] > 100 * sizes[199] && sizes[199] > 0, "{sizes:?}");
        assert_eq!(groups.calls(1), 30_000);
        assert!(groups.calls(100) > 300);
    }
}
