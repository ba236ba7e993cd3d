-- The whole catalogue, oldest first.
SELECT
  segment_id, first_receipt, last_receipt, epoch_us(first_received), epoch_us(last_received),
  epoch_us(first_start), epoch_us(last_start), spans, bytes, trace_filter
FROM segments
ORDER BY segment_id;
