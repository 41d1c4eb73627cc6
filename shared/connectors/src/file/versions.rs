//! From the files outside to one version of them that was looked at.
//!
//! In: the version known, or the one a cursor points into. Out: [`Opened`]: private copies, and what is in them.
//!
//! # Guarantees
//! Of two files both copies are of one moment: when the second is there, both files still are what they were. What is
//! unchanged in both is not read.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::client::Fresh;
use super::copies::{Kept, Part, Version};
use super::copy::Copy;
use super::error::{FileError, Label};
use super::groups::Groups;
use super::scan::Scan;
use super::sheet::Sheet;
use super::source::{FileSource, Place};

/// How often two files are copied again because one was replaced meanwhile: an export that takes longer is found again
/// by the next cycle.
const ATTEMPTS: u32 = 3;

/// A version that was looked at.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) kept: Kept,
    pub(super) people: Scan,
    pub(super) groups: Option<Groups>,
    people_label: Arc<Label>,
    groups_label: Option<Arc<Label>>,
}

impl Opened {
    pub(super) fn people_copy(&self) -> Copy<'_> {
        Copy { path: &self.kept.people, label: &self.people_label }
    }

    pub(super) fn groups_copy(&self) -> Option<Copy<'_>> {
        let (path, label) = self.kept.groups.as_ref().zip(self.groups_label.as_ref())?;
        Some(Copy { path, label })
    }
}

/// Raw copies of one moment.
type Both = (Fresh, Option<Fresh>);

impl FileSource {
    /// Fetches the files, makes sure that they are `wanted`, and looks at all of them; `None` when they are the version
    /// known.
    pub(super) async fn fetch(
        &self,
        known: Option<&Version>,
        wanted: impl Fn(&str) -> Result<(), FileError>,
    ) -> Result<Option<Arc<Opened>>, FileError> {
        let result = self.fetch_and_keep(known, wanted).await;
        self.copies.tidy();
        result
    }

    async fn fetch_and_keep(
        &self,
        known: Option<&Version>,
        wanted: impl Fn(&str) -> Result<(), FileError>,
    ) -> Result<Option<Arc<Opened>>, FileError> {
        let fresh = match &self.groups {
            None => {
                self.bring(&self.people, known.map(|known| &known.people)).await?.map(|fresh| (fresh, None))
            }
            Some(groups) => self.bring_both(groups, known).await?,
        };
        let Some((people, groups)) = fresh else { return Ok(None) };
        let version = Version {
            people: people.part,
            config: self.digest.clone(),
            groups: groups.as_ref().map(|groups| groups.part.clone()),
        };
        wanted(&version.sha256())?;
        if known.is_some_and(|known| known.sha256() == version.sha256()) {
            return Ok(None);
        }
        let (copies, of_people, of_groups) = (self.copies.clone(), self.people.clone(), self.groups.clone());
        let kept = blocking(move || {
            let groups = groups.zip(of_groups.as_deref()).map(|(fresh, sheet)| (fresh.raw, sheet));
            copies.keep((people.raw, &of_people), groups, version)
        });
        self.look(kept.await?).await.map(Some)
    }

    /// One of the files, unless it is known to be unchanged without being read.
    async fn bring(&self, sheet: &Sheet, known: Option<&Part>) -> Result<Option<Fresh>, FileError> {
        let (to, max) = (self.copies.incoming()?, sheet.dialect.max_bytes);
        sheet.origin.fetch(&sheet.label, to, known, max, &self.calls).await
    }

    /// The same although it is unchanged: the other file is not.
    async fn bring_anyway(&self, sheet: &Sheet, brought: Option<Fresh>) -> Result<Fresh, FileError> {
        match brought {
            Some(fresh) => Ok(fresh),
            None => {
                let gone = || FileError::Changing { file: sheet.label.clone(), attempts: 1 };
                self.bring(sheet, None).await?.ok_or_else(gone)
            }
        }
    }

    /// Both files as they were at one moment, unless both are known to be unchanged.
    async fn bring_both(&self, groups: &Sheet, known: Option<&Version>) -> Result<Option<Both>, FileError> {
        for _ in 0..ATTEMPTS {
            let first = self.bring(&self.people, known.map(|known| &known.people)).await?;
            let second = self.bring(groups, known.and_then(|known| known.groups.as_ref())).await?;
            if first.is_none() && second.is_none() {
                return Ok(None);
            }
            let first = self.bring_anyway(&self.people, first).await?;
            let second = self.bring_anyway(groups, second).await?;
            if self.is_still(&self.people, &first).await? && self.is_still(groups, &second).await? {
                return Ok(Some((first, Some(second))));
            }
        }
        Err(FileError::Changing { file: self.people.label.clone(), attempts: ATTEMPTS })
    }

    async fn is_still(&self, sheet: &Sheet, fresh: &Fresh) -> Result<bool, FileError> {
        sheet.origin.is_still(&sheet.label, fresh, &self.calls).await
    }

    /// The version a cursor points into, when its copies are still there.
    pub(super) async fn find(&self, place: &Place) -> Result<Option<Arc<Opened>>, FileError> {
        let remembered = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let there = |path: &PathBuf| path.exists();
        let same = |opened: &Arc<Opened>| {
            let kept = &opened.kept;
            kept.version.sha256() == place.sha256
                && there(&kept.people)
                && kept.groups.as_ref().is_none_or(there)
        };
        if let Some(opened) = remembered.filter(same) {
            return Ok(Some(opened));
        }
        let (copies, wanted) = (self.copies.clone(), place.clone());
        match blocking(move || Ok(copies.find(&wanted.sha256, &wanted.config))).await? {
            Some(kept) => self.look(kept).await.map(Some),
            None => Ok(None),
        }
    }

    async fn look(&self, kept: Kept) -> Result<Arc<Opened>, FileError> {
        let (config, of_people, of_groups) = (self.config.clone(), self.people.clone(), self.groups.clone());
        let opened = blocking(move || {
            let copy = Copy { path: &kept.people, label: &of_people.label };
            let (people, ids) = Scan::of(copy, &config, &of_people.dialect)?;
            let groups = match (&of_groups, &config.groups, &kept.groups) {
                (Some(sheet), Some(config), Some(path)) => {
                    let copy = Copy { path, label: &sheet.label };
                    Some(Groups::of(copy, config, &sheet.dialect, &ids, &of_people.label.name)?)
                }
                _ => None,
            };
            let groups_label = of_groups.map(|sheet| sheet.label.clone());
            Ok(Opened { kept, people, groups, people_label: of_people.label.clone(), groups_label })
        });
        let opened = Arc::new(opened.await?);
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        Ok(opened)
    }
}

/// Runs work on files where it holds up no other task.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| {
        let cause = std::io::Error::other(stopped);
        Err(FileError::WorkFolder { folder: "the work folder".into(), cause })
    })
}
