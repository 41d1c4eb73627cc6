//! Links in the order of their hashes.

use engine::ids::IdHash;
use engine::model::{Link, SourceId};

use super::samples::link;
use super::{Subject, lease};

/// Pages of any size, put together, are all links, sorted by the hash of their ids.
pub async fn links_come_in_the_order_of_their_hashes_a_page_at_a_time(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    assert_eq!(store.links_after(&job, None, 10).await.unwrap(), []);
    let mut links: Vec<Link> = (0..120).map(|number| link(&format!("person-{number}"))).collect();
    for link in &links {
        store.put_link(&lease, link).await.unwrap();
    }
    links.sort_by_key(|link| IdHash::of(&link.source_id));
    for size in [1, 7, 100, 120, 1_000] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = store.links_after(&job, after, size).await.unwrap();
            assert!(page.len() <= size);
            let full = page.len() == size;
            after = page.last().map(|link| IdHash::of(&link.source_id)).or(after);
            read.extend(page);
            if !full {
                break;
            }
        }
        assert_eq!(read, links, "in pages of {size}");
    }
    assert_eq!(store.links_after(&job, None, 0).await.unwrap(), []);
}

/// Where a page ended is a place, not a link: the link may be deleted meanwhile, or never have been there.
pub async fn pages_of_links_go_on_behind_a_link_that_is_gone(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let mut links: Vec<Link> = (0..40).map(|number| link(&format!("person-{number}"))).collect();
    for link in &links {
        store.put_link(&lease, link).await.unwrap();
    }
    links.sort_by_key(|link| IdHash::of(&link.source_id));
    let gone = links.remove(17);
    store.delete_link(&lease, &gone.source_id).await.unwrap();
    let rest = store.links_after(&job, Some(IdHash::of(&gone.source_id)), 100).await.unwrap();
    assert_eq!(rest, links.split_off(17));
    let nobody = IdHash::of(&SourceId::new("nobody"));
    let behind = store.links_after(&job, Some(nobody), 100).await.unwrap();
    assert!(behind.iter().all(|link| IdHash::of(&link.source_id) > nobody));
    assert_eq!(store.links_after(&job, Some(IdHash([0xff; 16])), 100).await.unwrap(), []);
}
