-- How many hot rows there are, their newest receipt, and when the oldest was received.
SELECT count(*)::UBIGINT, max(receipt), epoch_us(min(received_at)) FROM hot_spans;
