//! The mails of an application: one in 24 hours, and nothing is lost.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::Channel::{Mail, Webhook};
use store::{DynamoStore, Fact, MailClaim, MarkKind, RecipientMark, Told, Trial};

use crate::samples::fact;
use crate::world::{World, after, worker};

const APP: &str = "0b9c3f2e";

/// An hour's minutes, and a day's.
const DAY: i64 = 24 * 60;

fn facts(sequences: impl IntoIterator<Item = u64>) -> Vec<Fact> {
    sequences.into_iter().map(fact).collect()
}

fn told(sequence: u64) -> Told {
    Told { sequence, trouble_since: Some(after(1)) }
}

async fn waits(store: &DynamoStore) -> Vec<Fact> {
    store.mailbox(APP, Mail).await.unwrap().facts()
}

/// A claim on all that waits, by a worker that has just looked.
async fn claim(store: &DynamoStore, now: Timestamp, upto: u64) -> Option<MailClaim> {
    let seen = store.mailbox(APP, Mail).await.unwrap();
    store.claim_mail(&seen, now, told(upto)).await.unwrap()
}

/// One mail, claimed at noon and sent.
async fn sent_at_noon() -> World {
    let world = World::empty().await;
    assert!(world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap());
    let claimed = claim(&world.store, after(0), 1).await.unwrap();
    world.store.confirm_mail(APP, Mail, claimed.id).await.unwrap();
    world
}

#[tokio::test]
async fn a_fact_waits_once_however_often_and_in_whichever_order_it_is_told() {
    let world = World::empty().await;
    let other = world.of(worker("two"));
    for sequence in [3, 1, 3, 2, 1] {
        let two = fact(sequence);
        let news = !waits(&world.store).await.contains(&two);
        assert_eq!(other.wait_for_mail(APP, Mail, &two).await.unwrap(), news, "{sequence}");
    }
    assert_eq!(waits(&world.store).await, facts([1, 2, 3]));
    assert!(world.store.mailbox("another", Mail).await.unwrap().facts().is_empty());
}

#[tokio::test]
async fn facts_told_at_the_same_instant_all_wait() {
    let world = World::empty().await;
    let told = facts(1..=8);
    let writes = told.iter().map(|fact| world.store.wait_for_mail(APP, Mail, fact));
    assert!(join_all(writes).await.into_iter().all(|answer| answer.unwrap()));
    assert_eq!(waits(&world.store).await, told);
}

#[tokio::test]
async fn of_many_facts_the_newest_are_kept() {
    let world = World::empty().await;
    for sequence in 1..=60 {
        world.store.wait_for_mail(APP, Mail, &fact(sequence)).await.unwrap();
    }
    assert_eq!(waits(&world.store).await, facts(11..=60));
    claim(&world.store, after(0), 60).await.unwrap();
    for sequence in 61..=70 {
        world.store.wait_for_mail(APP, Mail, &fact(sequence)).await.unwrap();
    }
    assert_eq!(waits(&world.store).await, facts(21..=70), "also of those that are repeated");
}

#[tokio::test]
async fn of_many_workers_that_claim_one_mail_exactly_one_gets_it() {
    for _ in 0..10 {
        let world = World::empty().await;
        world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
        let workers: Vec<_> = (0..8).map(|number| world.of(worker(&number.to_string()))).collect();
        let claims = join_all(workers.iter().map(|store| claim(store, after(0), 1))).await;
        assert_eq!(claims.iter().flatten().count(), 1);
        let late = join_all(workers.iter().map(|store| claim(store, after(1), 1))).await;
        assert_eq!(late.iter().flatten().count(), 0);
    }
}

#[tokio::test]
async fn the_window_rolls_and_ends_after_exactly_24_hours() {
    let world = sent_at_noon().await;
    world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap();
    let almost = after(DAY).checked_sub(SignedDuration::from_nanos(1)).unwrap();
    for early in [after(0), after(1), after(DAY - 1), almost] {
        assert_eq!(claim(&world.store, early, 2).await, None, "{early}");
    }
    assert!(claim(&world.store, after(DAY), 2).await.is_some());
    world.store.wait_for_mail(APP, Mail, &fact(3)).await.unwrap();
    assert_eq!(claim(&world.store, after(2 * DAY - 1), 3).await, None, "it rolls from the second mail");
    assert!(claim(&world.store, after(2 * DAY), 3).await.is_some());
}

