//! Search conditions on single spans: name, service, attributes.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_buffer::BooleanBuffer;
use coral_engine::Budget;
use coral_trace::{Collector, TraceId};
use hashbrown::HashSet;

use super::attribute::{
    Hiding, attribute, attribute_columns, attribute_texts, column, has_own_column, texts,
};
use super::bits::Bits;
use super::plan::Plan;
use crate::error::StoreError;
use crate::hot::generation::Rows;
use crate::row::batch::TRACE_ID;
use crate::segment::{RowGroup, Segment, StoredText, TextFilter};

/// Conditions that one span must meet together.
pub(super) struct Conditions {
    conditions: Vec<Condition>,
}

enum Condition {
    Name(String),
    Service(Vec<String>),
    Collector(Collector),
    /// Key and value of an attribute of the span, or of its resource if the span lacks the key. A
    /// key with a column covers all its spellings.
    Attribute(String, String),
    /// Like one of several `Attribute`, but also matches a value that another value of the key
    /// hides. Used to reduce the candidates for a filter, which then decides exactly.
    AnyAttributeAnywhere(Vec<(String, String)>),
}

impl Conditions {
    /// The conditions of `plan` on single spans; `None` without a condition on a name or an
    /// attribute, because digests suffice for services and collectors.
    pub(super) fn of(plan: &Plan<'_>) -> Option<Self> {
        let query = &plan.indexed;
        let anywhere = &plan.attributes_anywhere;
        if query.name.is_none() && query.attributes.is_empty() && anywhere.is_empty() {
            return None;
        }
        let mut conditions = Vec::new();
        conditions.extend(query.name.clone().map(Condition::Name));
        let attributes = query.attributes.iter().cloned();
        conditions.extend(attributes.map(|(key, value)| Condition::Attribute(key, value)));
        let anywhere = anywhere.iter().cloned();
        conditions.extend(anywhere.map(Condition::AnyAttributeAnywhere));
        if !query.services.is_empty() {
            conditions.push(Condition::Service(query.services.clone()));
        }
        conditions.extend(query.collector.map(Condition::Collector));
        Some(Self { conditions })
    }

    /// Adds the traces that have a matching row in the hot rows `rows` to `fitting`.
    pub(super) fn hot_traces(
        &self,
        rows: &Rows,
        budget: &Budget,
        fitting: &mut HashSet<TraceId>,
    ) -> Result<(), StoreError> {
        for batch in rows.batches() {
            budget.count_rows(batch.num_rows() as u64)?;
            budget.check()?;
            let traces = batch.column(TRACE_ID).as_fixed_size_binary();
            for row in self.fitting(&batch, rows.has_misplaced)?.set_indices() {
                fitting.insert(crate::row::trace_id(traces.value(row))?);
            }
        }
        Ok(())
    }

    /// The rows of `segment`'s traces file whose trace part has a span that matches.
    pub(super) fn trace_rows(
        &self,
        segment: &Segment,
        budget: &Budget,
    ) -> Result<Bits, StoreError> {
        let misplaced = segment.extent.has_misplaced;
        let mut rows = Bits::none_of(segment.extent.traces);
        let texts = segment.text_filter()?;
        let groups = self.groups(segment, &texts)?;
        if groups.as_ref().is_some_and(Vec::is_empty) {
            return Ok(rows);
        }
        let mut spans: Vec<u32> = Vec::new();
        for group in segment.row_groups()? {
            budget.check()?;
            if groups.as_ref().is_some_and(|some| some.binary_search(&group.index).is_err()) {
                continue;
            }
            let Some(columns) = self.columns_in(&group, &texts, misplaced)? else { continue };
            let mut first = group.first_row;
            for batch in group.read(&columns, budget)? {
                let fitting = self.fitting(&batch, misplaced)?;
                spans.extend(fitting.set_indices_u32().map(|row| first + row));
                first += batch.num_rows() as u32;
            }
        }
        segment.trace_rows(&spans, budget)?.into_iter().for_each(|row| rows.insert(row));
        Ok(rows)
    }

    /// The numbers of the row groups that may have matching spans; `None` if the segment has no filter
    /// of texts.
    fn groups(
        &self,
        segment: &Segment,
        texts: &TextFilter<'_>,
    ) -> Result<Option<Vec<usize>>, StoreError> {
        if !texts.is_there() {
            return Ok(None);
        }
        let mut groups: Vec<usize> = (0..segment.row_group_count()).collect();
        for condition in &self.conditions {
            let Some(needed) = condition.needed_texts(segment) else { continue };
            let mut fitting = Vec::with_capacity(groups.len());
            for group in groups {
                if texts.may_have_any(group, &needed)? {
                    fitting.push(group);
                }
            }
            groups = fitting;
        }
        Ok(Some(groups))
    }

