//! Every path of the colony's JSON API, with valid and invalid values of each parameter.
//!
//! `ALL`, `WINDOW` and `THEN` stand for a `since_unix_us` and an `until_unix_us`: those of all
//! data, of the quarter of an hour in which carts are slow, and of the recordings of Beyla.

use super::data::BASE;

const US: u64 = 1_000;
const SECOND: u64 = 1_000_000;
/// The time of the recordings: 2026-11-20T00:00:00Z to 2026-12-01T00:00:00Z.
const RECORDINGS: (u64, u64) = (1_795_132_800 * SECOND, 1_796_083_200 * SECOND);

/// A path with its times written out.
pub fn expanded(path: &str) -> String {
    let base = BASE / US;
    let between = |since: u64, until: u64| format!("since_unix_us={since}&until_unix_us={until}");
    path.replace("ALL", &between(base - 7_200 * SECOND, base + 7_200 * SECOND))
        .replace("WINDOW", &between(base, base + 900 * SECOND))
        .replace("THEN", &between(RECORDINGS.0, RECORDINGS.1))
        .replace("NOW", &format!("now_unix_us={}", base + 900 * SECOND))
        .replace("BASE", &base.to_string())
}

pub const TRACES: &[&str] = &[
    "/api/v1/traces?ALL&limit=3",
    "/api/v1/traces?ALL&limit=3&sort=newest",
    "/api/v1/traces?ALL&limit=3&sort=slowest",
    "/api/v1/traces?ALL&limit=3&source=all",
    "/api/v1/traces?ALL&limit=3&source=ebpf",
    "/api/v1/traces?ALL&limit=3&source=sdk",
    "/api/v1/traces?ALL&limit=3&service=stock",
    "/api/v1/traces?ALL&limit=3&service=nobody",
    "/api/v1/traces?ALL&limit=3&name=Check",
    "/api/v1/traces?ALL&limit=3&status=error",
    "/api/v1/traces?ALL&limit=3&status=ok",
    "/api/v1/traces?ALL&limit=3&attributes=http.route%3D%2Fstock%2F%7Bid%7D%0Ahost.name%3Dweb-3",
    "/api/v1/traces?ALL&limit=3&attributes=a.bool%3Dtrue",
    "/api/v1/traces?ALL&limit=3&min_duration_us=1000000",
    "/api/v1/traces?WINDOW&limit=5&min_duration_us=300000&sort=slowest&causes=true",
    "/api/v1/traces?WINDOW&limit=5&causes=false",
    "/api/v1/traces?WINDOW",
    "/api/v1/traces?THEN&limit=2",
    "/api/v1/traces?since_unix_us=BASE&limit=2&source=sdk",
    "/api/v1/traces?until_unix_us=BASE&limit=2",
    "/api/v1/traces?until_unix_us=1",
    "/api/v1/traces?limit=1001",
    "/api/v1/traces?limit=some",
    "/api/v1/traces?since_unix_us=5&until_unix_us=5",
    "/api/v1/traces?since_unix_us=yesterday",
    "/api/v1/traces?attributes=nonsense",
    "/api/v1/traces?attributes=a%3D1%0Ab%3D1%0Ac%3D1%0Ad%3D1%0Ae%3D1%0Af%3D1%0Ag%3D1%0Ah%3D1%0Ai%3D1%0Aj%3D1%0Ak%3D1%0Al%3D1%0Am%3D1%0An%3D1%0Ao%3D1%0Ap%3D1%0Aq%3D1",
    "/api/v1/traces?status=odd",
    "/api/v1/traces?source=odd",
    "/api/v1/traces?sort=odd",
    "/api/v1/traces?odd=1",
];

pub const TRACE: &[&str] = &[
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736",
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e473",
    "/api/v1/traces/4BF92F3577B34DA6A3CE929D0E0E4736",
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4700",
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4700?source=all",
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4700?source=sdk",
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4700?source=ebpf",
    "/api/v1/traces/0f0f0000000000000000000000000001",
    "/api/v1/traces/0f0f0000000000000000000000000002",
    "/api/v1/traces/0f0f0000000000000000000000000003",
    "/api/v1/traces/4bf9",
    "/api/v1/traces/0f0f",
    "/api/v1/traces/0",
    "/api/v1/traces/abcdef",
    "/api/v1/traces/abcdef00000000000000000000000000",
    "/api/v1/traces/xyz",
    "/api/v1/traces/00000000000000000000000000000000",
    "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e47361",
    "/api/v1/traces/4bf9?source=odd",
];

pub const TRACE_HEALTH: &[&str] = &[
    "/api/v1/doctor/traces?THEN",
    "/api/v1/doctor/traces?ALL",
    "/api/v1/doctor/traces?service=fraud-detector&THEN",
    "/api/v1/doctor/traces?service=payments-ap&THEN",
    "/api/v1/doctor/traces?since_unix_us=5&until_unix_us=5",
    "/api/v1/doctor/traces?since_unix_us=5",
    "/api/v1/doctor/traces?THEN&odd=1",
];