#[tokio::test]
async fn a_claim_hands_out_what_was_seen_and_is_refused_when_more_came_meanwhile() {
    let world = World::empty().await;
    world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap();
    assert_eq!(world.store.claim_mail(&seen, after(0), told(2)).await.unwrap(), None);
    assert_eq!(waits(&world.store).await, facts([1, 2]), "nothing is lost");
    assert!(claim(&world.store, after(0), 2).await.is_some());
}

#[tokio::test]
async fn what_a_mail_has_told_never_waits_again() {
    let world = World::empty().await;
    for sequence in [2, 4] {
        world.store.wait_for_mail(APP, Mail, &fact(sequence)).await.unwrap();
    }
    // Worded when the job had told five events, of which two have not come yet.
    let claimed = claim(&world.store, after(0), 5).await.unwrap();
    for (sequence, news) in [(2, false), (3, false), (5, false), (6, true)] {
        assert_eq!(world.store.wait_for_mail(APP, Mail, &fact(sequence)).await.unwrap(), news, "{sequence}");
    }
    world.store.confirm_mail(APP, Mail, claimed.id).await.unwrap();
    assert_eq!(waits(&world.store).await, facts([6]));
    assert!(!world.store.wait_for_mail(APP, Mail, &fact(4)).await.unwrap());
    assert_eq!(world.store.mailbox(APP, Mail).await.unwrap().told(), told(5));
}

#[tokio::test]
async fn what_was_never_confirmed_is_repeated_with_the_next_window() {
    let world = World::empty().await;
    world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
    let lost = claim(&world.store, after(0), 1).await.unwrap();
    world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap();
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert!(seen.is_unconfirmed());
    assert_eq!(seen.facts(), facts([1, 2]));
    assert_eq!(claim(&world.store, after(DAY - 1), 2).await, None, "it counts as sent");

    let again = claim(&world.store, after(DAY), 2).await.unwrap();
    world.store.confirm_mail(APP, Mail, lost.id).await.unwrap();
    assert_eq!(
        waits(&world.store).await,
        facts([1, 2]),
        "a late word about the first says nothing of the second"
    );
    world.store.confirm_mail(APP, Mail, again.id).await.unwrap();
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert!(seen.facts().is_empty() && !seen.is_unconfirmed());
    assert_eq!(claim(&world.store, after(2 * DAY), 2).await.map(|claim| claim.at), Some(after(2 * DAY)));
}

#[tokio::test]
async fn a_claim_that_is_given_back_was_never_taken_and_nothing_is_lost_with_it() {
    let world = sent_at_noon().await;
    world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap();
    let refused = claim(&world.store, after(DAY), 2).await.unwrap();
    world.store.wait_for_mail(APP, Mail, &fact(3)).await.unwrap();
    world.store.release_mail(&refused).await.unwrap();

    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert_eq!((seen.facts(), seen.is_unconfirmed()), (facts([2, 3]), false));
    assert_eq!((seen.told(), seen.claimed_at()), (told(1), Some(after(0))), "as the mail at noon left it");
    let sent = claim(&world.store, after(DAY), 3).await.expect("at once");
    world.store.release_mail(&refused).await.unwrap();
    assert_eq!(
        claim(&world.store, after(DAY + 1), 3).await,
        None,
        "a late word about the first frees nothing"
    );
    assert!(world.store.confirm_mail(APP, Mail, sent.id).await.unwrap());
    assert!(!world.store.confirm_mail(APP, Mail, sent.id).await.unwrap(), "it is known");
}

#[tokio::test]
async fn what_may_not_have_arrived_stays_so_when_its_repetition_is_refused() {
    let world = World::empty().await;
    world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
    claim(&world.store, after(0), 1).await.unwrap();
    let refused = claim(&world.store, after(DAY), 1).await.unwrap();
    world.store.release_mail(&refused).await.unwrap();
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert_eq!((seen.facts(), seen.is_unconfirmed()), (facts([1]), true));
}

