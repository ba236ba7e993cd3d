//! The web page in a real browser, by the tests of `web/test`: they start this program as a demo, and
//! look at the page in Chromium.
//!
//! `npm ci` in `web` installs what the tests need, and `tools/fetch-chromium DIR` prints a Chromium.
//! Without `CORAL_TEST_BROWSER`, the tests are left out and say so, unless
//! `CORAL_TEST_BROWSER_REQUIRED` is set.

use std::io::Write as _;
use std::process::Command;

#[test]
fn the_page_is_what_its_tests_in_a_browser_say() {
    let required = std::env::var_os("CORAL_TEST_BROWSER_REQUIRED").is_some();
    let browser = std::env::var_os("CORAL_TEST_BROWSER").filter(|browser| !browser.is_empty());
    assert!(
        !required || browser.is_some(),
        "the tests of the page need a browser: tools/fetch-chromium"
    );
    let Some(browser) = browser else {
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::stderr().write_all(
            b"tests of the web page left out: no browser. `npm ci` in web, then \
              CORAL_TEST_BROWSER=\"$(tools/fetch-chromium DIR)\"\n",
        );
        return;
    };
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/test/run.mjs");
    let tests = Command::new("node")
        .arg(run)
        .env("CORAL", env!("CARGO_BIN_EXE_coral"))
        .env("CHROMIUM", browser)
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&tests.stdout);
    let errors = String::from_utf8_lossy(&tests.stderr);
    assert!(tests.status.success(), "{said}\n{errors}");
}
