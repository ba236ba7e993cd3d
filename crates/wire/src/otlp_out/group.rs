//! Groups spans by resource and scope, in near linear time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use coral_trace::{Origin, Resource, Scope, Span};

/// Spans of one resource.
pub struct ByResource<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// Its scopes, in order of first appearance.
    pub scopes: Vec<ByScope<'a>>,
}

/// Spans of one resource and scope.
pub struct ByScope<'a> {
    /// The scope.
    pub scope: &'a Scope,
    /// Its spans.
    pub spans: Vec<&'a Span>,
}

/// The place of a group: the index of its resource, and the index of its scope in that resource.
type Place = (usize, usize);

#[derive(Default)]
struct Groups<'a> {
    groups: Vec<ByResource<'a>>,
    by_pointer: HashMap<*const Origin, Place>,
    resources: HashMap<&'a Resource, usize>,
    scopes: HashMap<(usize, &'a Scope), usize>,
}

/// Groups `spans` by equal resource and then by equal scope, in order of first appearance.
pub fn by_origin(spans: &[Span]) -> Vec<ByResource<'_>> {
    let mut groups = Groups::default();
    for span in spans {
        let (resource, scope) = groups.place(&span.origin);
        groups.groups[resource].scopes[scope].spans.push(span);
    }
    groups.groups
}

impl<'a> Groups<'a> {
    /// The group of `origin`. Contents are compared once per shared origin, not once per span.
    fn place(&mut self, origin: &'a Arc<Origin>) -> Place {
        let pointer = Arc::as_ptr(origin);
        if let Some(place) = self.by_pointer.get(&pointer) {
            return *place;
        }
        let place = self.place_by_content(origin);
        self.by_pointer.insert(pointer, place);
        place
    }

    fn place_by_content(&mut self, origin: &'a Origin) -> Place {
        let resource = *self.resources.entry(&origin.resource).or_insert_with(|| {
            self.groups.push(ByResource { resource: &origin.resource, scopes: Vec::new() });
            self.groups.len() - 1
        });
        let scopes = &mut self.groups[resource].scopes;
        let scope = match self.scopes.entry((resource, &origin.scope)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                scopes.push(ByScope { scope: &origin.scope, spans: Vec::new() });
                *new.insert(scopes.len() - 1)
            }
        };
        (resource, scope)
    }
}
