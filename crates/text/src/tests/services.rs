//! The health of services as it is printed: on several screens, and in sentences.

use coral_query::RedSource;
use coral_query::answer::{
    CauseKind, Health, KindOfRequests, RequestKind, ServiceNumbers, ServiceState, Services,
    UnknownHealth, UntracedService, UntracedServices, ValueList, WhySuspect, WhyTimes,
};
use coral_trace::UnixNanos;
use expect_test::expect;

use super::unreachable;
use crate::json::Projection;
use crate::screen::Screen;
use crate::services::{names_change, no_such_service, services, services_csv, verdict};
use crate::table::width;
use crate::tests::widths::keeps_to_width;

/// 2026-11-25T12:00:00Z.
const NOON: i64 = 1_795_608_000_000_000;
const MINUTE: i64 = 60_000_000;
const WINDOWS: &str = "last 15 minutes, against the 1 hour before";

fn numbers(requests: u64, errors: u64, p95_us: i64, seconds: f64) -> ServiceNumbers {
    if requests == 0 {
        return ServiceNumbers::default();
    }
    ServiceNumbers {
        requests_per_second: requests as f64 / seconds,
        requests,
        errors,
        error_rate: errors as f64 / requests.max(1) as f64,
        p50_us: Some(p95_us / 4),
        p95_us: Some(p95_us),
        exact: true,
        beyond_us: None,
        estimate: None,
    }
}

/// A service with the numbers of the window: requests, errors and P95; 3,600 requests of 24 ms were
/// in the baseline.
fn service(
    name: &str,
    health: Health,
    (requests, errors, p95_us): (u64, u64, i64),
) -> ServiceState {
    let (now, before) =
        (numbers(requests, errors, p95_us, 900.0), numbers(3_600, 14, 24_000, 3_600.0));
    let is_sick = matches!(health, Health::Failing | Health::Slow);
    let list = |value: &str| ValueList { values: vec![value.to_owned()], count: 1 };
    ServiceState {
        name: name.to_owned(),
        health,
        is_slow_too: false,
        unknown_because: None,
        kind: (health != Health::Well).then_some(RequestKind::Http),
        operation: None,
        began: is_sick.then(|| UnixNanos::from_micros(NOON - 19 * MINUTE)),
        now: now.clone(),
        before: Some(before.clone()),
        requests: vec![KindOfRequests {
            kind: RequestKind::Http,
            source: RedSource::Spans,
            now,
            before: Some(before),
        }],
        hosts: list("web-1"),
        versions: list("1.4.2"),
        instances: ValueList { values: vec!["a".to_owned(), "b".to_owned()], count: 2 },
        last_seen: Some(UnixNanos::from_micros(NOON - 3_000_000)),
        series: None,
        complete_ratio: None,
    }
}

fn unknown(name: &str, because: UnknownHealth) -> ServiceState {
    let unknown_because = Some(because);
    ServiceState { unknown_because, kind: None, ..service(name, Health::Unknown, (15, 0, 24_000)) }
}

fn answer(services: Vec<ServiceState>) -> Services {
    let (since, until) = (NOON - 15 * MINUTE, NOON);
    Services {
        since_unix_us: since,
        until_unix_us: until,
        baseline_since_unix_us: since - 60 * MINUTE,
        baseline_until_unix_us: since,
        services,
        ..Services::default()
    }
}

fn sick() -> Services {
    answer(vec![
        service("payments-api", Health::Failing, (900, 59, 26_000)),
        service("card-validator-svc", Health::Slow, (900, 4, 489_000)),
        service("email", Health::NotSeen, (0, 0, 0)),
        service("frontend", Health::Well, (1_900, 0, 24_000)),
    ])
}

#[test]
fn an_answer_without_a_sick_service_and_without_a_cause_names_no_change() {
    let well = answer(vec![service("frontend", Health::Well, (1_900, 0, 24_000))]);
    assert!(!names_change(&well) && names_change(&sick()));
}

fn page(width: Option<usize>) -> String {
    services(&sick(), WINDOWS, Screen { width, colour: false })
}