pub const RED: &[&str] = &[
    "/api/v1/red/http?service=frontend-api&THEN",
    "/api/v1/red/http?service=frontend-api&THEN&side=server&source=metrics&slow=false",
    "/api/v1/red/http?service=frontend-api&THEN&side=client",
    "/api/v1/red/http?service=frontend-api&THEN&source=spans",
    "/api/v1/red/http?service=payments-api&THEN&slow=true",
    "/api/v1/red/http?service=payments-api&THEN&slow=true&over_us=1000",
    "/api/v1/red/http?service=payments-api&THEN&slow=true&over_us=10000000",
    "/api/v1/red/http?service=payments-api&THEN&source=spans&slow=true&over_us=1000",
    "/api/v1/red/http?service=frontend-api&THEN&compare_us=3600000000",
    "/api/v1/red/http?service=shop&WINDOW&source=spans&compare_us=3600000000",
    "/api/v1/red/http?service=shop&WINDOW&source=spans&side=client",
    "/api/v1/red/http?service=typed&ALL&source=spans",
    "/api/v1/red/http?service=nobody&THEN",
    "/api/v1/red/grpc?service=fraud-detector&THEN",
    "/api/v1/red/grpc?service=payments-api&THEN&side=client",
    "/api/v1/red/grpc?service=fraud-detector&THEN&source=spans",
    "/api/v1/red/grpc?service=payments-api&THEN&side=client&slow=true&over_us=1000",
    "/api/v1/red/sql?service=card-validator&THEN",
    "/api/v1/red/sql?service=card-validator&THEN&side=client",
    "/api/v1/red/sql?service=card-validator&THEN&source=spans",
    "/api/v1/red/sql?service=card-validator&THEN&slow=true&over_us=1000",
    "/api/v1/red/sql?service=stock&WINDOW&source=spans&compare_us=3600000000",
    "/api/v1/red/redis?service=a&THEN",
    "/api/v1/red/http?THEN",
    "/api/v1/red/http?service=a",
    "/api/v1/red/http?service=a&since_unix_us=5&until_unix_us=5",
    "/api/v1/red/http?service=a&THEN&compare_us=0",
    "/api/v1/red/http?service=a&THEN&side=odd",
    "/api/v1/red/http?service=a&THEN&source=odd",
    "/api/v1/red/http?service=a&THEN&slow=odd",
    "/api/v1/red/http?service=a&THEN&odd=1",
];

pub const WHY: &[&str] = &[
    "/api/v1/why?service=shop&WINDOW&baseline_us=3600000000",
    "/api/v1/why?service=stock&WINDOW&baseline_us=3600000000",
    "/api/v1/why?WINDOW&baseline_us=3600000000",
    "/api/v1/why?service=shop&route=%2Fcart%2F%7Bid%7D&WINDOW&baseline_us=3600000000",
    "/api/v1/why?service=shop&route=%2Fnowhere&WINDOW&baseline_us=3600000000",
    "/api/v1/why?service=shop&since_unix_us=1716291000000000&until_unix_us=1716291900000000&baseline_us=1800000000",
    "/api/v1/why?trace_id=000000000000000017d17f35528f80f5&baseline_us=3600000000",
    "/api/v1/why?trace_id=000000000000000017d17f35528f80f6&baseline_us=3600000000",
    "/api/v1/why?trace_id=000000000000000017d17f35528f80f6&service=stock&baseline_us=3600000000",
    "/api/v1/why?trace_id=4bf92f3577b34da6a3ce929d0e0e4736&baseline_us=3600000000",
    "/api/v1/why?trace_id=abcdef&baseline_us=3600000000",
    "/api/v1/why?trace_id=4bf9&baseline_us=3600000000",
    "/api/v1/why?trace_id=xyz&baseline_us=3600000000",
    "/api/v1/why?service=shopp&WINDOW&baseline_us=3600000000",
    "/api/v1/why?service=nobody&WINDOW&baseline_us=3600000000",
    "/api/v1/why?service=shop&THEN&baseline_us=3600000000",
    "/api/v1/why?service=shop&since_unix_us=5&until_unix_us=5&baseline_us=1",
    "/api/v1/why?service=shop&WINDOW&baseline_us=0",
    "/api/v1/why?service=shop&WINDOW",
    "/api/v1/why?service=shop&WINDOW&baseline_us=long",
    "/api/v1/why?service=shop&WINDOW&baseline_us=1&odd=1",
];

