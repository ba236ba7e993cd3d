//! Wrong input: an error as Tempo's, in text.

use super::*;

/// Asks each of `rows`, which are a path and the beginning of the error.
async fn refused(rows: &[(&str, &str)]) {
    let world = World::start().await;
    for (path, text) in rows {
        let answered = world.get(path).await;
        assert_eq!(answered.status, 400, "{path}: {}", answered.text());
        assert_eq!(answered.kind, "text/plain; charset=utf-8");
        assert!(answered.text().starts_with(text), "{path}: {}", answered.text());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_search_is_refused() {
    refused(&[
        ("/api/search?limit=0", "invalid limit: must be a positive number"),
        ("/api/search?limit=x", "invalid limit: `x` is not a number"),
        ("/api/search?limit=99999999999", "invalid limit: `99999999999` is not a number"),
        ("/api/search?limit=1001", "invalid limit: 1001 exceeds the maximum of 1000"),
        ("/api/search?spss=-1", "invalid spss: `-1` is not a number"),
        (
            "/api/search?start=5&end=4",
            "http parameter start must be before end. received start=5 end=4",
        ),
        ("/api/search?start=now", "invalid start: `now` is not a time"),
        ("/api/search?minDuration=5", "invalid minDuration: "),
        (
            "/api/search?minDuration=5s&maxDuration=1s",
            "invalid maxDuration: must be greater than minDuration",
        ),
        (
            "/api/search?q=%7B%7D&tags=a%3D1",
            "invalid request: can't specify tags and q in the same query",
        ),
        (
            "/api/search?q=%7B%7D&minDuration=5s",
            "`minDuration` and `maxDuration` are not supported",
        ),
        ("/api/search?tags=a%3D1+a%3D2", "invalid tags: tag a has been set twice"),
        ("/api/search?tags=a%3D%22x", "invalid tags: unterminated quoted value at pos 1"),
        ("/api/search?tags=error%3Dmaybe", "invalid tags: `error` is true or false"),
        ("/api/search?tags=a%3Db%3Dc", "invalid tags: unexpected '=' at pos 4"),
        ("/api/search?since=1h", "`since` is not supported: a search takes `q` or `tags`, `start`"),
        ("/api/search?q=%7B%7D&step=5", "`step` is not supported"),
        ("/api/search?q=x", "invalid TraceQL query: parse error at line 1, col 1: "),
        ("/api/search?limit=1&limit=2", "`limit` is given twice"),
        ("/api/search?LIMIT=1", "unknown parameter `LIMIT`: write `limit`"),
    ])
    .await;
}

#[tokio::test]
async fn wrong_metrics_are_refused() {
    refused(&[
        ("/api/metrics/query_range", "compiling query: the parameter `q` is missing"),
        ("/api/metrics/query_range?q=%20", "compiling query: the parameter `q` is missing"),
        ("/api/metrics/query_range?q=x&start=9&end=3", "end must be greater than start"),
        ("/api/metrics/query_range?q=x&step=0", "step of 0ns is too small, minimum step"),
        ("/api/metrics/query_range?q=x&step=-5", "cannot parse \"-5\" to a valid duration"),
        ("/api/metrics/query_range?q=x&step=soon", "invalid step: `soon` is not a duration"),
        ("/api/metrics/query_range?q=x&since=soon", "invalid since: `soon` is not a duration"),
        ("/api/metrics/query_range?q=x&exemplars=x", "invalid exemplars: `x` is not a number"),
        ("/api/metrics/query_range?q=x&since=0", "end must be greater than start"),
        (
            "/api/metrics/query_range?q=x&since=1d",
            "compiling query: parse error at line 1, col 1: ",
        ),
        ("/api/metrics/query?q=x", "compiling query: parse error at line 1, col 1: "),
        ("/api/metrics/query?q=x&start=y", "invalid start: `y` is not a time"),
    ])
    .await;
}

#[tokio::test]
async fn wrong_tags_are_refused() {
    refused(&[
        ("/api/v2/search/tags?scope=nosuch", "invalid scope: nosuch"),
        ("/api/v2/search/tags?limit=x", "invalid limit: `x` is not a number"),
        ("/api/search/tags?start=3&end=2", "http parameter start must be before end."),
        ("/api/v2/search/tags?maxStaleValues=x", "invalid maxStaleValues: `x` is not a number"),
        ("/api/v2/search/tag/%ff/values", "Invalid URL: "),
    ])
    .await;
}

#[tokio::test]
async fn a_url_that_is_too_long_or_has_too_many_parameters_is_refused() {
    let many: String = (0..300).map(|at| format!("k{at}=v&")).collect();
    let many = format!("/api/search?{many}");
    refused(&[(&many, "there are more than 256 parameters")]).await;
}
