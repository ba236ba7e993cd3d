//! A booking system with a queue: bookings are confirmed by mail, and entered in a ledger, after
//! the response.

use super::{
    Call, Database, Entry, External, Operation, Publication, Service, Statement, Topology,
    statement,
};

const SEATS: Statement = statement("SELECT seats", "SELECT * FROM seats WHERE show_id = ?", 6.0);
const HOLD: Statement =
    statement("UPDATE seats", "UPDATE seats SET held_by = ? WHERE seat_id = ?", 3.0);
const FIND: Statement = statement("SELECT bookings", "SELECT * FROM bookings WHERE id = ?", 3.0);
const BOOK: Statement =
    statement("INSERT bookings", "INSERT INTO bookings (seat_id, user_id) VALUES (?, ?)", 2.0);
const BALANCE: Statement =
    statement("SELECT accounts", "SELECT balance FROM accounts WHERE id = ?", 3.0);
const ENTER: Statement =
    statement("INSERT entries", "INSERT INTO entries (account, amount) VALUES (?, ?)", 2.0);
const MAIL: External = External { address: "api.mail.example", path: "/v3/send", millis: 60.0 };

const GATEWAY: usize = 0;
const SEATS_SERVICE: usize = 1;
const BOOKINGS: usize = 2;
const MAILER: usize = 3;
const LEDGER: usize = 4;

impl Topology {
    /// A booking system: `GET /seats` is asked for most often.
    pub(crate) fn bookings() -> Self {
        let seats = || Database::new("pg-seats", SEATS);
        let gateway = vec![
            Operation::http("GET", "/seats", 3.0).with_calls(&[(SEATS_SERVICE, 0)]),
            Operation::http("POST", "/bookings", 4.0)
                .with_calls(&[(SEATS_SERVICE, 1), (BOOKINGS, 0)]),
            Operation::http("GET", "/bookings/{id}", 3.0).with_calls(&[(BOOKINGS, 1)]),
        ];
        let published = Publication {
            topic: "bookings",
            consumers: [MAILER, LEDGER].map(|service| Call { service, operation: 0 }).to_vec(),
        };
        let book = Operation {
            publishes: Some(published),
            ..Operation::http("POST", "/bookings", 4.0)
                .with_database(Database::new("pg-bookings", FIND).writing(BOOK))
        };
        let find = Operation::http("GET", "/bookings/{id}", 2.0)
            .with_database(Database::new("pg-bookings", FIND).cached_by("redis-bookings"));
        let mail = Operation { external: Some(MAIL), ..Operation::message("bookings", 6.0) };
        let enter = Operation::message("bookings", 3.0)
            .with_database(Database::new("pg-ledger", BALANCE).writing(ENTER));
        let read =
            Operation::http("GET", "/seats", 2.0).with_database(seats().cached_by("redis-seats"));
        let hold = Operation::http("POST", "/hold", 3.0).with_database(seats().writing(HOLD));
        let services = vec![
            Service::new("gateway", &["edge-1", "edge-2"], gateway),
            Service::new("seats", &["core-1", "core-2", "core-3"], vec![read, hold]),
            Service::new("bookings", &["core-1", "core-2"], vec![book, find]).instrumented(),
            Service::new("mailer", &["work-1"], vec![mail]).instrumented(),
            Service::new("ledger", &["work-1", "work-2"], vec![enter]).instrumented(),
        ];
        let entry = |operation, share| Entry { call: Call { service: GATEWAY, operation }, share };
        let entries = vec![entry(0, 0.55), entry(1, 0.3), entry(2, 0.15)];
        Self { name: "bookings", services, entries, error_share: 0.002 }
    }
}