pub const SERVICES: &[&str] = &[
    "/api/v1/services?WINDOW&baseline_us=3600000000",
    "/api/v1/services?WINDOW&baseline_us=3600000000&find_beginning=true",
    "/api/v1/services?THEN&baseline_us=3600000000",
    "/api/v1/services?service=shop&WINDOW&baseline_us=3600000000",
    "/api/v1/services?service=frontend-api&THEN&baseline_us=3600000000",
    "/api/v1/services?service=card-validator&THEN&baseline_us=3600000000",
    "/api/v1/services?service=shopp&WINDOW&baseline_us=3600000000",
    "/api/v1/services?since_unix_us=5&until_unix_us=5&baseline_us=1",
    "/api/v1/services?WINDOW&baseline_us=0",
    "/api/v1/services?WINDOW",
    "/api/v1/services?WINDOW&baseline_us=1&odd=1",
];

pub const TOPOLOGY: &[&str] = &[
    "/api/v1/topology?ALL",
    "/api/v1/topology?WINDOW",
    "/api/v1/topology?THEN",
    "/api/v1/topology?ALL&source=sdk",
    "/api/v1/topology?WINDOW&source=ebpf&diff_us=3600000000",
    "/api/v1/topology?WINDOW&diff_us=3600000000",
    "/api/v1/topology?since_unix_us=1&until_unix_us=2&diff_us=1",
    "/api/v1/topology?since_unix_us=5&until_unix_us=5",
    "/api/v1/topology?WINDOW&diff_us=0",
    "/api/v1/topology?WINDOW&source=odd",
    "/api/v1/topology?since_unix_us=5",
    "/api/v1/topology?WINDOW&odd=1",
];

pub const ANOMALIES: &[&str] = &[
    "/api/v1/anomalies?WINDOW&baseline_us=3600000000",
    "/api/v1/anomalies?THEN&baseline_us=3600000000",
    "/api/v1/anomalies?since_unix_us=1&until_unix_us=2&baseline_us=1",
    "/api/v1/anomalies?since_unix_us=5&until_unix_us=5&baseline_us=1",
    "/api/v1/anomalies?WINDOW&baseline_us=0",
    "/api/v1/anomalies?WINDOW",
    "/api/v1/anomalies?WINDOW&baseline_us=1&odd=1",
];

pub const ASK: &[&str] = &[
    "/api/v1/ask?question=why+is+shop+slow%3F&NOW",
    "/api/v1/ask?question=why+is+shop+slow+on+%2Fcart%2F%7Bid%7D+last+15+minutes&NOW",
    "/api/v1/ask?question=why+is+shopp+slow&NOW",
    "/api/v1/ask?question=what+changed+in+the+last+15+minutes&NOW",
    "/api/v1/ask?question=what+calls+stock&NOW",
    "/api/v1/ask?question=what+does+shop+call&NOW",
    "/api/v1/ask?question=show+me+slow+traces+of+shop,+last+15+minutes&NOW",
    "/api/v1/ask?question=show+me+failing+traces+today&NOW",
    "/api/v1/ask?question=what+is+slowest&NOW",
    "/api/v1/ask?question=slowest+endpoints+of+frontend-api,+last+30+days&now_unix_us=1796083200000000",
    "/api/v1/ask?question=errors+of+frontend-api,+last+30+days&now_unix_us=1796083200000000",
    "/api/v1/ask?question=errors&NOW",
    "/api/v1/ask?question=errors+last+night&NOW",
    "/api/v1/ask?question=tell+me+a+story&NOW",
    "/api/v1/ask?question=&NOW",
    "/api/v1/ask?question=errors",
    "/api/v1/ask?NOW",
    "/api/v1/ask?question=errors&NOW&odd=1",
];

/// SQL statements, which are sent with POST.
pub const SQL: &[&str] = &[
    "SELECT service_name, http_route, count(*) AS rows, sum(count) AS requests FROM beyla_http_metrics GROUP BY ALL ORDER BY ALL",
    "SELECT true AS a, 1.5::DOUBLE AS b, NULL::INTEGER AS c, TIMESTAMPTZ '2024-05-21 12:00:00Z' AS d, [1, 2] AS e, 'x' AS f, 1.5 AS g",
    "DROP TABLE beyla_traces",
    "SELECT 1; SELECT 2",
];

/// Statements about whole views, which may get more columns.
pub const VIEWS: &[&str] = &[
    "SELECT * FROM telemetry_spans ORDER BY start_time, span_id LIMIT 2",
    "SELECT * FROM beyla_traces WHERE trace_id = '0f0f0000000000000000000000000002' ORDER BY span_id",
    "SELECT * FROM beyla_traces_local WHERE false",
    "SELECT * FROM beyla_http_metrics WHERE service_name = 'inventory-api' ORDER BY ALL LIMIT 2",
    "SELECT * FROM beyla_grpc_metrics WHERE service_name = 'fraud-detector' ORDER BY ALL LIMIT 2",
    "SELECT * FROM beyla_sql_metrics ORDER BY ALL LIMIT 2",
];
