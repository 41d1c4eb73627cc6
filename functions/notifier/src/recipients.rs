//! Whom to write to.
//!
//! In: an application's document, and marks of recipients. Out: addresses. Of the document nothing else is looked at: that it
//! does not make sense any more may be the very trouble that is told.

use lettre::Address;
use store::{RecipientMark, StoredApplication};

/// All recipients of an application that has its mails switched on.
pub(crate) fn of(stored: &StoredApplication) -> Vec<Address> {
    let notification = &stored.document["notification"];
    if notification["enabled"].as_bool() == Some(false) {
        return Vec::new();
    }
    let to = notification["to"].as_array().map(Vec::as_slice).unwrap_or_default();
    let addresses: Vec<Address> = to.iter().filter_map(|address| address.as_str()?.parse().ok()).collect();
    if addresses.len() < to.len() {
        let wrong = to.len() - addresses.len();
        tracing::warn!(application.id = %stored.id, "{wrong} entries of notification.to are no addresses; apply the file again");
    }
    addresses
}

/// Those of them whom mail reaches. When it reaches nobody, all of them: somebody may have mended their mailbox, and nobody
/// should be the only one not to know.
pub(crate) fn reached(all: Vec<Address>, marks: &[RecipientMark]) -> Vec<Address> {
    let lost = |address: &Address| {
        let address: &str = address.as_ref();
        marks.iter().any(|mark| mark.kind.lasts() && mark.address.eq_ignore_ascii_case(address))
    };
    let reached: Vec<Address> = all.iter().filter(|address| !lost(address)).cloned().collect();
    if reached.is_empty() { all } else { reached }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use store::MarkKind;

    use super::*;

    #[test]
    fn whose_mail_came_back_gets_none_unless_nobody_would() {
        let all: Vec<Address> = ["a@x.example", "b@x.example"].map(|address| address.parse().unwrap()).into();
        let mark = |address: &str, kind| RecipientMark {
            address: address.to_owned(),
            kind,
            at: Timestamp::UNIX_EPOCH,
            reason: None,
        };
        let left = |marks: &[RecipientMark]| reached(all.clone(), marks);
        assert_eq!(left(&[mark("A@X.example", MarkKind::Bounced)]), all[1..]);
        assert_eq!(left(&[mark("b@x.example", MarkKind::Complained)]), all[..1]);
        assert_eq!(left(&[mark("a@x.example", MarkKind::Undelivered)]), all);
        let nobody = [mark("a@x.example", MarkKind::Bounced), mark("b@x.example", MarkKind::Complained)];
        assert_eq!(left(&nobody), all);
    }
}