#[tokio::test]
async fn what_is_settled_without_a_mail_leaves_the_window_open() {
    let world = World::empty().await;
    for sequence in [1, 2] {
        world.store.wait_for_mail(APP, Mail, &fact(sequence)).await.unwrap();
    }
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    world.store.settle_mail(&seen, 2).await.unwrap();
    assert!(waits(&world.store).await.is_empty());
    assert!(!world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap());
    world.store.wait_for_mail(APP, Mail, &fact(3)).await.unwrap();
    world.store.settle_mail(&seen, 2).await.unwrap();
    assert_eq!(waits(&world.store).await, facts([3]), "what came since is not settled");
    assert!(claim(&world.store, after(0), 3).await.is_some());
}

#[tokio::test]
async fn a_clock_that_was_put_back_delays_mail_by_a_day_and_no_longer() {
    let world = World::empty().await;
    world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
    let wrong = after(700 * DAY);
    let claimed = claim(&world.store, wrong, 1).await.unwrap();
    world.store.confirm_mail(APP, Mail, claimed.id).await.unwrap();
    world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap();
    for (minutes, granted) in [(0, false), (1, false), (DAY - 1, false), (DAY, true)] {
        assert_eq!(claim(&world.store, after(minutes), 2).await.is_some(), granted, "{minutes}");
    }
}

#[tokio::test]
async fn a_worker_killed_at_any_write_leaves_at_most_one_claim_and_forgets_nothing() {
    for writes in 0..4 {
        let world = World::empty().await;
        let (dying, death) = world.dying_after(writes);
        let life = async {
            dying.wait_for_mail(APP, Mail, &fact(1)).await?;
            let seen = dying.mailbox(APP, Mail).await?;
            let claimed = dying.claim_mail(&seen, after(0), told(1)).await?.expect("nobody else is here");
            dying.confirm_mail(APP, Mail, claimed.id).await.map(drop)
        };
        assert_eq!(life.await.is_err(), death.struck(), "{writes}");
        world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
        let claimed = claim(&world.store, after(1), 1).await.is_some();
        assert_eq!(claimed, writes < 2, "a claim that was written counts, after {writes} writes");
        let seen = world.store.mailbox(APP, Mail).await.unwrap();
        assert_eq!(seen.is_unconfirmed(), writes < 3, "after {writes} writes");
        let left = if writes < 3 { facts([1]) } else { Vec::new() };
        assert_eq!(seen.facts(), left, "after {writes} writes");
    }
}

#[tokio::test]
async fn a_mark_of_a_recipient_stays_until_mail_arrives_or_a_quarter_of_a_year() {
    let world = World::empty().await;
    let mark = |address: &str, kind| RecipientMark {
        address: address.to_owned(),
        kind,
        at: after(0),
        reason: Some("550 5.1.1 unknown".to_owned()),
    };
    let gone = mark("Gone@tessera.example", MarkKind::Bounced);
    let cross = mark("cross@tessera.example", MarkKind::Complained);
    for mark in [&gone, &cross, &gone] {
        world.store.mark_recipient(APP, mark).await.unwrap();
    }
    world.store.wait_for_mail(APP, Mail, &fact(1)).await.unwrap();
    let marks = async |minutes| world.store.recipient_marks(APP, after(minutes)).await.unwrap();
    assert_eq!(marks(1).await.len(), 2);
    assert!(world.store.recipient_marks("another", after(1)).await.unwrap().is_empty());
    world.store.unmark_recipient(APP, "gone@Tessera.example").await.unwrap();
    world.store.unmark_recipient(APP, "nobody@tessera.example").await.unwrap();
    assert_eq!(marks(1).await, [cross]);
    assert!(marks(90 * DAY).await.is_empty());
}

#[tokio::test]
async fn a_test_mail_may_be_sent_every_ten_minutes_and_blocks_no_other() {
    let world = sent_at_noon().await;
    let asked = async |minutes| world.store.claim_trial(APP, after(minutes)).await.unwrap();
    assert_eq!(asked(0).await, Trial::Granted);
    let workers: Vec<_> = (0..8).map(|number| world.of(worker(&number.to_string()))).collect();
    let claims = join_all(workers.iter().map(|store| store.claim_trial(APP, after(9)))).await;
    assert!(claims.into_iter().all(|claim| claim.unwrap() == Trial::NotBefore(after(10))));
    let claims = join_all(workers.iter().map(|store| store.claim_trial(APP, after(10)))).await;
    let granted = claims.into_iter().filter(|claim| *claim.as_ref().unwrap() == Trial::Granted).count();
    assert_eq!(granted, 1);
    assert_eq!(asked(1).await, Trial::Granted, "a clock that was put back delays nothing");
    world.store.wait_for_mail(APP, Mail, &fact(2)).await.unwrap();
    assert!(claim(&world.store, after(DAY), 2).await.is_some());
}

