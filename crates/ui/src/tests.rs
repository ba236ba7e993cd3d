use std::io::Read as _;

use flate2::read::GzDecoder;
use http::HeaderName;

use super::*;

fn page() -> WebPage {
    let html = br#"<link href="./icon.svg"><link href="./app.css"><script src="./theme.js"></script><script src="./app.js"></script>"#;
    let script = b"// many bytes that are alike ".repeat(100);
    WebPage::new(html, [b"// theme", &script, b"a {}", b"<svg/>"])
}

fn request(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        (HeaderName::from_static(name), value.parse().expect("the value of a header"))
    });
    pairs.collect()
}

fn get(page: &WebPage, name: &str, query: &str) -> Response<Bytes> {
    page.answer(name, query, &HeaderMap::new())
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn every_page_is_the_same_html_and_an_unknown_one_is_404() {
    let page = page();
    for name in PAGES {
        let answer = get(&page, name, "id=1");
        assert_eq!(answer.status(), 200, "{name}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
        assert_eq!(text(&answer), text(&get(&page, "", "")));
    }
    for name in ["nowhere", "index.html", "Traces", "app.js.map", "..", "dist/app.js"] {
        let answer = get(&page, name, "");
        assert_eq!((answer.status().as_u16(), text(&answer)), (404, text(&get(&page, "", ""))));
    }
}

#[test]
fn the_html_names_each_file_by_its_content_and_such_a_file_is_kept_for_ever() {
    let page = page();
    let html = get(&page, "", "");
    assert_eq!(header(&html, "cache-control"), "no-cache");
    for (name, kind) in ASSETS {
        let (_, rest) = text(&html).split_once(&format!("\"./{name}?")).unwrap();
        let query = rest.split('"').next().unwrap();
        let answer = get(&page, name, query);
        assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&answer, "content-type"), kind);
        for other in ["", "v=0000000000000000", "v=", "w=1"] {
            let answer = get(&page, name, other);
            assert_eq!(answer.status(), 200);
            assert_eq!(header(&answer, "cache-control"), "no-cache", "{name}?{other}");
        }
    }
    let changed = WebPage::new(b"\"./app.js\"", [b"", b"// changed", b"", b""]);
    assert_ne!(text(&get(&changed, "", "")), r#""./app.js?v=""#);
    assert_ne!(changed.assets[1].1.version(), page.assets[1].1.version());
}

#[test]
fn the_page_runs_its_own_script_alone_and_turns_no_text_into_markup() {
    let page = page();
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                  trusted-types 'none'";
    let answers = ["", "trace", "app.js", "icon.svg", "nowhere"].map(|name| get(&page, name, ""));
    for answer in answers.into_iter().chain([redirect("ui/").unwrap()]) {
        for (name, value) in [
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&answer, name), value);
        }
    }
}

#[test]
fn a_browser_that_accepts_gzip_gets_the_same_bytes_in_fewer() {
    let page = page();
    let plain = get(&page, "app.js", "");
    for accepted in ["gzip", "br;q=1.0, gzip;q=0.5", "deflate, *"] {
        let request = request(&[("accept-encoding", accepted)]);
        let packed = page.answer("app.js", "", &request);
        assert_eq!(header(&packed, "content-encoding"), "gzip", "{accepted}");
        assert!(packed.body().len() < plain.body().len() / 10);
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed.body()[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body()[..]);
    }
    for refused in ["", "br", "gzip;q=0", "xgzip", "gzip;q=x"] {
        let request = request(&[("accept-encoding", refused)]);
        let answer = page.answer("app.js", "", &request);
        assert_eq!(header(&answer, "content-encoding"), "", "{refused}");
        assert_eq!(header(&answer, "vary"), "accept-encoding");
    }
    // Eight bytes are not fewer when they are compressed.
    let tiny = page.answer("theme.js", "", &request(&[("accept-encoding", "gzip")]));
    assert_eq!((text(&tiny), header(&tiny, "content-encoding")), ("// theme", ""));
}

#[test]
fn a_browser_that_has_the_file_already_gets_no_bytes() {
    let page = page();
    let tag = header(&get(&page, "", ""), "etag").to_owned();
    for known in [tag.clone(), format!("\"other\", {tag}")] {
        let answer = page.answer("why", "", &request(&[("if-none-match", &known)]));
        assert_eq!((answer.status().as_u16(), answer.body().len()), (304, 0));
        assert_eq!(header(&answer, "etag"), tag);
    }
    let other = request(&[("if-none-match", "W/\"other\"")]);
    assert_eq!(page.answer("why", "", &other).status(), 200);
    // A page that is not there is said to be not there each time.
    assert_eq!(page.answer("nowhere", "", &request(&[("if-none-match", &tag)])).status(), 404);
}

#[test]
fn a_redirect_stays_below_the_prefix_of_a_proxy() {
    let answer = redirect("../ui/trace?id=4bf9").unwrap();
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "location")),
        (307, "../ui/trace?id=4bf9")
    );
    assert!(redirect("a\nb").is_err());
}

#[test]
fn the_compiled_page_refers_to_its_own_files_and_to_nothing_else() {
    let embedded = WebPage::embedded();
    let html = get(&embedded, "", "");
    let html = text(&html);
    for (name, asset) in &embedded.assets {
        let versioned = format!("\"./{name}?v={}\"", asset.version());
        assert_eq!(html.matches(&versioned).count(), 1, "{name} in {html}");
    }
    let urls = html.split("src=").skip(1).chain(html.split("href=").skip(1));
    for url in urls {
        assert!(url.starts_with("\"./"), "{url}");
    }
    let inline = ["<style", " style=", " onload=", " onclick=", "<script>", "<base"];
    for inline in inline {
        assert!(!html.contains(inline), "the policy of the page forbids `{inline}`");
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    assert_eq!(text(&get(&WebPage::read(&dist).unwrap(), "", "")), html);
    assert!(WebPage::read(&dist.join("absent")).is_err());
}

#[test]
fn the_compiled_page_is_small() {
    let embedded = WebPage::embedded();
    let packed = |asset: &Asset| {
        let request = request(&[("accept-encoding", "gzip")]);
        asset.answer(StatusCode::OK, crate::headers::ASK_AGAIN, &request).into_body().len()
    };
    let script = embedded.assets.iter().find(|(name, _)| *name == "app.js").unwrap();
    let all: usize = embedded.assets.iter().map(|(_, asset)| packed(asset)).sum();
    assert!(packed(&script.1) <= 150_000, "app.js has {} bytes", packed(&script.1));
    let all = all + packed(&embedded.html);
    assert!(all <= 200_000, "the page has {all} bytes");
}
