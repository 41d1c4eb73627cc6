//! The console's forms and the pages they lead to, over both sides of the API.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Method, Request, StatusCode};
use engine::ports::Store as _;
use serde_json::{Value, json};
use testkit::sandbox::Faults;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

use crate::stage::{Stage, TOKEN};

/// What would run, or end an attribute, if anything were shown as it stands.
const PLANTED: &str = "\"'><script>alert(1)</script>&amp;<img src=x>";

/// Somebody at the console.
struct Browser {
    router: Router,
    cookie: String,
}

/// What they see.
#[derive(Debug)]
struct Page {
    status: StatusCode,
    /// Where a form led.
    place: Option<String>,
    text: String,
}

impl Browser {
    async fn at(stage: &Stage) -> Self {
        let router = stage.console();
        let link = Request::get(format!("/sign-in?token={TOKEN}")).body(Body::empty()).unwrap();
        let signed_in = router.clone().oneshot(link).await.unwrap();
        let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { router, cookie }
    }

    async fn ask(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let place = response.headers().get(LOCATION).map(|place| place.to_str().unwrap().to_owned());
        let text = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        Page { status, place, text: String::from_utf8_lossy(&text).into_owned() }
    }

    async fn get(&self, path: &str) -> Page {
        self.ask(Request::get(path).header(COOKIE, &self.cookie).body(Body::empty()).unwrap()).await
    }

    /// Sends the form of a page whose button has these words, as a browser does, with other fields filled in.
    async fn press(&self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let (action, mut all) = page.form(button);
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = Serializer::new(String::new()).extend_pairs(all).finish();
        let request = Request::post(action).header(COOKIE, &self.cookie);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// The same, and then the page it led to.
    async fn pressed(&self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.press(page, button, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{button}: {}", answer.text);
        let place = answer.place.unwrap();
        let page = self.get(&place).await;
        assert_eq!(page.status, StatusCode::OK, "{place}: {}", page.text);
        page
    }
}

impl Page {
    #[track_caller]
    fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.text.contains(word), "{word}: {}", self.text);
        }
    }

    #[track_caller]
    fn keeps_quiet_about(&self, words: &[&str]) {
        for word in words {
            assert!(!self.text.contains(word), "{word}: {}", self.text);
        }
    }

    /// The form with a button: where it leads, its hidden fields, and what the button says.
    fn form(&self, button: &str) -> (String, Vec<(String, String)>) {
        let forms = self.text.split("<form ").skip(1).map(|form| form.split("</form>").next().unwrap());
        let form = forms.into_iter().find(|form| form.contains(&format!(">{button}</button>")));
        let form = form.unwrap_or_else(|| panic!("there is no button '{button}': {}", self.text));
        let attribute = |tag: &str, name: &str| {
            let after = tag.split(&format!(" {name}=\"")).nth(1)?;
            Some(unescaped(after.split('"').next()?))
        };
        let hidden = form.split("<input ").skip(1).filter(|tag| tag.starts_with("type=\"hidden\""));
        let mut fields: Vec<_> = hidden
            .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default()))
            .collect();
        let before = form.split(&format!(">{button}</button>")).next().unwrap();
        let tag = format!(" {}", before.rsplit("<button").next().unwrap().trim());
        fields.extend(attribute(&tag, "name").zip(attribute(&tag, "value")));
        (attribute(&format!(" {form}"), "action").unwrap(), fields)
    }

    /// What stands in a text area.
    fn area(&self, name: &str) -> String {
        let after = self.text.split(&format!("name=\"{name}\"")).nth(1).unwrap();
        let text = after.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
        unescaped(text.strip_prefix('\n').unwrap_or(text))
    }
}

