//! The checkout that Beyla was recorded with (`fixtures/beyla`), on several hosts. The cache, the
//! external host and the queue are additions: without them, some faults have no place.

use super::{
    Call, Database, Entry, External, Operation, Publication, Service, Statement, Topology,
    statement,
};

const STOCK: Statement = statement("SELECT stock", "SELECT n FROM stock WHERE item = $1", 2.0);
const RESERVE: Statement =
    statement("UPDATE stock", "UPDATE stock SET n = n - $1 WHERE item = $2", 2.5);
const CARD: Statement = statement("SELECT cards", "SELECT holder FROM cards WHERE pan = $1", 3.0);
const USED: Statement =
    statement("UPDATE cards", "UPDATE cards SET used = used + 1 WHERE pan = $1", 2.0);
const ACQUIRER: External =
    External { address: "api.acquirer.example", path: "/v1/captures", millis: 45.0 };
const MAIL: External = External { address: "api.mail.example", path: "/v3/send", millis: 60.0 };

const FRONTEND: usize = 0;
const INVENTORY: usize = 1;
const PAYMENTS: usize = 2;
const VALIDATOR: usize = 3;
const FRAUD: usize = 4;
const RECEIPTS: usize = 5;

impl Topology {
    /// The checkout: `GET /checkout/{id}` is asked for most often.
    pub fn checkout() -> Self {
        let database = |read| Database::new("pg-shop", read);
        let frontend = vec![
            Operation::http("GET", "/checkout/{id}", 4.0)
                .with_calls(&[(INVENTORY, 0), (PAYMENTS, 0)]),
            Operation::http("GET", "/items/{id}", 2.0).with_calls(&[(INVENTORY, 1)]),
        ];
        let reserve = Operation::http("POST", "/api/v1/reserve", 2.0)
            .with_database(database(STOCK).writing(RESERVE));
        let mut stock = Operation::http("GET", "/api/v1/stock/{id}", 1.5)
            .with_database(database(STOCK).cached_by("redis-stock"));
        stock.not_found = 0.01;
        let consumers = vec![Call { service: RECEIPTS, operation: 0 }];
        let pay = Operation {
            external: Some(ACQUIRER),
            publishes: Some(Publication { topic: "payments", consumers }),
            ..Operation::http("POST", "/api/v1/payments", 4.0)
                .with_calls(&[(VALIDATOR, 0), (FRAUD, 0)])
        };
        let validate = Operation::http("POST", "/validate", 2.5)
            .with_database(Database::new("pg-cards", CARD).writing(USED));
        let check = Operation::grpc("/fraud.v1.FraudDetector/Check", 3.0);
        let receipt = Operation { external: Some(MAIL), ..Operation::message("payments", 5.0) };
        let services = vec![
            Service::new("frontend-api", &["web-1", "web-2"], frontend),
            Service::new("inventory-api", &["app-1", "app-2"], vec![reserve, stock]),
            Service::new("payments-api", &["pay-1", "pay-2", "pay-3"], vec![pay]),
            Service::new("card-validator", &["pay-1", "pay-2"], vec![validate]),
            Service::new("fraud-detector", &["app-1", "app-2"], vec![check]),
            Service::new("receipts", &["work-1", "work-2"], vec![receipt]).instrumented(),
        ];
        let entry = |operation, share| Entry { call: Call { service: FRONTEND, operation }, share };
        let entries = vec![entry(0, 0.7), entry(1, 0.3)];
        Self { name: "checkout", services, entries, error_share: 0.002 }
    }
}
