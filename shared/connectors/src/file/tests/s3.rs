//! The same source over S3, against a stand-in on loopback that plays one bucket.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use engine::ports::{Reading, Source, SourceError};

use super::*;
use crate::file::GroupsFile;

/// What the bucket holds and how it behaves.
#[derive(Default)]
struct Bucket {
    /// Content and `ETag`; the last stays, those before are each seen by one `HEAD`.
    versions: Vec<(&'static str, &'static str)>,
    /// Content and `ETag` of the file of groups.
    groups: (&'static str, &'static str),
    /// What the file of people becomes once the groups were fetched.
    afterwards: Option<(&'static str, &'static str)>,
    /// Answered instead of anything else.
    failure: Option<(StatusCode, &'static str)>,
    /// The body breaks off here.
    breaks_at: Option<usize>,
    requests: Vec<String>,
}

type Shared = Arc<Mutex<Bucket>>;

fn held(bucket: &Shared) -> MutexGuard<'_, Bucket> {
    bucket.lock().unwrap()
}

async fn answer(
    State(bucket): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let mut bucket = held(&bucket);
    let of_groups = uri.path().ends_with("groups.csv");
    bucket.requests.push(if of_groups { format!("{method} groups") } else { method.to_string() });
    let plain = |status: StatusCode, body: String| {
        Response::builder()
            .status(status)
            .body(if method == Method::HEAD { Body::empty() } else { body.into() })
            .unwrap()
    };
    if let Some((status, code)) = bucket.failure {
        return plain(status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"));
    }
    let groups = of_groups.then_some(bucket.groups);
    let Some((content, etag)) = groups.or(bucket.versions.first().copied()) else {
        return plain(StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>".into());
    };
    let response = Response::builder().header("etag", etag).header("x-amz-version-id", "v1");
    if method == Method::HEAD {
        if !of_groups && bucket.versions.len() > 1 {
            bucket.versions.remove(0);
        }
        return response.header("content-length", content.len()).body(Body::empty()).unwrap();
    }
    if headers.get("if-match").is_some_and(|wanted| wanted != etag) {
        return plain(
            StatusCode::PRECONDITION_FAILED,
            "<Error><Code>PreconditionFailed</Code></Error>".into(),
        );
    }
    if let Some(other) = bucket.afterwards.take_if(|_| of_groups) {
        bucket.versions = vec![other];
    }
    match bucket.breaks_at {
        None => response.body(content.into()).unwrap(),
        Some(at) => {
            let pieces = [Ok(&content[..at]), Err(std::io::Error::other("broken"))];
            response
                .header("content-length", content.len())
                .body(Body::from_stream(futures::stream::iter(pieces)))
                .unwrap()
        }
    }
}

/// A desk whose file lies in a bucket.
struct S3Desk {
    bucket: Shared,
    client: Client,
    folder: TempDir,
}

impl S3Desk {
    async fn with(versions: &[(&'static str, &'static str)]) -> Self {
        let bucket = Shared::default();
        held(&bucket).versions = versions.to_vec();
        let app = Router::new().fallback(answer).with_state(bucket.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(aws_credential_types::Credentials::for_tests())
            .http_client(http.build_https())
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint)
            .force_path_style(true)
            .build();
        Self { bucket, client: Client::from_conf(config), folder: tempfile::tempdir().unwrap() }
    }

    fn source(&self) -> FileSource {
        self.source_of(FileConfig::new("s3://hr/exports/people.csv", "id"))
    }

    fn source_with_groups(&self) -> FileSource {
        let groups = GroupsFile::new("s3://hr/exports/groups.csv", "id");
        let people = FileConfig::new("s3://hr/exports/people.csv", "id");
        self.source_of(FileConfig { groups: Some(groups), ..people })
    }

    fn source_of(&self, config: FileConfig) -> FileSource {
        FileSource::connect(config, "/nowhere".as_ref(), self.folder.path(), Some(self.client.clone()))
            .unwrap()
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut held(&self.bucket).requests)
    }

    async fn refusal(&self) -> SourceError {
        self.source().open(None, None).await.unwrap_err()
    }
}

#[tokio::test]
async fn an_object_is_looked_at_and_then_fetched() {
    let desk = S3Desk::with(&[("id\nE1\n\n ,\n", "\"a\"")]).await;
    let source = desk.source();
    let reading = open(&source).await;
    let (people, unreadable) = rest(&source, &reading.cursor).await;
    assert_eq!((ids(&people), unreadable[0].place.as_str()), (vec!["E1"], "people.csv line 4"));
    assert_eq!((desk.requests(), source.calls()), (["HEAD", "GET"].map(String::from).to_vec(), 2));
    assert_eq!(reading.watermark.0["etag"], "\"a\"");
    assert_eq!(reading.watermark.0["versionId"], "v1");
}

#[tokio::test]
async fn an_equal_etag_is_unchanged_without_fetching_the_object() {
    let desk = S3Desk::with(&[("id\nE1\n", "\"a\"")]).await;
    let watermark = open(&desk.source()).await.watermark;
    desk.requests();
    let source = desk.source();
    assert_eq!(source.open(Some(&watermark), None).await.unwrap(), Reading::Unchanged { watermark: None });
    assert_eq!((desk.requests(), source.calls()), (vec!["HEAD".to_owned()], 1));
}

#[tokio::test]
async fn another_etag_of_the_same_content_is_unchanged_too() {
    let desk = S3Desk::with(&[("id\nE1\n", "\"a\"")]).await;
    let watermark = open(&desk.source()).await.watermark;
    held(&desk.bucket).versions = vec![("id\nE1\n", "\"b\"")];
    assert_eq!(
        desk.source().open(Some(&watermark), None).await.unwrap(),
        Reading::Unchanged { watermark: None }
    );
}

#[tokio::test]
async fn an_object_replaced_between_look_and_fetch_is_looked_at_again() {
    let desk = S3Desk::with(&[("id\nE1\n", "\"a\""), ("id\nE2\n", "\"b\"")]).await;
    let source = desk.source();
    let reading = open(&source).await;
    assert_eq!(ids(&rest(&source, &reading.cursor).await.0), ["E2"]);
    assert_eq!(desk.requests(), ["HEAD", "GET", "HEAD", "GET"]);
}

#[tokio::test]
async fn of_two_objects_only_what_is_needed_is_fetched() {
    let desk = S3Desk::with(&[("id\nE1\n", "\"a\"")]).await;
    held(&desk.bucket).groups = ("id,members\nG1,E1\n", "\"g\"");
    let reading = open(&desk.source_with_groups()).await;
    assert_eq!(reading.watermark.0["groups"]["etag"], "\"g\"");
    let looks = ["HEAD", "HEAD groups"];
    assert_eq!(desk.requests(), ["HEAD", "GET", "HEAD groups", "GET groups", looks[0], looks[1]]);
    let known = Some(&reading.watermark);
    let unchanged = Reading::Unchanged { watermark: None };
    assert_eq!(desk.source_with_groups().open(known, None).await.unwrap(), unchanged);
    assert_eq!(desk.requests(), looks);
    held(&desk.bucket).groups = ("id,members\nG1,\n", "\"h\"");
    let source = desk.source_with_groups();
    let reading = full(source.open(known, None).await.unwrap());
    assert_eq!(ids(&rest(&source, &reading.cursor).await.0), ["E1", "G1"]);
    let fetched = ["HEAD", "HEAD groups", "GET groups", "HEAD", "GET", looks[0], looks[1]];
    assert_eq!(desk.requests(), fetched);
}

#[tokio::test]
async fn people_replaced_while_groups_are_fetched_are_fetched_again() {
    let desk = S3Desk::with(&[("id\nE1\n", "\"a\"")]).await;
    held(&desk.bucket).groups = ("id,members\nG1,E2\n", "\"g\"");
    held(&desk.bucket).afterwards = Some(("id\nE1\nE2\n", "\"b\""));
    let source = desk.source_with_groups();
    let reading = open(&source).await;
    assert_eq!(ids(&rest(&source, &reading.cursor).await.0), ["E1", "E2", "G1"]);
    assert_eq!(reading.watermark.0["etag"], "\"b\"");
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 3, "two copies and their slip");
}

