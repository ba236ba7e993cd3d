//! Parses aggregates: `sum by (client) (…)`.

use super::super::error::PromqlError;
use super::super::syntax::{Aggregate, AggregateKind, Expr, Grouping, Kind};
use super::Parser;

/// Aggregates by name.
const KINDS: [(&str, AggregateKind); 11] = [
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
];

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
        let has_parameter =
            matches!(kind, AggregateKind::Topk | AggregateKind::Bottomk | AggregateKind::Quantile);
        let first = self.expression(0)?;
        let (parameter, of) = match has_parameter {
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
        if let Some(found) = parameter.as_ref().map(Expr::kind).filter(|kind| *kind != Kind::Scalar)
        {
            let found = found.as_str();
            let reason = format!("expected type scalar in aggregation parameter, got {found}");
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
