//! Parses aggregates: `sum by (client) (…)`.

use super::super::error::PromqlError;
use super::super::syntax::{Aggregate, AggregateKind, Expr, Grouping, Kind};
use super::Parser;

/// Aggregates by name.
const KINDS: [(&str, AggregateKind); 12] = [
    ("sum", AggregateKind::Sum),
    ("avg", AggregateKind::Avg),
    ("min", AggregateKind::Min),
    ("max", AggregateKind::Max),
    ("count", AggregateKind::Count),
    ("group", AggregateKind::Group),
    ("stddev", AggregateKind::Stddev),
    ("stdvar", AggregateKind::Stdvar),
    ("quantile", AggregateKind::Quantile),
    ("topk", AggregateKind::Topk),
    ("bottomk", AggregateKind::Bottomk),
    ("count_values", AggregateKind::CountValues),
];

/// The names of all aggregates.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// The aggregate with this name, in any case.
pub(super) fn kind(name: &str) -> Option<AggregateKind> {
    KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
}

impl Parser<'_> {
    /// The rest of an aggregate: its grouping before or after what it aggregates.
    pub(super) fn aggregate(
        &mut self,
        kind: AggregateKind,
        name: &str,
    ) -> Result<Expr, PromqlError> {
        let mut grouping = self.grouping()?;
        self.expect("(", "aggregation")?;
        let wanted = match kind {
            AggregateKind::Topk | AggregateKind::Bottomk | AggregateKind::Quantile => {
                Some(Kind::Scalar)
            }
            AggregateKind::CountValues => Some(Kind::Text),
            _ => None,
        };
        let first = self.expression(0)?;
        let (parameter, of) = match wanted.is_some() {
            true => {
                if !self.take(",") {
                    let reason = format!(
                        "wrong number of arguments for aggregate expression provided, expected 2, \
                         got 1: {name}"
                    );
                    return Err(self.error(&reason));
                }
                (Some(first), self.expression(0)?)
            }
            false => (None, first),
        };
        self.expect(")", "aggregation")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let found = parameter.as_ref().map(Expr::kind);
        if let (Some(wanted), Some(found)) = (wanted, found.filter(|found| Some(*found) != wanted))
        {
            let (wanted, found) = (wanted.as_str(), found.as_str());
            let reason = format!("expected type {wanted} in aggregation parameter, got {found}");
            return Err(self.error(&reason));
        }
        if of.kind() != Kind::Vector {
            let found = of.kind().as_str();
            let reason =
                format!("expected type instant vector in aggregation expression, got {found}");
            return Err(self.error(&reason));
        }
        let grouping = grouping.unwrap_or(Grouping::By(Vec::new()));
        Ok(Expr::Aggregate(Box::new(Aggregate { kind, parameter, of, grouping })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, PromqlError> {
        if self.take_word("by") {
            return Ok(Some(Grouping::By(self.label_list()?)));
        }
        match self.take_word("without") {
            true => Ok(Some(Grouping::Without(self.label_list()?))),
            false => Ok(None),
        }
    }
}
