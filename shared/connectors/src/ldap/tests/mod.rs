//! What the connector promises, by theme; `openldap` against a real server.

mod active_directory;
mod configuration;
mod conversion;
mod gate;
mod names;
mod openldap;
mod replies;

use super::config::LdapConfig;
use super::plan::Wanted;
use super::schema::Schema;
use super::wire::Entry;

/// A document that passes its check.
fn config() -> LdapConfig {
    LdapConfig::new(
        "ldaps://dc1.tessera.example",
        "cn=rollcall,dc=tessera,dc=example",
        "env:LDAP_PASSWORD",
        "ou=people,dc=tessera,dc=example",
    )
}

fn wanted(names: &[&str]) -> Wanted {
    Wanted { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Wanted::default() }
}

fn entry(dn: &str, attributes: &[(&str, &[&[u8]])]) -> Entry {
    let owned = |(name, values): &(&str, &[&[u8]])| {
        ((*name).to_owned(), values.iter().map(|value| value.to_vec()).collect())
    };
    Entry { dn: dn.into(), attributes: attributes.iter().map(owned).collect(), controls: Vec::new() }
}

/// Definitions as OpenLDAP and Active Directory write them.
fn schema() -> Schema {
    let definitions = [
        "( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
        "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'RFC4519: common name(s) NAME ( SUP' SUP name )",
        "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )",
        "( 2.16.840.1.113730.3.1.241 NAME 'displayName' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
        "( 0.9.2342.19200300.100.1.3 NAME ( 'mail' 'rfc822Mailbox' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{256} )",
        "( 0.9.2342.19200300.100.1.1 NAME ( 'uid' 'userid' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{256} )",
        "( 0.9.2342.19200300.100.1.10 NAME 'manager' SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )",
        "( 2.5.4.49 NAME 'distinguishedName' SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )",
        "( 2.5.4.31 NAME 'member' SUP distinguishedName )",
        "( 2.5.4.50 NAME 'uniqueMember' SYNTAX 1.3.6.1.4.1.1466.115.121.1.34 )",
        "( 1.3.6.1.1.1.1.12 NAME 'memberUid' SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )",
        "( 2.5.18.2 NAME 'modifyTimestamp' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )",
        "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX '1.3.6.1.4.1.1466.115.121.1.27' SINGLE-VALUE )",
        "( 1.2.840.113556.1.4.159 NAME 'accountExpires' SYNTAX '1.2.840.113556.1.4.906' SINGLE-VALUE )",
        "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE NO-USER-MODIFICATION )",
        "( 1.2.840.113556.1.4.146 NAME 'objectSid' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE )",
        "( 1.3.6.1.1.16.4 NAME 'entryUUID' SYNTAX 1.3.6.1.1.16.1 SINGLE-VALUE )",
        "( 1.1.1 NAME 'nsAccountLock' SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 )",
        "( 1.1.2 NAME 'employeeStatus' SUP name )",
        "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
        "not a definition",
    ];
    Schema::of(&definitions.map(|definition| definition.as_bytes().to_vec()))
}
