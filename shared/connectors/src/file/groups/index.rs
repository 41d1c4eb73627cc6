//! Where the rows of each group stand.
//!
//! In: one pass over the copy. Out: an [`Index`] by which a group's rows are found wherever they stand. A million rows
//! take 24 MB; members are not kept.

use std::collections::HashMap;

use engine::ids::IdHash;
use engine::model::SourceId;

use super::super::copy::{Copy, Rows};
use super::super::error::FileError;
use super::super::records::Row;
use super::super::scan::Ids;
use super::convert::GroupLayout;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Spot {
    /// The number of its group, in the order of first rows.
    group: u32,
    pub(super) offset: u64,
    pub(super) line: u64,
}

/// Where the rows of each group stand.
#[derive(Debug)]
pub(in super::super) struct Index {
    /// By group, then in the order of the file.
    spots: Vec<Spot>,
    complete: bool,
}

impl Index {
    /// Goes through all rows. The ids are those that must be unique: with one row a group, all of them; with one row
    /// a membership, each once.
    pub(super) fn of(
        copy: Copy<'_>,
        rows: &mut Rows,
        layout: &GroupLayout,
    ) -> Result<(Self, Ids), FileError> {
        let (mut spots, mut ids, mut complete) = (Vec::new(), Ids::new(), true);
        let mut known = HashMap::new();
        let mut total = 0;
        let mut row = layout.row();
        while copy.step(rows, &mut row)? {
            let id = layout.table.id_of(&row).map(|id| IdHash::of(&SourceId::new(id)));
            let again = id.as_ref().and_then(|id| known.get(id).copied());
            let group = again.unwrap_or(total);
            if again.is_none() {
                total += 1;
                ids.extend(id.map(|id| (id, row.line)));
            }
            match id {
                Some(id) if layout.gathers() => drop(known.insert(id, group)),
                // Which group it belongs to nobody can tell: it stands for itself.
                None => complete &= !layout.gathers(),
                Some(_) => {}
            }
            spots.push(spot(&row, group));
        }
        spots.sort_unstable();
        Ok((Self { spots, complete }, ids))
    }

    /// How many groups there are, counting each row that tells none as one.
    pub(super) fn total(&self) -> u32 {
        self.spots.last().map_or(0, |last| last.group + 1)
    }

    /// Whether every row tells its group, so that no group can lack a member.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The rows of the group with this number, in the order of the file.
    pub(super) fn rows_of(&self, group: u32) -> &[Spot] {
        let begin = self.spots.partition_point(|spot| spot.group < group);
        let end = self.spots.partition_point(|spot| spot.group <= group);
        &self.spots[begin..end]
    }
}

fn spot(row: &Row, group: u32) -> Spot {
    Spot { group, offset: row.offset, line: row.line }
}