fn unescaped(text: &str) -> String {
    let entities = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    entities.into_iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

/// The pages of Ledgerly.
async fn pages(stage: &Stage) -> String {
    format!("/applications/{}", stage.stored("Ledgerly").await.id)
}

/// Ledgerly with its two people; removals wait for a person from the first one on.
async fn cautious(stage: &Stage) -> String {
    stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let never = json!({ "removals": { "maximum": 0 } });
    stage.ask(Method::PATCH, "/v1.0/applications/Ledgerly", &never).await.is(204);
    pages(stage).await
}

/// Time goes on with each request of the API.
async fn a_second_later(stage: &Stage) {
    stage.ask(Method::GET, "/openapi.json", &Value::Null).await.is(200);
}

const ZOE: &str = "3,zoe@x.example,Zoë,true";
const IVO: &str = "2,ivo@x.example,Ivo Brandt,true";

fn write_people(stage: &Stage, rows: &[&str]) {
    let header = "employeeId,userPrincipalName,displayName,accountEnabled";
    std::fs::write(stage.people(), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
}

#[tokio::test]
async fn a_part_of_the_removals_that_wait_is_approved_and_the_rest_rejected() {
    let stage = Stage::new().await;
    let at = cautious(&stage).await;
    write_people(&stage, &[ZOE]);
    stage.cycle("Ledgerly").await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/waiting")).await;
    shown.says(&["nadia@x.example", "ivo@x.example", "gone from the source", "none yet"]);

    let nobody = browser.press(&shown, "Approve those ticked", &[]).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    nobody.says(&["nothing is ticked", &format!("href=\"{at}/waiting\"")]);

    let approved = browser.pressed(&shown, "Approve those ticked", &[("id", "1")]).await;
    approved.says(&["Approved. The next cycle", "approved<", "none yet"]);
    let all = browser.pressed(&approved, "Reject all", &[]).await;
    all.says(&["approved<", "rejected<"]);
    stage.cycle("Ledgerly").await;
    assert!(stage.app.user_by_name("nadia@x.example").is_none());
    assert!(stage.app.user_by_name("ivo@x.example").is_some(), "he was rejected");
    let shown = browser.get(&format!("{at}/waiting")).await;
    let back = browser.pressed(&shown, "Take the decision back", &[("id", "2")]).await;
    back.says(&["wait again", "none yet"]);
}

#[tokio::test]
async fn whoever_came_to_wait_after_the_page_was_made_is_not_approved_with_all() {
    let stage = Stage::new().await;
    let at = cautious(&stage).await;
    write_people(&stage, &[ZOE, IVO]);
    stage.cycle("Ledgerly").await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/waiting")).await;
    a_second_later(&stage).await;
    write_people(&stage, &[ZOE]);
    stage.cycle("Ledgerly").await;
    browser.pressed(&shown, "Approve all", &[]).await.says(&["ivo@x.example", "none yet"]);
    let job = stage.stored("Ledgerly").await.job;
    let rows = stage.context.store.staged(&job).await.unwrap();
    let approved: Vec<&str> =
        rows.iter().filter(|one| one.decision.is_some()).map(|one| one.label.as_str()).collect();
    assert_eq!(approved, ["nadia@x.example"]);
}

#[tokio::test]
async fn what_failed_is_tried_again_or_left_alone() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let poisoned = Faults { poisoned_user: Some("ivo@x.example".to_owned()), ..Faults::default() };
    stage.app.set_faults(poisoned);
    stage.cycle("Ledgerly").await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/waiting")).await;
    shown.says(&["Ivo Brandt", "1 attempt<", "POST ", "400", "None. When a cycle"]);
    shown.keeps_quiet_about(&["Nadia"]);
    a_second_later(&stage).await;
    let left = browser.pressed(&shown, "Leave those ticked alone", &[("id", "2")]).await;
    left.says(&["left alone until", "left alone<", "nadia"]);
    stage.app.set_faults(Faults::default());
    browser
        .pressed(&left, "Try those ticked again", &[("id", "2")])
        .await
        .says(&["tried again in the next cycle"]);
    let report = stage.cycle("Ledgerly").await;
    assert!(stage.app.user_by_name("ivo@x.example").is_some(), "{report:?}");
    browser.get(&format!("{at}/waiting")).await.says(&["Nobody. Whoever fails"]);
}

#[tokio::test]
async fn a_restart_is_chosen_where_its_consequences_are_told() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let chosen = browser.get(&format!("{at}/restart")).await;
    chosen.says(&["Everyone in the source is looked at again", "value=\"ForceDeletes\"", "checked"]);
    let nothing = browser.press(&chosen, "Restart", &[]).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    nothing.says(&["nothing is ticked"]);
    let done = browser.pressed(&chosen, "Restart", &[("scope", "Watermark"), ("scope", "Escrows")]).await;
    done.says(&["The job begins again"]);
    let audits = stage.audits().await;
    let restarted = audits.iter().find(|entry| entry.activity == "Restart job").unwrap();
    assert_eq!(restarted.changes[0].new, Some(json!("Watermark, Escrows")));
}

