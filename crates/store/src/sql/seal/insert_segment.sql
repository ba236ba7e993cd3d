INSERT INTO segments (
  segment_id, first_receipt, last_receipt, first_received, last_received, first_start, last_start, spans, bytes,
  trace_filter
) VALUES (
  $1, $2, $3, make_timestamp($4), make_timestamp($5), make_timestamp($6), make_timestamp($7), $8, $9, $10
);
