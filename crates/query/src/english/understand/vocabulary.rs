//! The words that questions are made of, besides names, times and values.

/// Words that do not change what a question means. Words such as `not`, `and`, `or`, `every` and
/// `than` are not among these: a question with one of them that nothing else reads is refused.
pub(super) const FILLERS: &[&str] = &[
    "a",
    "about",
    "am",
    "an",
    "are",
    "at",
    "be",
    "been",
    "being",
    "can",
    "could",
    "currently",
    "did",
    "display",
    "do",
    "does",
    "find",
    "for",
    "from",
    "get",
    "getting",
    "give",
    "had",
    "has",
    "have",
    "how",
    "i",
    "in",
    "is",
    "it",
    "its",
    "let",
    "list",
    "me",
    "my",
    "now",
    "of",
    "our",
    "please",
    "recently",
    "s",
    "see",
    "show",
    "tell",
    "that",
    "the",
    "their",
    "them",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "us",
    "want",
    "was",
    "we",
    "were",
    "what",
    "whats",
    "where",
    "which",
    "who",
    "whom",
    "whos",
    "with",
    "would",
    "you",
    "your",
    "just",
    "seeing",
];
/// Words for slow.
pub(super) const SLOW: &[&str] =
    &["longest", "slow", "slower", "slowest", "slowly", "slowness", "latency", "latencies"];
/// Words for a failure.
pub(super) const FAILURES: &[&str] = &[
    "broken", "error", "erroring", "errors", "fail", "failed", "failing", "fails", "failure",
    "failures", "timeout", "timeouts",
];
/// Words whose next word may be `out`.
pub(super) const TIMING: &[&str] = &["time", "timed", "times", "timing"];
/// Words that ask how well services are.
pub(super) const HEALTH: &[&str] = &[
    "alive",
    "doing",
    "down",
    "fine",
    "health",
    "healthy",
    "issue",
    "issues",
    "ok",
    "okay",
    "problem",
    "problems",
    "sick",
    "status",
    "things",
    "unhealthy",
    "well",
    "wrong",
];
/// Words that ask why.
pub(super) const WHY: &[&str] = &["why", "whys", "reason"];
/// Words that ask what changed.
pub(super) const CHANGES: &[&str] = &[
    "anomalies",
    "anomalous",
    "anomaly",
    "change",
    "changed",
    "changes",
    "changing",
    "different",
    "happen",
    "happened",
    "happening",
    "happens",
];
/// Words for a new version, in a question whether it broke something.
pub(super) const DEPLOYS: &[&str] = &["deploy", "deployment", "deploys", "release", "rollout"];
/// Words for what a new version may do.
pub(super) const BREAKS: &[&str] = &["break", "breaking", "breaks", "broke", "broken"];
/// Words for calls between services.
pub(super) const CALLS: &[&str] = &[
    "call",
    "called",
    "callees",
    "caller",
    "callers",
    "calling",
    "calls",
    "depend",
    "dependencies",
    "dependency",
    "depending",
    "depends",
    "map",
    "talk",
    "talking",
    "talks",
    "topology",
    "use",
    "uses",
    "using",
];
/// Words for how long something takes.
pub(super) const TAKES: &[&str] = &["take", "takes", "taking", "took"];
/// Words for what is bad about a service, of which a question that begins with `why` has one.
pub(super) const COMPLAINTS: &[&[&str]] =
    &[SLOW, FAILURES, BREAKS, &["bad", "long", "response", "wrong"]];
/// Words for traces.
pub(super) const TRACES: &[&str] = &["trace", "traces"];
/// Words for requests.
pub(super) const REQUESTS: &[&str] = &["request", "requests"];
/// Words for the newest.
pub(super) const NEWEST: &[&str] = &["latest", "newest", "recent"];
/// Words for statements of a database.
pub(super) const STATEMENTS: &[&str] = &["queries", "query", "sql", "statement", "statements"];
/// Words for databases.
pub(super) const DATABASES: &[&str] = &["database", "databases", "db", "dbs"];
/// Words for queues.
pub(super) const QUEUES: &[&str] = &["broker", "brokers", "queue", "queues"];
/// Words for hosts.
pub(super) const HOSTS: &[&str] = &["host", "hosts"];
/// Words for versions.
pub(super) const VERSIONS: &[&str] = &["version", "versions"];
/// Words for services.
pub(super) const SERVICES: &[&str] = &["service", "services"];
/// Words for operations that services serve.
pub(super) const ENDPOINTS: &[&str] =
    &["endpoint", "endpoints", "operation", "operations", "route", "routes"];
