-- Every hot span's identity, to rebuild the filter of seen spans when a store is opened.
SELECT trace_id, span_id FROM hot_spans;
