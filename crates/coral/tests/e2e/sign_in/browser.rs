//! What a browser does: it keeps the cookies of each origin, and follows a redirect when the test
//! says so.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::World;

/// A browser that believes the certificate authority of one colony. Clones have the same cookies at
/// first, and their own from then on.
#[derive(Clone)]
pub struct Browser {
    http: ureq::Agent,
    /// Values of cookies, by scheme, host, port and name.
    cookies: RefCell<BTreeMap<(String, String), String>>,
}

/// An answer.
pub struct Page {
    pub status: u16,
    pub body: String,
    location: Option<String>,
    set_cookies: Vec<String>,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        let pem = std::fs::read(world.data_dir().join("trust/ca.crt")).unwrap();
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&pem).unwrap()]);
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Self { http: config.into(), cookies: RefCell::default() }
    }

    pub fn get(&self, url: &str) -> Page {
        let request = http::Request::get(url).header("cookie", self.cookies_of(url));
        self.read(url, self.http.run(request.body(()).unwrap()).unwrap())
    }

    /// Sends a form, as a click on its button does.
    pub fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(url, &headers, form)
    }

    /// Sends an empty body, as a page does whose origin is among `headers`.
    pub fn post(&self, url: &str, headers: &[(&str, &str)]) -> Page {
        self.send(url, headers, String::new())
    }

    fn send(&self, url: &str, headers: &[(&str, &str)], body: String) -> Page {
        let mut request = http::Request::post(url).header("cookie", self.cookies_of(url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.read(url, self.http.run(request.body(body).unwrap()).unwrap())
    }

    fn read(&self, url: &str, mut answer: http::Response<ureq::Body>) -> Page {
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let set_cookies: Vec<String> =
            answer.headers().get_all("set-cookie").iter().map(text).collect();
        for cookie in &set_cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let key = (origin(url), name.to_owned());
            match cookie.contains("Max-Age=0") {
                true => self.cookies.borrow_mut().remove(&key),
                false => self.cookies.borrow_mut().insert(key, value.to_owned()),
            };
        }
        Page {
            status: answer.status().as_u16(),
            location: answer.headers().get("location").map(text),
            set_cookies,
            body: answer.body_mut().read_to_string().unwrap(),
        }
    }

    fn cookies_of(&self, url: &str) -> String {
        let (cookies, origin) = (self.cookies.borrow(), origin(url));
        let own = cookies.iter().filter(|((of, _), _)| *of == origin);
        own.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

impl Page {
    /// Where the answer sends the browser.
    pub fn location(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("{} {}", self.status, self.body))
    }

    /// The header that sets the cookie `name`.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let is_named = |cookie: &&String| cookie.starts_with(&format!("{name}="));
        self.set_cookies.iter().find(is_named).map(String::as_str)
    }

    /// The URL to which the page's form is sent.
    pub fn form_action(&self) -> String {
        let form = self.body.split_once("<form").unwrap_or_else(|| panic!("{}", self.body)).1;
        let action = form.split_once("action=\"").unwrap().1.split('"').next().unwrap();
        action.replace("&amp;", "&")
    }
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
