//! OTLP decoding and encoding, with arbitrary input.

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod json;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod round_trip;