#[tokio::test]
async fn somebody_is_provisioned_now_and_each_step_is_shown() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    write_people(&stage, &[&format!("7,zoe@x.example,\"Zoë {}\",true", PLANTED.replace('"', "\"\""))]);
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let form = browser.get(&format!("{at}/provision?id=7")).await;
    form.says(&["value=\"7\""]);
    let done = browser.pressed(&form, "Provision", &[("id", " 7 ")]).await;
    done.says(&["create: ", "Zoë", "EntryExportAdd", "&#60;script&#62;"]);
    done.keeps_quiet_about(&["<script>alert", "<img src=x"]);
    assert!(stage.app.user_by_name("zoe@x.example").is_some());

    let unknown = browser.press(&form, "Provision", &[("id", "nobody")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    unknown.says(&["knows &#39;nobody&#39;", &format!("href=\"{at}/provision\"")]);
}

#[tokio::test]
async fn a_filter_is_changed_after_its_consequences_were_seen() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/configuration")).await;
    shown.says(&["People come from", "Scoping filter", "[userPrincipalName]", "when more than 500 people"]);
    let file = shown.area("document");
    let filter = "users:\n  scope:\n    filter:\n      - clauses: [{ attribute: displayName, operator: EQUALS, value: Ivo Brandt }]\n";
    let narrower = file.replacen("users:\n", filter, 1).replace('\n', "\r\n");

    let seen = browser.pressed(&shown, "Show what would change", &[("document", &narrower)]).await;
    seen.says(&[
        "users.scope",
        "accounts switched off",
        "Nadia Okoye",
        "In the next cycle 1 person would lose",
    ]);
    assert_eq!(stage.stored("Ledgerly").await.version, 1, "nothing is saved yet");
    let further = seen.text.split("href=\"").find(|link| link.contains("?draft=")).unwrap();
    let further = browser.get(&unescaped(further.split('#').next().unwrap())).await;
    further.says(&["This is your draft"]);
    assert!(further.area("document").contains("Ivo Brandt"));

    let saved = browser.pressed(&seen, "Save, although 1 person loses the account", &[]).await;
    saved.says(&["Saved.", "displayName EQUALS &#39;Ivo Brandt&#39;"]);
    stage.cycle("Ledgerly").await;
    assert_eq!(stage.app.user_by_name("nadia@x.example").unwrap()["active"], false);
}

