//! Every question is asked of the limited view, and of a store that has only what it shows.

use proptest::prelude::*;

use super::{OTHERS, OWN, SECOND, SECRETS, TRACES, answer, made, same, views};
use crate::tests::shop::NOON;
use crate::{
    AnomaliesQuestion, AttributesQuestion, CompareQuestion, EnglishQuestion, FindQuestion,
    HeatmapQuestion, LayoutDirection, RedProtocol, RedQuestion, RedSide, RedSource, SeriesQuestion,
    ServicesQuestion, SharedSources, Sort, Source, SpanQuestion, SpanStatus, StatusQuestion,
    TopologyQuestion, TraceHealthQuestion, TraceQuestion, TracesQuestion, WaterfallQuestion,
    WhyQuestion,
};

const SINCE_US: i64 = ((NOON - 3_600 * SECOND) / 1_000) as i64;
const UNTIL_US: i64 = (NOON / 1_000) as i64;

fn lists() -> Vec<TracesQuestion> {
    let all = || TracesQuestion { limit: 100, ..TracesQuestion::default() };
    let window = |since: i64, until: i64| TracesQuestion {
        since_unix_us: Some(SINCE_US + since * 1_000_000),
        until_unix_us: Some(SINCE_US + until * 1_000_000),
        ..all()
    };
    let mut asked = vec![
        all(),
        window(600, 1_800),
        window(1_200, 1_500),
        TracesQuestion { limit: 2, ..window(0, 2_400) },
        TracesQuestion { limit: 2, ..all() },
        TracesQuestion { limit: 2, sort: Sort::Slowest, ..window(300, 3_000) },
        TracesQuestion { sort: Sort::Slowest, ..all() },
        TracesQuestion { limit: 1, ..all() },
        TracesQuestion { min_duration_us: Some(100_000), ..all() },
        TracesQuestion { max_duration_us: Some(100_000), ..all() },
        TracesQuestion { status: Some(SpanStatus::Error), ..all() },
        TracesQuestion { status: Some(SpanStatus::Ok), ..all() },
        TracesQuestion { name: Some("GET /pay".to_owned()), ..all() },
        TracesQuestion { attributes: "user.tier=own".to_owned(), ..all() },
        TracesQuestion { attributes: "user.tier=snarfle".to_owned(), ..all() },
        TracesQuestion { source: Source::Ebpf, ..all() },
        TracesQuestion { by: "service".to_owned(), ..all() },
        TracesQuestion { causes: true, ..all() },
    ];
    for service in OWN.into_iter().chain(OTHERS).chain(["payment-api", "ledgr", "orders"]) {
        asked.push(TracesQuestion { service: Some(service.to_owned()), ..all() });
    }
    for q in [
        "host.name:grimbolt",
        "status:error",
        "name~plonkish",
        "-name:\"GET /pay\"",
        "trace.spans>2",
        "trace.duration>1m status:error",
        "root.service:ledger",
    ] {
        asked.push(TracesQuestion { q: q.to_owned(), ..all() });
    }
    asked
}

fn check_traces(limited: &SharedSources, only: &SharedSources) -> Result<(), TestCaseError> {
    for question in lists() {
        same(limited, only, &question, &[])?;
    }
    for sort in [Sort::Newest, Sort::Slowest] {
        let mut page = TracesQuestion { limit: 1, sort, ..TracesQuestion::default() };
        for _ in TRACES {
            same(limited, only, &page, &[])?;
            let list = answer(limited, &page).unwrap();
            page.after = list["next"].as_str().unwrap_or_default().to_owned();
        }
    }
    let whole = TRACES.map(|id| format!("{id:032x}"));
    let parts = ["a", "ab", "abc1", "abc2", "abd", "1", "2", "22", "f", "abc3"];
    for id in whole.iter().map(String::as_str).chain(parts) {
        for (source, examine) in [(Source::All, false), (Source::All, true), (Source::Sdk, false)] {
            let question = TraceQuestion { id: id.parse().unwrap(), source, examine };
            same(limited, only, &question, &["redacted", "redacted_hops"])?;
        }
        for (source, adjust_clocks) in [(Source::All, false), (Source::Ebpf, true)] {
            let question = WaterfallQuestion { id: id.parse().unwrap(), source, adjust_clocks };
            same_rows(limited, only, &question)?;
            if adjust_clocks {
                same_found(limited, only, &question)?;
            }
        }
        for span in [2, 5_u64] {
            let span = span.try_into().unwrap();
            let question = SpanQuestion { id: id.parse().unwrap(), span };
            // Redacted hops below a span cover some of its time.
            same(limited, only, &question, &["self_us"])?;
        }
        let trace_id = Some(id.to_owned());
        let why = WhyQuestion { trace_id, ..why(None) };
        same(limited, only, &why, &[])?;
    }
    for id in whole.iter().map(String::as_str).chain(["abc1", "22"]) {
        let compare = CompareQuestion { a: id.to_owned(), ..CompareQuestion::default() };
        same(limited, only, &compare, &[])?;
    }
    let compare = CompareQuestion { a: whole[0].clone(), ..CompareQuestion::default() };
    let b = Some("q:-service:ledger".to_owned());
    same(limited, only, &CompareQuestion { b, ..compare }, &[])?;
    for a in ["q:service:ledger", "q:status:error", "q:host.name:grimbolt"] {
        let compare = CompareQuestion { a: a.to_owned(), ..CompareQuestion::default() };
        same(limited, only, &compare, &[])?;
    }
    Ok(())
}