#[tokio::test]
async fn a_mail_without_facts_that_may_not_have_arrived_is_known_by_what_was_told_before() {
    let world = sent_at_noon().await;
    let trouble = told(1).trouble_since;
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert_eq!((seen.known_trouble(), seen.is_unconfirmed()), (trouble, false));
    let all_clear = Told { sequence: 1, trouble_since: None };
    let lost = world.store.claim_mail(&seen, after(DAY), all_clear).await.unwrap().unwrap();
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert_eq!((seen.known_trouble(), seen.is_unconfirmed()), (trouble, true));
    assert!(!seen.is_open(after(2 * DAY - 1)) && seen.is_open(after(2 * DAY)));
    world.store.confirm_mail(APP, Mail, lost.id).await.unwrap();
    let seen = world.store.mailbox(APP, Mail).await.unwrap();
    assert_eq!((seen.known_trouble(), seen.is_unconfirmed()), (None, false));
}

#[tokio::test]
async fn a_webhook_has_a_day_of_its_own_and_what_it_was_not_told_stays_word_for_word() {
    let world = World::empty().await;
    let store = &world.store;
    store.wait_for_mail(APP, Webhook, &fact(1)).await.unwrap();
    assert!(waits(store).await.is_empty(), "mail has a box of its own");
    let seen = store.mailbox(APP, Webhook).await.unwrap();
    let body = || r#"{"type":"application.quarantined"}"#.to_owned();
    let claimed = store.claim_webhook(&seen, after(0), told(1), body()).await.unwrap().unwrap();
    assert!(claim(store, after(1), 1).await.is_some(), "a mail may be written at the same time");

    let seen = store.mailbox(APP, Webhook).await.unwrap();
    let undelivered = seen.undelivered().unwrap();
    assert_eq!((undelivered.id, undelivered.at, undelivered.body), (claimed.id, after(0), body()));
    assert_eq!(seen.problem(), None);
    assert_eq!(store.claim_webhook(&seen, after(DAY - 1), told(1), body()).await.unwrap(), None);

    store.webhook_fails(APP, claimed.id, "answered with 503").await.unwrap();
    assert_eq!(store.mailbox(APP, Webhook).await.unwrap().problem(), Some("answered with 503"));

    assert!(store.confirm_mail(APP, Webhook, claimed.id).await.unwrap());
    store.webhook_fails(APP, claimed.id, "an answer that came late").await.unwrap();
    let seen = store.mailbox(APP, Webhook).await.unwrap();
    assert_eq!((seen.undelivered(), seen.problem(), seen.is_unconfirmed()), (None, None, false));
}

#[tokio::test]
async fn a_later_call_takes_the_place_of_one_that_nobody_took() {
    let world = World::empty().await;
    let store = &world.store;
    for (day, body) in [(0, "first"), (1, "second")] {
        store.wait_for_mail(APP, Webhook, &fact(day + 1)).await.unwrap();
        let seen = store.mailbox(APP, Webhook).await.unwrap();
        let now = after(i64::try_from(day).unwrap() * DAY);
        let claimed = store.claim_webhook(&seen, now, told(day + 1), body.to_owned()).await.unwrap().unwrap();
        store.webhook_fails(APP, claimed.id, body).await.unwrap();
    }
    let seen = store.mailbox(APP, Webhook).await.unwrap();
    assert_eq!(seen.undelivered().unwrap().body, "second");
    assert_eq!(seen.facts().len(), 2, "what was not taken is told again");
    store.settle_mail(&seen, 9).await.unwrap();
    assert_eq!(store.mailbox(APP, Webhook).await.unwrap().undelivered(), None, "nothing is left to tell");
}
