//! The resources and scopes of the spans of one trace, while they are adjusted.

use std::collections::HashMap;
use std::sync::Arc;

use coral_trace::{Origin, Resource, Span};

use super::{LIBRARY_KEYS, sort, warn, write_addresses};

/// The adjusted resources. Spans with equal resources share one.
pub(super) struct Origins {
    resources: Vec<Resource>,
    /// The resource of each origin, by the address of the origin.
    of_pointer: HashMap<*const Origin, usize>,
}

impl Origins {
    pub(super) fn of(spans: &[Span]) -> Self {
        let (mut resources, mut of_pointer) = (Vec::new(), HashMap::new());
        let mut known = HashMap::<&Resource, usize>::new();
        for span in spans {
            of_pointer.entry(Arc::as_ptr(&span.origin)).or_insert_with(|| {
                *known.entry(&span.origin.resource).or_insert_with(|| {
                    let mut resource = span.origin.resource.clone();
                    sort(&mut resource.attributes);
                    write_addresses(&mut resource.attributes);
                    resources.push(resource);
                    resources.len() - 1
                })
            });
        }
        Self { resources, of_pointer }
    }

    /// Moves the attributes of the SDK from `span` to its resource, unless the resource has another
    /// value.
    pub(super) fn move_library_attributes(&mut self, span: &mut Span) {
        let resource = &mut self.resources[self.of_pointer[&Arc::as_ptr(&span.origin)]].attributes;
        let (moved, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut span.attributes.0)
            .into_iter()
            .partition(|pair| LIBRARY_KEYS.contains(&pair.key.as_str()));
        span.attributes.0 = kept;
        for pair in moved {
            match resource.get(&pair.key) {
                None => resource.0.push(pair),
                Some(value) if *value == pair.value => {}
                Some(_) => {
                    let key = pair.key.clone();
                    span.attributes.0.push(pair);
                    let warning = "conflicting values between Span and Resource for attribute ";
                    warn(span, format!("{warning}{key}"));
                }
            }
        }
    }

    /// Gives each span its adjusted origin.
    pub(super) fn put_into(self, spans: &mut [Span]) {
        let mut adjusted = HashMap::<*const Origin, (Arc<Origin>, Arc<Origin>)>::new();
        for span in spans {
            let pointer = Arc::as_ptr(&span.origin);
            // The first origin is kept, so that its address stays its own.
            let (_, new) = adjusted.entry(pointer).or_insert_with(|| {
                let mut origin = Origin::clone(&span.origin);
                origin.resource = self.resources[self.of_pointer[&pointer]].clone();
                sort(&mut origin.scope.attributes);
                (span.origin.clone(), Arc::new(origin))
            });
            span.origin = new.clone();
        }
    }
}
