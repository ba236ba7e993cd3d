//! The web page, and the headers of every route, over a real socket.

use coral_server::door::Method;
use coral_server::listen;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::*;

/// A door that serves requests until this value is dropped.
struct Open {
    address: SocketAddr,
    _served: JoinSet<()>,
}

impl Open {
    async fn new(door: Door) -> Self {
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let address = listen::local_address(&listener);
        let mut served = JoinSet::new();
        served.spawn(async move {
            listen::serve(listener, None, door, CancellationToken::new()).await.unwrap();
        });
        Self { address, _served: served }
    }

    /// The answer to `method` on `path`: its head in lower case, and its body.
    async fn ask(&self, method: &str, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (format!("{}\r\n", head.to_ascii_lowercase()), body.to_owned())
    }
}

/// A path of a route, with something in place of its parameters.
fn path_of(template: &str) -> String {
    template
        .replace("{id}", "4bf92f35")
        .replace("{protocol}", "http")
        .replace("{agent_id}", "web-1")
        .replace("{span}", "00f067aa0ba902b7")
        .replace("{name}", "traces")
        .replace("{service}", "shop")
        .replace("{tag}", "http.route")
}

#[tokio::test]
async fn every_route_of_both_roles_has_the_headers_that_keep_other_sites_away() {
    let dir = tempfile::tempdir().unwrap();
    let open = colony_door(&dir).await.merge(coral_api::sign_in::routes(None));
    let other = tempfile::tempdir().unwrap();
    // The last one answers most requests with 401.
    for door in [open, agent_door(&dir).await, guarded_door(&other).await] {
        let routes: Vec<_> = door
            .table()
            .filter(|(_, path, _)| !path.contains('.') || path.ends_with(".json"))
            .map(|(method, path, needs)| (method, path_of(path), needs))
            .collect();
        let open = Open::new(door).await;
        for (method, path, needs) in routes {
            assert!(!path.contains('{'), "what stands for the parameter of {path}?");
            let methods: &[&str] = match method {
                Method::Get => &["GET", "HEAD", "OPTIONS"],
                Method::Post => &["POST", "GET"],
                Method::Delete => &["DELETE", "GET"],
            };
            for method in methods {
                let (head, body) = open.ask(method, &path).await;
                let is_page = needs == Permission::PageRead && head.contains("http/1.1 200");
                for line in [
                    "x-content-type-options: nosniff",
                    "referrer-policy: no-referrer",
                    "cross-origin-opener-policy: same-origin",
                    "cross-origin-resource-policy: same-origin",
                    "content-security-policy: default-src 'none'; ",
                    if is_page { "cache-control: no-cache" } else { "cache-control: no-" },
                ] {
                    assert!(head.contains(&format!("\r\n{line}")), "{method} {path}: {head}");
                    let name = line.split(':').next().unwrap();
                    assert_eq!(head.matches(name).count(), 1, "{method} {path}: {head}");
                }
                assert_eq!(
                    head.contains("script-src"),
                    needs == Permission::PageRead && !head.contains(" 405 ")
                );
                assert!(head.contains("frame-ancestors 'none'"), "{method} {path}: {head}");
                assert!(!head.contains("access-control-"), "{method} {path}: {head}");
                assert!(*method != "HEAD" || body.is_empty(), "{path}: {body}");
                let is_data = !matches!(
                    needs,
                    Permission::StatusRead
                        | Permission::SelfRead
                        | Permission::SpecRead
                        | Permission::ExpositionRead
                        | Permission::HealthRead
                        | Permission::PageRead
                        | Permission::SessionChange
                ) && head.starts_with("http/1.1 200");
                let is_file = head.contains("content-disposition: attachment; filename=");
                assert!(!is_data || is_file, "{path}: {head}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_is_below_ui_and_short_urls_lead_there() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(colony_door(&dir).await).await;
    for path in ["/ui/", "/ui/traces?q=status:error", "/ui/status"] {
        let (head, body) = open.ask("GET", path).await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        assert!(head.contains("content-type: text/html"), "{path}: {head}");
        assert!(body.contains("./app.js?v="), "{body}");
        for name in body.split("\"./").skip(1).filter_map(|rest| rest.split('"').next()) {
            let (head, _) = open.ask("GET", &format!("/ui/{name}")).await;
            assert!(head.contains(" 200 ") && head.contains("immutable"), "{name}: {head}");
        }
    }
    let (head, body) = open.ask("GET", "/ui/nowhere").await;
    assert!(head.contains(" 404 ") && body.contains("./app.js"), "{head}");
    for (path, location) in [
        ("/", "ui/"),
        ("/ui", "ui/"),
        (
            "/trace/4BF92F3577b34da6a3ce929d0e0e4736",
            "../ui/trace?id=4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        ("/t/4bf9", "../ui/trace?id=4bf9"),
    ] {
        let (head, _) = open.ask("GET", path).await;
        assert!(
            head.contains(" 307 ") && head.contains(&format!("\r\nlocation: {location}\r\n")),
            "{head}"
        );
    }
    let long = format!("/t/{}", "a".repeat(33));
    for path in [
        "/t/4bf9&view=x",
        "/t/..",
        "/trace/%2f%2fevil.example",
        "/t/%0d%0aset-cookie:a",
        "/t/%ff",
        &long,
    ] {
        let (head, body) = open.ask("GET", path).await;
        assert!(head.contains(" 404 ") && !head.contains("location:"), "{path}: {head}");
        assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
    }
}

#[tokio::test]
async fn authors_of_the_page_see_a_change_at_the_next_request() {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("dist");
    std::fs::create_dir(&files).unwrap();
    let write = |name: &str, text: &str| std::fs::write(files.join(name), text).unwrap();
    let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
    let door = Door::new(hosts, "ask").merge(coral_api::ui::routes(Some(files.clone())));
    let open = Open::new(door).await;
    let (head, body) = open.ask("GET", "/ui/app.js").await;
    assert!(head.contains(" 500 ") && body.contains("dist"), "{head}{body}");
    for name in ["index.html", "theme.js", "app.js", "app.css", "icon.svg"] {
        write(name, "first");
    }
    assert_eq!(open.ask("GET", "/ui/app.js").await.1, "first");
    write("app.js", "second");
    assert_eq!(open.ask("GET", "/ui/app.js").await.1, "second");
}