    /// The columns of a row group that are needed to test its rows; `None` when no row can match.
    fn columns_in(
        &self,
        group: &RowGroup<'_>,
        texts: &TextFilter<'_>,
        misplaced: bool,
    ) -> Result<Option<Vec<&'static str>>, StoreError> {
        let mut columns = Vec::new();
        for condition in &self.conditions {
            match condition.columns_in(group, texts, misplaced)? {
                Some(own) => columns.extend(own),
                None => return Ok(None),
            }
        }
        Ok(Some(columns))
    }

    /// The rows that meet all conditions. If `misplaced` is true, attributes that have a column
    /// are looked up in the JSON too.
    fn fitting(&self, batch: &RecordBatch, misplaced: bool) -> Result<BooleanBuffer, StoreError> {
        let mut fitting = BooleanBuffer::new_set(batch.num_rows());
        for condition in &self.conditions {
            if fitting.count_set_bits() == 0 {
                break;
            }
            fitting = &fitting & &condition.fitting(batch, misplaced)?;
        }
        Ok(fitting)
    }
}

impl Condition {
    /// A span of `segment` meets the condition only if its row group has one of these texts. `None` if
    /// texts do not tell.
    fn needed_texts(&self, segment: &Segment) -> Option<Vec<StoredText>> {
        match self {
            Self::Name(name) => Some(vec![StoredText::in_column("span_name", name)]),
            Self::Service(_) | Self::Collector(_) => None,
            Self::Attribute(key, value) => attribute_texts(segment, key, value),
            Self::AnyAttributeAnywhere(any) => {
                let texts = any.iter().map(|(key, value)| attribute_texts(segment, key, value));
                Some(texts.collect::<Option<Vec<_>>>()?.concat())
            }
        }
    }

    /// See [`Conditions::columns_in`].
    fn columns_in(
        &self,
        group: &RowGroup<'_>,
        texts: &TextFilter<'_>,
        misplaced: bool,
    ) -> Result<Option<Vec<&'static str>>, StoreError> {
        let if_any = |column, any: bool| any.then(|| vec![column]);
        Ok(match self {
            Self::Name(name) => {
                if_any("span_name", group.may_hold("span_name", |text| text == name.as_bytes())?)
            }
            Self::Service(names) => if_any(
                "service_name",
                group.may_hold("service_name", |text| {
                    names.iter().any(|name| name.as_bytes() == text)
                })?,
            ),
            Self::Collector(_) => Some(vec!["ebpf"]),
            Self::Attribute(key, value) => {
                attribute_columns(group, texts, (key, value), misplaced)?
            }
            Self::AnyAttributeAnywhere(any) => {
                let mut columns = Vec::new();
                for (key, value) in any {
                    columns.extend(
                        attribute_columns(group, texts, (key, value), misplaced)?
                            .into_iter()
                            .flatten(),
                    );
                }
                columns.sort_unstable();
                columns.dedup();
                (!columns.is_empty()).then_some(columns)
            }
        })
    }

    fn fitting(&self, batch: &RecordBatch, misplaced: bool) -> Result<BooleanBuffer, StoreError> {
        match self {
            Self::Name(name) => texts(column(batch, "span_name")?, |text| text == name),
            Self::Service(names) => {
                texts(column(batch, "service_name")?, |text| names.iter().any(|name| name == text))
            }
            Self::Collector(collector) => {
                let ebpf = column(batch, "ebpf")?.as_boolean().values();
                Ok(if *collector == Collector::Ebpf { ebpf.clone() } else { !ebpf })
            }
            Self::Attribute(key, value) => attribute(batch, key, value, misplaced, Hiding::Counts),
            Self::AnyAttributeAnywhere(any) => {
                let mut fitting = BooleanBuffer::new_unset(batch.num_rows());
                for (key, value) in any.iter().filter(|(key, _)| has_own_column(batch, key)) {
                    let found = attribute(batch, key, value, misplaced, Hiding::IsIgnored)?;
                    fitting = &fitting | &found;
                }
                Ok(fitting)
            }
        }
    }
}