#[tokio::test]
async fn a_cut_reading_goes_on_on_another_machine() {
    let desk = S3Desk::with(&[("id\nE1\n", "\"a\"")]).await;
    let reading = open(&desk.source()).await;
    let elsewhere = S3Desk { folder: tempfile::tempdir().unwrap(), ..desk };
    let source = elsewhere.source();
    let resumed = full(source.open(None, Some(&reading.cursor)).await.unwrap());
    assert_eq!((&resumed.cursor, &resumed.watermark), (&reading.cursor, &reading.watermark));
    held(&elsewhere.bucket).versions = vec![("id\nE2\n", "\"b\"")];
    let elsewhere = S3Desk { folder: tempfile::tempdir().unwrap(), ..elsewhere };
    let error = elsewhere.source().open(None, Some(&reading.cursor)).await.unwrap_err();
    assert!(matches!(error, SourceError::Moved(_)), "{error:?}");
}

#[tokio::test]
async fn failures_of_s3_are_told_apart() {
    let desk = S3Desk::with(&[]).await;
    let error = desk.refusal().await;
    assert!(
        matches!(&error, SourceError::Unavailable(sentence) if sentence.contains("s3://hr/exports/people.csv does not exist")),
        "{error:?}"
    );
    let cases = [
        (StatusCode::FORBIDDEN, "AccessDenied", true, "s3:GetObject"),
        (StatusCode::UNAUTHORIZED, "Unauthorized", true, "s3:GetObject"),
        (StatusCode::SERVICE_UNAVAILABLE, "SlowDown", false, "503"),
        (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", false, "tries again"),
    ];
    for (status, code, credentials, word) in cases {
        held(&desk.bucket).failure = Some((status, code));
        let error = desk.refusal().await;
        assert_eq!(matches!(error, SourceError::Credentials(_)), credentials, "{error:?}");
        assert_eq!(matches!(error, SourceError::Unavailable(_)), !credentials, "{error:?}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_taken_for_the_file() {
    let desk = S3Desk::with(&[("id\nE1\nE2\nE3\n", "\"a\"")]).await;
    held(&desk.bucket).breaks_at = Some(6);
    let error = desk.refusal().await;
    assert!(
        matches!(&error, SourceError::Unavailable(sentence) if sentence.contains("could not be fetched")),
        "{error:?}"
    );
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 0, "nothing is left behind");
}