#[tokio::test]
async fn a_document_that_cannot_be_saved_comes_back_with_its_problem_and_all_that_was_written() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/configuration")).await;
    let file = shown.area("document");
    let broken = format!("# mine {PLANTED}\n{}", file.replacen("source:", "sauce:", 1));
    let again = browser.press(&shown, "Show what would change", &[("document", &broken)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    again.says(&["role=\"alert\"", "line", "sauce", "aria-invalid"]);
    again.keeps_quiet_about(&["<script>alert", "<img src=x"]);
    assert_eq!(again.area("document"), broken);

    // Mended there, it is looked at; changed by somebody else meanwhile, it is not saved over that.
    let longer =
        file.replacen("users:", "schedule: { interval: 2h }\nusers:", 1).replacen("schedule: {}\n", "", 1);
    let seen = browser.pressed(&again, "Show what would change", &[("document", &longer)]).await;
    seen.says(&["schedule.interval", "anybody's account"]);
    stage.ask(Method::PATCH, "/v1.0/applications/Ledgerly", &json!({ "owners": ["ada"] })).await.is(204);
    let late = browser.press(&seen, "Save", &[]).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    late.says(&["version 2 is the present one"]);
    assert!(late.area("document").contains("2h"), "what was written is there still");
}

#[tokio::test]
async fn credentials_are_tried_before_they_are_saved_and_never_shown() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/configuration")).await;
    shown.keeps_quiet_about(&["The directory&#39;s address", stage.app.token()]);
    let wrong = browser.press(&shown, "Try, then save", &[("SecretToken", "wr0ng")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    wrong.says(&["401", "Nothing was saved."]);
    wrong.keeps_quiet_about(&["wr0ng"]);
    assert_eq!(browser.press(&shown, "Try, then save", &[]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.stored("Ledgerly").await.version, 1);

    let right = [("SecretToken", stage.app.token())];
    browser.pressed(&shown, "Try, then save", &right).await.says(&["Saved."]);
    let reference = stage.stored("Ledgerly").await.document["target"]["scim"]["token"].clone();
    assert!(reference.as_str().unwrap().contains("vault"), "{reference}");
    let status = browser.get(&at).await;
    browser.pressed(&status, "Check the credentials", &[]).await.says(&["take the saved credentials"]);
}

#[tokio::test]
async fn whoever_is_to_be_told_is_written_into_the_document() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/configuration")).await;
    let wrong = browser.press(&shown, "Save", &[("to", "it ops")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    wrong.says(&["notification.to[0]"]);
    let two = "it-ops@tessera.example\r\nada@tessera.example, ";
    let saved = browser.pressed(&shown, "Save", &[("to", two)]).await;
    assert_eq!(saved.area("to"), "it-ops@tessera.example\nada@tessera.example\n");
    let none = browser.pressed(&saved, "Save", &[("to", " ")]).await;
    assert_eq!(none.area("to"), "");
    assert_eq!(stage.stored("Ledgerly").await.document.get("notification"), None);
}

#[tokio::test]
async fn an_expression_is_tried_for_somebody_made_up() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let at = pages(&stage).await;
    let browser = Browser::at(&stage).await;
    let shown = browser.get(&format!("{at}/expression")).await;
    let expression = format!("Join(\"{}\", [givenName], [surname])", "<b>");
    let fields = [("expression", expression.as_str()), ("values", "givenName = Zoë\r\nsurname = Ömer")];
    let tried = browser.press(&shown, "Try", &fields).await;
    assert_eq!(tried.status, StatusCode::OK);
    tried.says(&["Zoë&#60;b&#62;Ömer", "Understood as"]);
    tried.keeps_quiet_about(&["<b>"]);
    assert_eq!(tried.area("expression"), expression);
    let broken = browser.press(&tried, "Try", &[("expression", "Join("), ("values", "")]).await;
    broken.says(&["role=\"alert\""]);
    assert_eq!(broken.area("expression"), "Join(");
}

#[tokio::test]
async fn a_form_of_another_session_changes_nothing() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let at = pages(&stage).await;
    let (browser, other) = (Browser::at(&stage).await, Browser::at(&stage).await);
    let foreign = other.get(&format!("{at}/configuration")).await;
    let before = stage.stored("Ledgerly").await;
    for (button, fields) in [
        ("Show what would change", vec![("document", "application: X")]),
        ("Save", vec![("to", "eve@evil.example")]),
        ("Save without trying", vec![("SecretToken", "x")]),
    ] {
        let answer = browser.press(&foreign, button, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{button}");
        answer.says(&["Nothing was changed"]);
    }
    let huge = [("document", "x".repeat(3 << 20))];
    let shown = browser.get(&format!("{at}/configuration")).await;
    let huge: Vec<(&str, &str)> = huge.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let large = browser.press(&shown, "Show what would change", &huge).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(stage.stored("Ledgerly").await, before);
}

#[tokio::test]
async fn the_result_of_another_applications_operation_is_not_shown() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let mut second = stage.document();
    second["application"] = json!("Folio");
    stage.post("/v1.0/applications", &second).await.is(201);
    let browser = Browser::at(&stage).await;
    let at = pages(&stage).await;
    let form = browser.get(&format!("{at}/provision")).await;
    let place = browser.press(&form, "Provision", &[("id", "1")]).await.place.unwrap();
    let folio = format!("/applications/{}", stage.stored("Folio").await.id);
    let elsewhere = place.replace(&at, &folio);
    assert_eq!(browser.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&place.replace("/provision/", "/drafts/")).await.status, StatusCode::NOT_FOUND);
}
