//! Of any text as a token, a join token, a fingerprint, an identity or a scope of services. What is
//! read is the same after it is written again.
#![no_main]

use coral_query::ServiceScope;
use coral_trust::authority::Fingerprint;
use coral_trust::join::JoinToken;
use coral_trust::secret::SecretHash;
use coral_trust::token::Token;
use coral_trust::workload::{AgentName, Workload};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(token) = text.parse::<Token>() {
        assert_eq!(token.text(), text);
    }
    if let Ok(token) = text.parse::<JoinToken>() {
        assert_eq!(token.text(), text);
    }
    if let Some(workload) = Workload::of_uri(text) {
        assert_eq!(workload.uri(), text);
    }
    if let Ok(name) = text.parse::<AgentName>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    if let Ok(hash) = SecretHash::try_from(text.to_owned()) {
        assert_eq!(String::from(hash), text.to_ascii_lowercase());
    }
    if let Ok(scope) = text.parse::<ServiceScope>() {
        assert_eq!(scope.to_string().parse::<ServiceScope>(), Ok(scope));
    }
});
