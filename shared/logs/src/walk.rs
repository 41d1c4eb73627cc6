//! Every record of a question, some at a time.

use engine::report::ProvisioningRecord;
use store::{DynamoStore, QueryError, RecordQuery};
use uuid::Uuid;

use crate::Question;

/// Records asked of the store at once: few requests for many records, and 13 MB of the longest ones.
const AT_ONCE: usize = 500;

/// A walk through all that a question asks for.
#[derive(Debug)]
pub struct Walk {
    store: DynamoStore,
    question: Question,
    /// Read already.
    first: Option<Vec<ProvisioningRecord>>,
    next: Next,
}

/// Where it goes on.
#[derive(Debug)]
enum Next {
    One(Uuid),
    Page(Box<RecordQuery>),
    End,
}

impl Walk {
    /// A walk that stands at the beginning.
    #[must_use]
    pub fn new(store: DynamoStore, question: Question) -> Self {
        let next = match question.one() {
            Some(id) => Next::One(id),
            None => question
                .query()
                .map_or(Next::End, |query| Next::Page(Box::new(RecordQuery { page_size: AT_ONCE, ..query }))),
        };
        Self { store, question, first: None, next }
    }

    /// Reads the first records, so that what is wrong with the question, or with the store, shows before anything is
    /// written.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn begin(&mut self) -> Result<(), QueryError> {
        self.first = self.next().await?;
        Ok(())
    }

    /// The next records, in the order asked for; none of them may be an answer. `None` at the end.
    ///
    /// # Errors
    /// [`QueryError`]. The same records can be asked for again.
    pub async fn next(&mut self) -> Result<Option<Vec<ProvisioningRecord>>, QueryError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let (mut records, next) = match &self.next {
            Next::One(id) => (Vec::from_iter(self.store.record(*id).await?), Next::End),
            Next::Page(query) => {
                let page = self.store.records(query).await?;
                let on =
                    |token| Next::Page(Box::new(RecordQuery { token: Some(token), ..(**query).clone() }));
                (page.records, page.token.map_or(Next::End, on))
            }
            Next::End => return Ok(None),
        };
        self.next = next;
        records.retain(|record| self.question.holds(record));
        Ok(Some(records))
    }
}