/// Compares what two waterfalls say of the spans that both show. Redacted hops are rows of their own
/// in the limited one, so they change places, self times and the critical path of others.
fn same_rows(
    limited: &SharedSources,
    only: &SharedSources,
    question: &WaterfallQuestion,
) -> Result<(), TestCaseError> {
    let [found, expected] = [limited, only].map(|from| answer(from, question));
    let text = format!("{found:?}");
    prop_assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{}", text);
    let (found, expected) = match (found, expected) {
        (Ok(found), Ok(expected)) => (found, expected),
        (found, expected) => {
            prop_assert_eq!(found, expected);
            return Ok(());
        }
    };
    let [found, expected] = [found, expected]
        .map(|json| serde_json::from_value::<crate::answer::Waterfall>(json).unwrap());
    let numbers = |one: &crate::answer::Waterfall| {
        (one.span_count, one.error_count, one.complete, one.virtual_hops, one.trace_id.clone())
    };
    prop_assert_eq!(numbers(&found), numbers(&expected));
    prop_assert_eq!(expected.redacted, 0);
    let is_hidden = |flags: &u16| flags & 32 != 0;
    let hidden = found.flags.iter().filter(|flags| is_hidden(flags)).count() as u64;
    prop_assert_eq!(hidden, found.redacted);
    if found.redacted == 0 {
        prop_assert_eq!(found, expected);
        return Ok(());
    }
    let rows = |one: &crate::answer::Waterfall| {
        let shown = (0..one.depth.len()).filter(|row| !is_hidden(&one.flags[*row]));
        let mut rows: Vec<_> = shown
            .map(|row| {
                let id = one.span_ids[row * 16..][..16].to_owned();
                let service = one.services[one.service[row] as usize].clone();
                let name = one.names[one.name[row] as usize].clone();
                (id, service, name, one.kind[row], one.duration_us[row], one.flags[row] & 1)
            })
            .collect();
        rows.sort();
        rows
    };
    prop_assert_eq!(rows(&found), rows(&expected));
    Ok(())
}

/// Compares which spans searches find in the trace of `question`. What redacted hops change, self
/// times and the critical path, is not searched.
fn same_found(
    limited: &SharedSources,
    only: &SharedSources,
    question: &WaterfallQuestion,
) -> Result<(), TestCaseError> {
    for q in ["host.name:grimbolt OR trace.spans>2", "-service:ledger user.tier:own"] {
        let find = FindQuestion {
            id: question.id,
            q: q.to_owned(),
            source: question.source,
            adjust_clocks: question.adjust_clocks,
        };
        let found = [limited, only].map(|from| {
            let (rows, waterfall) = (answer(from, &find)?, answer(from, question)?);
            let ids = waterfall["span_ids"].as_str().unwrap_or_default();
            let rows = rows["rows"].as_array().cloned().unwrap_or_default().into_iter();
            let id = |row: serde_json::Value| {
                ids[row.as_u64().unwrap() as usize * 16..][..16].to_owned()
            };
            let mut found: Vec<String> = rows.map(id).collect();
            found.sort();
            Ok::<_, String>(found)
        });
        prop_assert_eq!(&found[0], &found[1], "{}", q);
    }
    Ok(())
}

fn why(service: Option<&str>) -> WhyQuestion {
    WhyQuestion {
        service: service.map(str::to_owned),
        since_unix_us: UNTIL_US - 1_800_000_000,
        until_unix_us: UNTIL_US,
        baseline_us: 1_800_000_000,
        ..WhyQuestion::default()
    }
}

fn check_attributes(limited: &SharedSources, only: &SharedSources) -> Result<(), TestCaseError> {
    for (q, key) in [
        ("", ""),
        ("", "service"),
        ("", "name"),
        ("status:error", "host.name"),
        ("", "user.tier"),
        ("trace.spans>1", "message"),
    ] {
        let (q, key) = (q.to_owned(), key.to_owned());
        same(limited, only, &AttributesQuestion { q, key, ..Default::default() }, &[])?;
    }
    Ok(())
}

