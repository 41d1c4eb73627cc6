//! Active Directory's own: slices of long values, extended names, which attributes a filter compares.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use testkit::servers::samba::{GROUPS, Options, SERVICE_NAME, SERVICE_PASSWORD, Samba, person};

use super::super::changes::filter_attributes;
use super::super::client::{ANSWER, Address, Ask, Client};
use super::super::range::{self, Slice, slice};
use super::super::verdict::Place;
use super::super::{dn, tls};

#[test]
fn a_slice_tells_its_attribute_and_where_the_next_one_begins() {
    let cases = [
        ("member;range=0-1499", Some(("member", Some(1500)))),
        ("member;Range=1500-*", Some(("member", None))),
        ("member;lang-de;range=0-9", Some(("member;lang-de", Some(10)))),
        ("member", None),
        ("member;binary", None),
        ("member;range=0", None),
        ("member;range=0-x", None),
        ("member;range=0-18446744073709551615", None),
        ("member;räume=1", None),
    ];
    for (name, expected) in cases {
        let expected = expected.map(|(attribute, next)| Slice { attribute: attribute.to_owned(), next });
        assert_eq!(slice(name), expected, "{name}");
    }
}

#[test]
fn an_extended_name_gives_its_plain_one() {
    let cases = [
        ("<GUID=4b51b2b9-8095-4147-83c1-d7e343322880>;<SID=S-1-5-21-1>;CN=Ann,DC=x", "CN=Ann,DC=x"),
        ("<GUID=4b51b2b9-8095-4147-83c1-d7e343322880>;CN=a\\>\\;b,DC=x", "CN=a\\>\\;b,DC=x"),
        ("CN=Ann,DC=x", "CN=Ann,DC=x"),
        ("", ""),
    ];
    for (extended, plain) in cases {
        assert_eq!(dn::plain(extended), plain);
    }
}

#[test]
fn a_filter_tells_the_attributes_it_compares() {
    let cases: [(&str, &[&str]); 5] = [
        ("(&(objectCategory=person)(!(employeeType=guest)))", &["employeetype", "objectcategory"]),
        ("(memberOf:1.2.840.113556.1.4.1941:=CN=x\\28y\\29,DC=z)", &["memberof"]),
        ("( | (a>=1) (b<=2)(c~=d)(e=*) )", &["a", "b", "c", "e"]),
        ("(cn;lang-de=x)", &["cn"]),
        ("(:dn:2.4.6.8:=x)", &[]),
    ];
    for (filter, expected) in cases {
        let found = filter_attributes(filter);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{filter}");
    }
}

#[tokio::test]
async fn slices_of_a_samba_group_are_followed_to_the_end() {
    let list: String =
        (0..30).map(|number| format!("member: {}\n", person(&format!("Person {number:04}")))).collect();
    let ldif = format!("dn: CN=all,{GROUPS}\nobjectClass: group\ncn: all\nsAMAccountName: all\n{list}\n");
    let server = Samba::provision_and_start(&Options { people: 30, ldif }).unwrap();
    let address = Address {
        url: server.url(),
        start_tls: false,
        tls: tls::trust(Some(server.authority())).unwrap(),
        bind_dn: SERVICE_NAME.to_owned(),
        patience: ANSWER,
    };
    let calls = Arc::new(AtomicU64::new(0));
    let client = Client::connect(&address, &SERVICE_PASSWORD.to_owned().into(), calls).await.unwrap();
    let group = format!("CN=all,{GROUPS}");
    let read = async |attribute: &str| {
        let entry = client.entry(&Ask::entry(Place::Groups, group.as_str(), &[attribute])).await;
        entry.unwrap().unwrap()
    };
    // Samba hands out everything at once unless it is asked for a slice.
    let mut whole = read("member").await.values("member").to_vec();
    assert_eq!(whole.len(), 30);
    let mut entry = read("member;range=0-9").await;
    assert!(entry.values("member").is_empty(), "only a slice came");
    entry.attributes.push(("member".to_owned(), Vec::new()));
    range::complete(&client, &mut entry).await.unwrap();
    let mut followed = entry.values("member").to_vec();
    whole.sort_unstable();
    followed.sort_unstable();
    assert_eq!(followed, whole);
    assert_eq!(entry.attributes.len(), 1);

    let mut gone = read("member;range=0-9").await;
    server.directory().delete(&group).unwrap();
    let error = range::complete(&client, &mut gone).await.unwrap_err().to_string();
    assert!(error.contains("next cycle"), "half a group is no group: {error}");
}