#[test]
fn the_table_has_one_line_for_each_service_with_the_numbers_before_beside() {
    expect![[r#"
        3 of 4 services are not well: payments-api fails (6.6% of requests, 0.39% before) since 11:41 UTC; card-validator-svc is slow (P95 489ms, 24ms before) since 11:41 UTC; email serves no requests (1.0 per second before).

        Services (last 15 minutes, against the 1 hour before):

        Service            | Health   | Since     | Req/s | Before | Errors | Before | P50   | Before | P95   | Before | Hosts | Version | Instances | Last seen     | From
        -------------------|----------|-----------|-------|--------|--------|--------|-------|--------|-------|--------|-------|---------|-----------|---------------|------
        payments-api       | failing  | 11:41 UTC | 1.0   | 1.0    | 6.6%   | 0.39%  | 6.5ms | 6ms    | 26ms  | 24ms   | web-1 | 1.4.2   | 2         | 3 seconds ago | spans
        card-validator-svc | slow     | 11:41 UTC | 1.0   | 1.0    | 0.44%  | 0.39%  | 122ms | 6ms    | 489ms | 24ms   | web-1 | 1.4.2   | 2         | 3 seconds ago | spans
        email              | not seen |           | 0     | 1.0    | -      | 0.39%  | -     | 6ms    | -     | 24ms   | web-1 | 1.4.2   | 2         | 3 seconds ago | spans
        frontend           | well     |           | 2.1   | 1.0    | 0%     | 0.39%  | 6ms   | 6ms    | 24ms  | 24ms   | web-1 | 1.4.2   | 2         | 3 seconds ago | spans
    "#]].assert_eq(&page(None));
}

#[test]
fn services_that_beyla_could_trace_are_named_below_the_table() {
    let service =
        |port| UntracedService { name: "cart".to_owned(), port, program: "/srv/cart".to_owned() };
    let below = |ports: std::ops::Range<u16>| {
        let services = ports.map(service).collect();
        let untraced = vec![UntracedServices { agent_id: "web-1".to_owned(), services }];
        let page = Services { untraced, ..sick() };
        let page = crate::services::services(&page, WINDOWS, Screen { width: None, colour: false });
        page.lines().last().unwrap().to_owned()
    };
    expect!["Beyla on web-1 does not trace 1 service that listens there: cart:80. `sudo coral connect NAME:PORT` on that host adds one."].assert_eq(&below(80..81));
    expect!["Beyla on web-1 does not trace 10 services that listen there: cart:80, cart:81, cart:82, cart:83, cart:84 and 5 more. `sudo coral connect NAME:PORT` on that host adds one."].assert_eq(&below(80..90));
}

#[test]
fn columns_are_left_out_where_the_screen_is_too_narrow() {
    for room in [40, 80, 120, 200] {
        let text = page(Some(room));
        let (_, table) = text.split_once("\n\n").unwrap();
        // The last lines say what was cut and left out.
        let lines = table.lines().skip(2).take_while(|line| !line.starts_with('…'));
        assert!(lines.map(width).all(|width| width <= room), "{text}");
        assert!(table.contains("failing") && table.contains("6.6%"), "{text}");
    }
    expect![[r#"
        3 of 4 services are not well:
          payments-api fails (6.6% of requests,
          0.39% before) since 11:41 UTC;
          card-validator-svc is slow (P95 489ms,
          24ms before) since 11:41 UTC; email
          serves no requests (1.0 per second
          before).

        Services (last 15 minutes, against the 1
          hour before):

        Service            | Health   | Errors
        -------------------|----------|-------
        payments-api       | failing  | 6.6%
        card-validator-svc | slow     | 0.44%
        email              | not seen | -
        frontend           | well     | 0%
        … left out to fit 40 columns: Since,
        Req/s, Before, P50, P95, Hosts, Version,
        Instances, Last seen, From. Pipe to
        `cat` to see all.
    "#]]
    .assert_eq(&page(Some(40)));
    expect![[r#"
        3 of 4 services are not well: payments-api fails (6.6% of requests, 0.39%
          before) since 11:41 UTC; card-validator-svc is slow (P95 489ms, 24ms before)
          since 11:41 UTC; email serves no requests (1.0 per second before).

        Services (last 15 minutes, against the 1 hour before):

        Service            | Health   | Since     | Req/s | Errors | Before | P95
        -------------------|----------|-----------|-------|--------|--------|------
        payments-api       | failing  | 11:41 UTC | 1.0   | 6.6%   | 0.39%  | 26ms
        card-validator-svc | slow     | 11:41 UTC | 1.0   | 0.44%  | 0.39%  | 489ms
        email              | not seen |           | 0     | -      | 0.39%  | -
        frontend           | well     |           | 2.1   | 0%     | 0.39%  | 24ms
        … left out to fit 80 columns: Before, P50, Hosts, Version, Instances, Last seen,
        From. Pipe to `cat` to see all.
    "#]]
    .assert_eq(&page(Some(80)));
}

#[test]
fn colours_change_no_letter_of_the_page() {
    let coloured = services(&sick(), WINDOWS, Screen { width: Some(80), colour: true });
    assert_ne!(coloured, page(Some(80)));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), page(Some(80)));
}

#[test]
fn the_verdict_calls_nothing_well_that_was_not_seen() {
    let well = |name: &str| service(name, Health::Well, (900, 0, 24_000));
    let check = |services: Vec<ServiceState>, expected: &str| {
        assert_eq!(verdict(&answer(services)), expected);
    };
    check(vec![], "No service was seen in this window.");
    check(vec![well("cart")], "cart is well.");
    check(vec![well("a"), well("b"), well("c")], "All 3 services are well.");
    check(vec![well("cart"), well("shop")], "Both services are well.");
    check(
        vec![well("cart"), unknown("load", UnknownHealth::NoRequests), well("shop")],
        "Both services that serve requests are well. load serves no requests.",
    );
    check(
        vec![well("cart"), unknown("stock", UnknownHealth::Coverage)],
        "1 of 2 services is known to be well. Spans of stock are missing in this window.",
    );
    check(
        vec![unknown("a", UnknownHealth::Coverage), unknown("b", UnknownHealth::Coverage)],
        "Neither of 2 services is known to be well. Spans of a and b are missing in this window.",
    );
    check(vec![unknown("load", UnknownHealth::NoRequests)], "load serves no requests.");
    check(
        vec![
            service("pay", Health::FewerRequests, (90, 0, 24_000)),
            unknown("a", UnknownHealth::FewRequests),
            unknown("b", UnknownHealth::FewRequests),
            well("shop"),
        ],
        "1 of 4 services is not well: pay serves fewer requests (0.10 per second, 1.0 before). a and b \
         have fewer than 20 requests, too few to judge.",
    );
}

#[test]
fn a_service_that_fails_and_is_slow_is_said_to_be_both() {
    let both = service("pay", Health::Failing, (900, 59, 489_000));
    let found = answer(vec![ServiceState { is_slow_too: true, ..both }]);
    expect!["pay fails (6.6% of requests, 0.39% before) and is slow (P95 489ms, 24ms before) since 11:41 UTC."].assert_eq(&verdict(&found));
}

#[test]
fn a_young_store_is_the_reason_that_there_is_no_baseline() {
    let oldest = Some(UnixNanos::from_micros(NOON - 12 * MINUTE));
    let services = vec![unknown("shop", UnknownHealth::NoBaseline)];
    let text = verdict(&Services { stored_since: oldest, ..answer(services) });
    expect!["shop is not known to be well. shop has fewer than 50 requests in the baseline to compare with. Coral has stored spans only since 11:48 UTC (12 minutes ago); the baseline would begin earlier."].assert_eq(&text);
}

#[test]
fn gaps_and_control_characters_are_shown_safely() {
    let hostile = service("pay\u{1b}[2J", Health::Failing, (900, 59, 26_000));
    let found = Services { coverage: vec![unreachable()], ..answer(vec![hostile]) };
    let text = services(&found, WINDOWS, Screen::PLAIN);
    assert!(!text.contains('\u{1b}'), "{text}");
    let gap =
        "Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.";
    assert!(text.contains(gap), "{text}");
}

#[test]
fn csv_and_json_have_every_number_and_json_can_be_read_back() {
    let csv = services_csv(&sick());
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5);
    let columns = |line: &str| line.split(',').count();
    assert!(lines.iter().all(|line| columns(line) == columns(lines[0])), "{csv}");
    expect![[r#"
        service,health,began_unix_us,requests_per_second,requests,errors,error_rate,p50_us,p95_us,requests_per_second_before,requests_before,errors_before,error_rate_before,p50_us_before,p95_us_before,hosts,versions,instances,last_seen_unix_us,source
        payments-api,failing,1795606860000000,1,900,59,0.06555555555555556,6500,26000,1,3600,14,0.0038888888888888888,6000,24000,web-1,1.4.2,2,1795607997000000,spans
        card-validator-svc,slow,1795606860000000,1,900,4,0.0044444444444444444,122250,489000,1,3600,14,0.0038888888888888888,6000,24000,web-1,1.4.2,2,1795607997000000,spans
        email,not seen,,0,0,0,0,,,1,3600,14,0.0038888888888888888,6000,24000,web-1,1.4.2,2,1795607997000000,spans
        frontend,well,,2.111111111111111,1900,0,0,6000,24000,1,3600,14,0.0038888888888888888,6000,24000,web-1,1.4.2,2,1795607997000000,spans
    "#]].assert_eq(&csv.replace("\r\n", "\n"));
    let json = sick().json().unwrap();
    assert_eq!(serde_json::from_slice::<Services>(&json).unwrap(), sick());
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["verdict"], verdict(&sick()));
}

#[test]
fn an_unknown_name_has_the_nearest_names() {
    let found = Services { did_you_mean: vec!["payments-api".to_owned()], ..answer(vec![]) };
    expect![[r#"
        No service payment was seen (last 15 minutes).
        Hint: did you mean payments-api?
    "#]]
    .assert_eq(&no_such_service("payment", &found, "last 15 minutes"));
}

#[test]
fn services_keep_to_every_width() {
    keeps_to_width(|screen| services(&sick(), WINDOWS, screen));
}

#[test]
fn a_change_that_no_request_shows_is_the_verdict() {
    let well = ["shop", "mailer"].map(|name| service(name, Health::Well, (900, 0, 24_000)));
    let cause = WhySuspect {
        service: "mailer".to_owned(),
        component: "process orders".to_owned(),
        kind: CauseKind::Queue,
        share: 0.9,
        score: 2.0,
        or_service: None,
        times: Some(WhyTimes { before_us: 19_000, now_us: 3_900_000 }),
        rates: None,
        evidence: Vec::new(),
    };
    let began = Some(UnixNanos::from_micros(NOON - 19 * MINUTE));
    let answer = Services { cause: Some(cause), began, ..answer(well.to_vec()) };
    expect!["The requests of all services are well, but something changed: mailer starts requests later, which wait in its queue (`process orders`): 3.9s per trace, 19ms in the baseline, since 11:41 UTC."].assert_eq(&verdict(&answer));
}
