//! What the conversions promise, a table each.

use proptest::prelude::*;

use super::super::testing::evaluate_with;
use super::super::text::tests::{examples_work, fails, gives, gives_null, gives_text};
use super::directory::{components, sid_text};
use crate::model::Value;

#[test]
fn every_example_works_as_it_stands() {
    examples_work(super::FUNCTIONS);
}

#[test]
fn bit_and_keeps_the_bits_that_both_have() {
    let cases = [
        ("BitAnd(&H1C, 6)", 4),
        ("BitAnd(&HF, &HF7)", 7),
        ("BitAnd(514, 2)", 2),
        ("BitAnd(512, 2)", 0),
        (r#"BitAnd("514", "2")"#, 2),
        ("BitAnd([number], 3)", 3),
        ("BitAnd([number], 0)", 0),
        // A group type of a directory is a negative number of 32 bits.
        ("BitAnd(-2147483646, 2)", 2),
        ("BitAnd(&HFFFFFFFF, -1)", 4_294_967_295),
    ]
    .map(|(expression, number)| (expression, Value::Integer(number)));
    gives(&cases);
    gives_null(&["BitAnd([absent], 2)", "BitAnd(2, [absent])"]);
    fails(&[
        ("BitAnd([word], 2)", "BitAnd: 'value1' takes a whole number (it is 'plain')"),
        ("BitAnd(2, 1.5)", "column 11: 'value2' of BitAnd takes a whole number, and '1.5' is none"),
    ]);
}

#[test]
fn c_str_and_c_ref_give_text() {
    gives_text(&[
        ("CStr(42)", "42"),
        ("CStr([number])", "7"),
        ("CStr([flag])", "True"),
        ("CStr([one])", "solo"),
        (r#"CStr("cn=Joe,dc=contoso,dc=com")"#, "cn=Joe,dc=contoso,dc=com"),
        ("CStr([empty])", ""),
        (r#"CRef("cn=Kim,ou=x")"#, "cn=Kim,ou=x"),
        (r#"DNComponent(CRef("cn=Joe,ou=x"), 1)"#, "Joe"),
    ]);
    gives_null(&["CStr([absent])", "CRef([absent])"]);
    fails(&[
        (
            "CStr([several])",
            "CStr: 'value' takes one value and gets several; choose one with Item, or put them together with Join (it is '3 values')",
        ),
        (
            "CStr([complex])",
            "CStr: 'value' takes text, and gets a value with parts (it is 'a value with parts')",
        ),
    ]);
}

#[test]
fn the_default_domain_comes_from_the_settings() {
    gives_text(&[
        ("DefaultDomain()", "acme.example"),
        (r#"Join("@", "kim", DefaultDomain())"#, "kim@acme.example"),
    ]);
}

#[test]
fn base64_is_of_utf_16() {
    gives_text(&[
        (r#"ConvertToBase64("Ana Ruiz")"#, "QQBuAGEAIABSAHUAaQB6AA=="),
        (r#"ConvertToBase64("Hello world!")"#, "SABlAGwAbABvACAAdwBvAHIAbABkACEA"),
        (r#"ConvertToBase64("😀")"#, "PdgA3g=="),
        (r#"ConvertToBase64("")"#, ""),
        (r#"ConvertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA")"#, "Hello world!"),
        (r#"ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8)"#, "Hello world!"),
        (r#"ConvertFromBase64("SGVsbG8gd29ybGQh", ASCII)"#, "Hello world!"),
        (r#"ConvertFromBase64("PdgA3g==", "unicode")"#, "😀"),
        (r#"ConvertFromBase64(" SGVs bG8=", UTF8)"#, "Hello"),
        // Bits behind the last byte that are not zero.
        (r#"ConvertFromBase64("SGVsbG9=", UTF8)"#, "Hello"),
        (r#"ConvertFromBase64("")"#, ""),
        (r#"ConvertFromBase64("QQA=", [absent])"#, "A"),
    ]);
    gives_null(&[
        "ConvertToBase64([absent])",
        "ConvertFromBase64([absent])",
        "ConvertFromBase64([absent], UTF8)",
    ]);
    let other = "name the encoding it has as the second argument";
    fails(&[
        ("ConvertFromBase64([name])", "ConvertFromBase64: 'source' takes base64 (it is 'Zoë')"),
        (r#"ConvertFromBase64("SGVsbG8")"#, "ConvertFromBase64: 'source' takes base64 (it is 'SGVsbG8')"),
        // An odd number of bytes, half a character, bytes of another encoding.
        (
            r#"ConvertFromBase64("SGVsbG8=")"#,
            &format!(
                "ConvertFromBase64: 'source' holds no text in UTF-16 (Unicode); {other} (it is 'SGVsbG8=')"
            ),
        ),
        (
            r#"ConvertFromBase64("Pdg=")"#,
            &format!("ConvertFromBase64: 'source' holds no text in UTF-16 (Unicode); {other} (it is 'Pdg=')"),
        ),
        (
            r#"ConvertFromBase64("/w==", UTF8)"#,
            &format!("ConvertFromBase64: 'source' holds no text in UTF-8; {other} (it is '/w==')"),
        ),
        (
            r#"ConvertFromBase64("w6s=", ASCII)"#,
            &format!("ConvertFromBase64: 'source' holds no text in ASCII; {other} (it is 'w6s=')"),
        ),
        (
            r#"ConvertFromBase64("QQA=", UTF7)"#,
            "column 27: 'Encoding' of ConvertFromBase64 is one of Unicode, ASCII, UTF8",
        ),
        (
            r#"ConvertFromBase64("QQA=", [word])"#,
            "ConvertFromBase64: 'Encoding' is one of Unicode, ASCII, UTF8 (it is 'plain')",
        ),
    ]);
}

#[test]
fn hexadecimal_digits_are_of_utf_8() {
    gives_text(&[
        (r#"ConvertToUTF8Hex("Zoë-7")"#, "5A6FC3AB2D37"),
        (r#"ConvertToUTF8Hex("Hello world!")"#, "48656C6C6F20776F726C6421"),
        (r#"ConvertToUTF8Hex("")"#, ""),
        ("ConvertToUTF8Hex([number])", "37"),
    ]);
    gives_null(&["ConvertToUTF8Hex([absent])"]);
}

#[test]
fn dn_component_counts_from_the_left() {
    gives_text(&[
        (r#"DNComponent("cn=Kim,ou=x", 1)"#, "Kim"),
        (r#"DNComponent("cn=Kim,ou=x", 2)"#, "x"),
        (r#"DNComponent("cn=Kim,ou=x", "2")"#, "x"),
    ]);
    gives_null(&[
        r#"DNComponent("cn=Kim,ou=x", 3)"#,
        "DNComponent([absent], 1)",
        "DNComponent([empty], 1)",
        "DNComponent([none], 1)",
    ]);
    let first = "counts from 1, which is the leftmost component";
    fails(&[
        (r#"DNComponent("cn=Kim", 0)"#, &format!("column 23: 'ComponentNumber' of DNComponent {first}")),
        ("DNComponent([word], [zero])", &format!("DNComponent: 'ComponentNumber' {first} (it is '0')")),
        (
            "DNComponent([word], 1)",
            "DNComponent: 'dn' is no distinguished name; it is made of parts such as cn=Kim, with commas between them (it is 'plain')",
        ),
    ]);
}

#[test]
fn a_distinguished_name_is_read_as_rfc_4514_writes_it() {
    let cases: [(&str, &[&str]); 13] = [
        ("", &[]),
        ("UID=jsmith,DC=example,DC=net", &["jsmith", "example", "net"]),
        ("OU=Sales+CN=J.  Smith,DC=example", &["Sales", "example"]),
        (r#"CN=James \"Jim\" Smith\, III,DC=net"#, &["James \"Jim\" Smith, III", "net"]),
        (r"CN=Before\0dAfter,DC=net", &["Before\rAfter", "net"]),
        (r"CN=Lu\C4\8Di\C4\87", &["Lučić"]),
        ("CN=Zoë", &["Zoë"]),
        (r"1.3.6.1.4.1.1466.0=#04024869", &["#04024869"]),
        (r"cn=\#1\+\;\<\>\=\\", &["#1+;<>=\\"]),
        ("cn = Kim Lee , ou= x ", &["Kim Lee", "x"]),
        (r"cn=\ Kim\ ,ou=x", &[" Kim ", "x"]),
        ("cn=,ou=x", &["", "x"]),
        ("cn=a=b,ou=x", &["a=b", "x"]),
    ];
    for (dn, expected) in cases {
        assert_eq!(
            components(dn).as_deref(),
            Ok(expected.iter().map(|&value| value.to_owned()).collect::<Vec<_>>().as_slice()),
            "{dn}"
        );
    }
    for dn in [
        "cn",
        "=x",
        "cn=x,",
        "cn=x,ou",
        "c n=x",
        r"cn=x\",
        r"cn=x\g1",
        r"cn=x\C",
        r"cn=\FF",
        "cn=\"a,b\",ou=x",
        "cn=a;ou=x",
    ] {
        assert!(components(dn).is_err(), "{dn} gives {:?}", components(dn));
    }
}

#[test]
fn a_security_identifier_is_read_from_its_bytes() {
    gives_text(&[
        // The group of administrators, and an account of a domain.
        (r#"StringFromSid("AQIAAAAAAAUgAAAAIAIAAA==")"#, "S-1-5-32-544"),
        (r#"StringFromSid("AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA==")"#, "S-1-5-21-1-2-3-500"),
    ]);
    gives_null(&["StringFromSid([absent])"]);
    let sentence = "StringFromSid: 'ObjectSID' takes a binary security identifier in base64; one that is text already needs no conversion";
    fails(&[
        (r#"StringFromSid("S-1-5-32-544")"#, &format!("{sentence} (it is 'S-1-5-32-544')")),
        (r#"StringFromSid("AQI=")"#, &format!("{sentence} (it is 'AQI=')")),
    ]);
    assert_eq!(sid_text(&[1, 0, 0, 0, 0, 0, 0, 5]).as_deref(), Some("S-1-5"));
    assert_eq!(sid_text(&[1, 1, 0, 0, 0, 0, 0, 5, 255, 255, 255, 255]).as_deref(), Some("S-1-5-4294967295"));
    assert_eq!(sid_text(&[1, 0, 0, 1, 0, 0, 0, 0]).as_deref(), Some("S-1-0x000100000000"));
    for wrong in [
        &[][..],
        &[2, 0, 0, 0, 0, 0, 0, 5],
        &[1, 1, 0, 0, 0, 0, 0, 5],
        &[1, 0, 0, 0, 0, 0, 0, 5, 0],
        &[1, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0],
    ] {
        assert_eq!(sid_text(wrong), None, "{wrong:?}");
    }
    let mut too_many = vec![1, 16, 0, 0, 0, 0, 0, 5];
    too_many.extend([0; 64]);
    assert_eq!(sid_text(&too_many), None);
}

proptest! {
    #[test]
    fn what_goes_into_base64_comes_back(text in any::<String>()) {
        let person = [("text", Value::text(&*text))];
        prop_assert_eq!(
            evaluate_with("ConvertFromBase64(ConvertToBase64([text]))", &person),
            Ok(Some(Value::text(text)))
        );
    }

    #[test]
    fn an_escaped_value_comes_back(value in r##"[a-zé ,+"\\;<>=#]{0,12}"##) {
        let escaped: String = value.chars().map(|c| if c.is_alphabetic() { c.into() } else { format!("\\{c}") }).collect();
        prop_assert_eq!(components(&format!("cn={escaped},ou=x")), Ok(vec![value, "x".to_owned()]));
    }

    #[test]
    fn no_name_is_too_strange_to_be_judged(dn in r##"[a=,+\\"; 0é]{0,16}"##) {
        if let Ok(values) = components(&dn) {
            prop_assert!(values.len() <= dn.matches(',').count() + 1);
        }
    }
}