/// Words for everything that is observed.
const ALL: &[&str] = &["all", "any", "anything", "everything", "something", "system"];
/// Words of a duration.
const DURATIONS: &[&str] = &["response", "take", "takes", "taking", "time", "times", "took"];

/// The words that questions of each kind may have, besides [`FILLERS`].
pub(super) const WHY_WORDS: &[&[&str]] = &[
    WHY,
    SLOW,
    FAILURES,
    ALL,
    CALLS,
    REQUESTS,
    DURATIONS,
    SERVICES,
    TRACES,
    &[
        "become", "becoming", "bad", "cause", "high", "id", "long", "many", "p95", "root", "so",
        "wrong", "5xx", "became",
    ],
];
/// The words that a question about one trace may have, besides [`WHY_WORDS`].
pub(super) const ONE_TRACE_WORDS: &[&[&str]] = &[CHANGES, HEALTH];
pub(super) const HEALTH_WORDS: &[&[&str]] = &[
    HEALTH,
    SERVICES,
    ALL,
    SLOW,
    FAILURES,
    REQUESTS,
    &["app", "application", "exist", "known", "running", "up"],
];
pub(super) const CHANGES_WORDS: &[&[&str]] = &[CHANGES, DEPLOYS, BREAKS, ALL, SERVICES];
pub(super) const CALLS_WORDS: &[&[&str]] = &[CALLS, SERVICES, ALL, &["on"]];
pub(super) const TRACES_WORDS: &[&[&str]] =
    &[TRACES, REQUESTS, SLOW, FAILURES, NEWEST, &["take", "taking", "took", "takes"]];
pub(super) const SLOWEST_WORDS: &[&[&str]] =
    &[SLOW, CALLS, REQUESTS, ENDPOINTS, DURATIONS, SERVICES, HOSTS];
pub(super) const LATENCY_WORDS: &[&[&str]] = &[SLOW, REQUESTS, DURATIONS, SERVICES];
pub(super) const STATEMENTS_WORDS: &[&[&str]] = &[STATEMENTS, DATABASES, SLOW, DURATIONS];
pub(super) const ERRORS_WORDS: &[&[&str]] = &[
    FAILURES,
    CALLS,
    REQUESTS,
    ENDPOINTS,
    SERVICES,
    HOSTS,
    &["all", "any", "anything", "many", "most", "number", "rate", "rates", "response", "responses"],
];

/// Words for what Coral does not observe: never the name of an unknown service.
pub(super) const NOT_OBSERVED: &[&str] = &[
    "alert",
    "alerts",
    "bandwidth",
    "container",
    "containers",
    "cost",
    "costs",
    "cpu",
    "cpus",
    "customer",
    "customers",
    "dashboard",
    "dashboards",
    "disk",
    "disks",
    "heap",
    "internet",
    "kubernetes",
    "log",
    "logs",
    "machine",
    "machines",
    "memory",
    "metric",
    "metrics",
    "money",
    "network",
    "people",
    "pod",
    "pods",
    "price",
    "ram",
    "server",
    "servers",
    "sky",
    "swap",
    "threads",
    "traffic",
    "uptime",
    "users",
    "weather",
    "world",
];
/// Words that change what a question means: never a name, unless they are in quotes.
pub(super) const CHANGES_MEANING: &[&str] = &[
    "and", "average", "avg", "besides", "but", "by", "compare", "compared", "each", "every",
    "except", "fast", "fastest", "fewest", "first", "least", "lowest", "max", "maximum", "mean",
    "min", "minimum", "never", "no", "nor", "not", "oldest", "only", "or", "other", "per", "than",
    "versus", "vs", "will", "without", "worst",
];

/// Whether `word`, in lower case, is a word of some kind of question.
pub(super) fn is_known(word: &str) -> bool {
    let kinds = [
        WHY_WORDS,
        ONE_TRACE_WORDS,
        HEALTH_WORDS,
        CHANGES_WORDS,
        CALLS_WORDS,
        TRACES_WORDS,
        SLOWEST_WORDS,
        LATENCY_WORDS,
        STATEMENTS_WORDS,
        ERRORS_WORDS,
        &[
            FILLERS,
            QUEUES,
            TIMING,
            VERSIONS,
            CHANGES_MEANING,
            &["on", "out", "median", "percentile"],
        ],
    ];
    kinds.iter().copied().flatten().any(|words| words.contains(&word))
}
