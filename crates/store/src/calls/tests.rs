//! The content of a file is hostile until it is read.

use coral_engine::Budget;
use coral_trace::SpanKind;
use coral_trace::UnixNanos;
use coral_trace::dependency::Dependencies;
use proptest::prelude::*;

use super::make::make;
use super::stored::decode;
use crate::tests::{span, store};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn no_content_makes_the_reader_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<prop::sample::Index>()) {
        let mut content = CONTENT.clone();
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        let budget = Budget::unlimited();
        for content in [&content[..], &content[..cut.index(content.len())]] {
            let mut map = Dependencies::default();
            let _ = decode(content, &mut map, &budget, &|_| true);
        }
    }
}

static CONTENT: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
    let (_dir, store) = store();
    let spans = (1..60_u64).map(|id| {
        let mut made =
            span((1 + id / 3).into(), id, (id % 3 != 1).then_some(id - 1), 2_000 * id, id);
        if id % 3 == 1 {
            made.kind = SpanKind::Client;
            made.attributes = [("server.address", "10.0.0.7")].into_iter().collect();
        }
        made
    });
    store.append(&[spans.collect()], UnixNanos(1)).unwrap();
    store.seal().unwrap();
    store.append(&[vec![span(3, 1_000, None, 0, 1)]], UnixNanos(1)).unwrap();
    let segment = store.0.spans.live.segments()[0].clone();
    make(&segment, &segment.split_rows(), &Budget::unlimited()).unwrap()
});
