use expect_test::expect;

use super::{check, dependencies, draw};

#[test]
fn a_call_without_a_server_span_goes_to_the_service_that_answers_other_calls_to_its_address() {
    check(
        "1 front client 10 | method=GET address=10.0.0.5 port=8080
         2 pay server 8 < 1 | method=GET

         3 cart client 4 | method=GET address=10.0.0.5 port=8080 error

         4 front client 20 | method=GET address=10.0.0.5 port=8080

         5 front client 6 | method=GET address=10.0.0.5 port=9090",
        expect![[r#"
            cart -> pay: 1 http, 1 failed, 4ms
            front -> 10.0.0.5:9090 [external]: 1 http, 6ms
            front -> pay: 2 http, 10ms
        "#]],
    );
}

#[test]
fn a_call_without_a_server_span_goes_to_the_service_whose_server_spans_name_the_address() {
    check(
        "1 pay server 8 | method=GET address=pay-1 port=8080

         2 cart client 4 | method=GET address=pay-1 port=8080",
        expect![[r#"
            cart -> pay: 1 http, 4ms
        "#]],
    );
}

#[test]
fn an_address_of_several_services_stays_an_address() {
    check(
        "1 front client 10 | method=GET address=proxy port=8080
         2 pay server 8 < 1 | method=GET

         3 front client 10 | method=GET address=proxy port=8080
         4 stock server 8 < 3 | method=GET

         5 cart client 4 | method=GET address=proxy port=8080

         6 web server 8 | method=GET address=shop.example

         7 blog server 8 | method=GET address=shop.example

         8 cart client 5 | method=GET address=shop.example",
        expect![[r#"
            cart -> proxy:8080 [external]: 1 http, 4ms
            cart -> shop.example [external]: 1 http, 5ms
            front -> pay: 1 http, 10ms
            front -> stock: 1 http, 10ms
            blog alone
            web alone
        "#]],
    );
}

/// A loopback address is another one on each host.
#[test]
fn a_loopback_address_is_a_service_only_for_a_caller_whose_calls_the_service_answers() {
    check(
        "1 front client 10 | method=GET address=127.0.0.1 port=8081
         2 pay server 8 < 1 | method=GET address=127.0.0.1 port=8081

         3 front client 20 | method=GET address=127.0.0.1 port=8081

         4 cart client 4 | method=GET address=127.0.0.1 port=8081

         5 cart client 4 | method=GET address=localhost port=8081",
        expect![[r#"
            cart -> 127.0.0.1:8081 [external]: 1 http, 4ms
            cart -> localhost:8081 [external]: 1 http, 4ms
            front -> pay: 2 http, 10ms
        "#]],
    );
}

#[test]
fn two_maps_that_learn_from_each_other_name_a_callee_alike() {
    let linked = "1 front client 10 | method=GET address=pay port=8080\n2 payments server 8 < 1";
    let unlinked = "1 front client 10 | method=GET address=pay port=8080";
    let (mut now, mut before) = (dependencies(unlinked, false), dependencies(linked, false));
    assert_eq!(draw(&now.clone().topology()), "front -> pay:8080 [external]: 1 http, 10ms\n");
    now.learn_addresses(&before);
    before.learn_addresses(&now);
    assert_eq!(draw(&now.topology()), "front -> payments: 1 http, 10ms\n");
    assert_eq!(draw(&before.topology()), "front -> payments: 1 http, 10ms\n");
}