fn check_heatmaps(limited: &SharedSources, only: &SharedSources) -> Result<(), TestCaseError> {
    for (q, since, until, source) in [
        ("", 0, 3_600, Source::All),
        ("", 900, 1_800, Source::All),
        ("", 0, 3_600, Source::Ebpf),
        ("status:error", 0, 3_600, Source::All),
        ("service:ledger", 0, 3_600, Source::All),
        ("service:orders-quixnar", 0, 3_600, Source::All),
        ("trace.duration>1m status:error", 0, 3_600, Source::All),
        ("-name:\"GET /pay\"", 0, 3_600, Source::Sdk),
    ] {
        let question = HeatmapQuestion {
            q: q.to_owned(),
            service: None,
            since_unix_us: SINCE_US + since * 1_000_000,
            until_unix_us: SINCE_US + until * 1_000_000,
            source,
            columns: 7,
            rows: 0,
        };
        same(limited, only, &question, &[])?;
    }
    Ok(())
}

fn check_services(limited: &SharedSources, only: &SharedSources) -> Result<(), TestCaseError> {
    let (since_unix_us, until_unix_us) = (SINCE_US, UNTIL_US);
    let baseline_us = UNTIL_US - SINCE_US;
    let services = OWN.into_iter().chain(OTHERS).chain(["payment-api", "orders-api"]).map(Some);
    for service in services.chain([None]) {
        let named = service.map(str::to_owned);
        let find_beginning = service.is_none();
        let question = ServicesQuestion {
            service: named.clone(),
            since_unix_us,
            until_unix_us,
            baseline_us,
            find_beginning,
            points: 5,
        };
        // Services of agents that Beyla does not trace are told to nobody who is limited.
        same(limited, only, &question, &[])?;
        same(limited, only, &WhyQuestion { find_beginning, ..why(service) }, &[])?;
        let health = TraceHealthQuestion { service: named, since_unix_us, until_unix_us };
        same(limited, only, &health, &[])?;
        let Some(service) = service else { continue };
        for (side, source) in [
            (RedSide::Server, Some(RedSource::Spans)),
            (RedSide::Client, Some(RedSource::Spans)),
            (RedSide::Server, None),
        ] {
            let question = RedQuestion {
                protocol: RedProtocol::Http,
                service: service.to_owned(),
                side,
                source,
                since_unix_us,
                until_unix_us,
                compare_us: None,
                slow: true,
                over_us: None,
            };
            same(limited, only, &question, &[])?;
            let series = SeriesQuestion {
                protocol: RedProtocol::Http,
                service: service.to_owned(),
                route: None,
                side,
                source,
                since_unix_us,
                until_unix_us,
                points: 7,
            };
            same(limited, only, &series, &[])?;
        }
    }
    Ok(())
}

fn check_maps(limited: &SharedSources, only: &SharedSources) -> Result<(), TestCaseError> {
    for (since, until, source) in [(0, 3_600, Source::All), (900, 1_800, Source::Sdk)] {
        let question = TopologyQuestion {
            since_unix_us: SINCE_US + since * 1_000_000,
            until_unix_us: SINCE_US + until * 1_000_000,
            source,
            diff_us: (since > 0).then_some(900_000_000),
            layout: Some(LayoutDirection::Lr),
            ..TopologyQuestion::default()
        };
        same(limited, only, &question, &[])?;
        for service in OWN.into_iter().chain(OTHERS) {
            let focus = Some(service.to_owned());
            same(limited, only, &TopologyQuestion { focus, ..question.clone() }, &[])?;
        }
    }
    let question = AnomaliesQuestion {
        since_unix_us: UNTIL_US - 1_800_000_000,
        until_unix_us: UNTIL_US,
        baseline_us: 1_800_000_000,
        ..AnomaliesQuestion::default()
    };
    same(limited, only, &question, &[])
}

fn check_english(limited: &SharedSources, only: &SharedSources) -> Result<(), TestCaseError> {
    for question in [
        "show errors in the last hour",
        "what calls ledger in the last hour",
        "what calls orders in the last hour",
        "why is payments-api slow in the last 20 minutes",
        "slowest endpoints of payment-zorblax in the last hour",
        "how is ledgers",
        "traces by host in the last hour",
        "is anything wrong in the last hour",
        "what changed in the last 20 minutes",
    ] {
        let question = EnglishQuestion {
            question: question.to_owned(),
            now_unix_us: UNTIL_US,
            tz: String::new(),
        };
        same(limited, only, &question, &[])?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_limited_caller_is_answered_as_by_a_store_that_never_held_the_others(
        made in prop::collection::vec(made(), 0..60),
        segment_rows in prop_oneof![Just(10_000_u64), Just(8)],
        metrics in any::<bool>(),
    ) {
        let (_dirs, limited, only) = views(&made, segment_rows, metrics);
        check_traces(&limited, &only)?;
        check_heatmaps(&limited, &only)?;
        check_attributes(&limited, &only)?;
        check_services(&limited, &only)?;
        check_maps(&limited, &only)?;
        check_english(&limited, &only)?;
    }
}

#[test]
fn the_state_of_agents_tells_a_limited_caller_nothing_of_others() {
    let (_dirs, limited, _) = views(&[], 8, false);
    let status = answer(&limited, &StatusQuestion {}).unwrap().to_string();
    assert!(status.contains("web-1"), "{status}");
    for secret in SECRETS {
        assert!(!status.contains(secret), "{status}");
    }
}
