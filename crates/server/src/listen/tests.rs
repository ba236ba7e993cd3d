//! Questions over real sockets.

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

const MOMENT: Duration = Duration::from_millis(100);

/// Sends `question` to a port whose requests are received within [`MOMENT`].
/// The answer is the size of the body, or why the port did not accept it.
async fn answer_to(question: &str) -> String {
    let listener = bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
    let address = local_address(&listener);
    let stop = CancellationToken::new();
    let answer = async |request: Request<Incoming>| {
        let read = RequestBody::new(request.into_body(), MOMENT).collect().await;
        let said = match read {
            Ok(body) => format!("{} bytes", body.to_bytes().len()),
            Err(error) => error.to_string(),
        };
        Response::new(Body::from(said))
    };
    let served = connections::serve(
        listener,
        None,
        QUESTION_PORT,
        move |request, _| answer(request),
        TaskTracker::new(),
        stop.clone(),
    );
    let asked = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(question.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
        read.await.expect("no answer").unwrap();
        stop.cancel();
        String::from_utf8(answer).unwrap()
    };
    tokio::join!(served, asked).1
}

#[tokio::test]
async fn a_question_that_is_too_slow_is_not_read_to_its_end() {
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for (rest, expected) in [
        ("content-length: 10\r\n\r\n0123456789", "10 bytes"),
        ("content-length: 10\r\n\r\n012", "the body of the request was not received within 100ms"),
    ] {
        let answer = answer_to(&format!("{head}{rest}")).await;
        assert!(answer.ends_with(expected), "{rest}: {answer}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_its_key() {
    let taken = bind(([127, 0, 0, 1], 0).into(), "otlp.http").await.unwrap();
    let error = bind(local_address(&taken), "otlp.grpc").await.unwrap_err();
    let said = format!("cannot listen on `{}` for otlp.grpc", local_address(&taken));
    assert_eq!(error.to_string(), said);
}
