//! A shop with several root operations, and with instances on several hosts.

use super::{Call, Database, Entry, External, Operation, Service, Statement, Topology, statement};

const FEATURED: Statement =
    statement("SELECT featured", "SELECT id, price FROM featured WHERE day = ?", 6.0);
const ITEM: Statement = statement("SELECT items", "SELECT * FROM items WHERE id = ?", 4.0);
const CART: Statement = statement("SELECT carts", "SELECT * FROM carts WHERE user_id = ?", 3.0);
const ORDER: Statement =
    statement("INSERT orders", "INSERT INTO orders (user_id, total) VALUES (?, ?)", 2.0);
const USER_ORDERS: Statement =
    statement("SELECT orders", "SELECT id FROM orders WHERE user_id = ? AND open", 3.0);
const CARD: Statement = statement("SELECT cards", "SELECT * FROM cards WHERE user_id = ?", 3.0);
const CHARGE: Statement =
    statement("INSERT charges", "INSERT INTO charges (card, amount) VALUES (?, ?)", 2.0);
const STOCK: Statement = statement("SELECT stock", "SELECT n FROM stock WHERE item_id = ?", 3.0);
const RESERVE: Statement =
    statement("UPDATE stock", "UPDATE stock SET n = n - ? WHERE item_id = ?", 3.0);
const STRIPE: External =
    External { address: "api.stripe.com", path: "/v1/payment_intents", millis: 80.0 };

const FRONTEND: usize = 0;
const CATALOG: usize = 1;
const CHECKOUT: usize = 2;
const CART_SERVICE: usize = 3;
const PAYMENTS: usize = 4;
const INVENTORY: usize = 5;
const SHIPPING: usize = 6;

impl Topology {
    /// A shop: `GET /` is asked for most often, and `POST /checkout` least.
    pub(crate) fn shop() -> Self {
        let mut item = Operation::http("GET", "/items/{id}", 2.0)
            .with_database(Database::new("pg-catalog", ITEM).cached_by("redis-catalog"));
        item.not_found = 0.01;
        let featured = Operation::http("GET", "/featured", 3.0)
            .with_database(Database::new("pg-catalog", FEATURED).cached_by("redis-catalog"));
        let charge = Operation {
            external: Some(STRIPE),
            ..Operation::http("POST", "/charge", 4.0)
                .with_database(Database::new("pg-payments", CARD).writing(CHARGE))
        };
        let methods = Operation::http("GET", "/methods", 2.0)
            .with_database(Database::new("pg-payments", CARD));
        let reserve = Operation::http("POST", "/reserve", 3.0)
            .with_database(Database::new("pg-stock", STOCK).writing(RESERVE));
        let stock = Operation::http("GET", "/stock/{id}", 1.5)
            .with_database(Database::new("pg-stock", STOCK).cached_by("redis-stock"));
        let order = Operation::http("POST", "/orders", 5.0)
            .with_database(Database::new("pg-orders", USER_ORDERS).writing(ORDER))
            .with_calls(&[(CART_SERVICE, 0), (INVENTORY, 0), (PAYMENTS, 0), (SHIPPING, 0)]);
        let frontend = vec![
            Operation::http("GET", "/", 4.0).with_calls(&[(CATALOG, 0), (CART_SERVICE, 0)]),
            Operation::http("GET", "/items/{id}", 3.0).with_calls(&[(CATALOG, 1), (INVENTORY, 1)]),
            Operation::http("POST", "/checkout", 5.0).with_calls(&[(PAYMENTS, 1), (CHECKOUT, 0)]),
        ];
        let cart = Operation::http("GET", "/cart", 2.0)
            .with_database(Database::new("pg-cart", CART).cached_by("redis-cart"));
        let quote = Operation::http("POST", "/quote", 8.0);
        let services = vec![
            Service::new("frontend", &["web-1", "web-2"], frontend),
            Service::new("catalog", &["web-1", "web-2", "app-1"], vec![featured, item]),
            Service::new("checkout", &["app-1", "app-2"], vec![order]),
            Service::new("cart", &["app-1", "app-2"], vec![cart]),
            Service::new("payments", &["pay-1", "pay-2", "pay-3"], vec![charge, methods]),
            Service::new("inventory", &["app-1", "app-2"], vec![reserve, stock]),
            Service::new("shipping", &["app-2", "app-3"], vec![quote]).instrumented(),
        ];
        let entry = |operation, share| Entry { call: Call { service: FRONTEND, operation }, share };
        let entries = vec![entry(0, 0.5), entry(1, 0.3), entry(2, 0.2)];
        Self { name: "shop", services, entries, error_share: 0.002 }
    }
}
