-- What the catalogue says of the hot rows up to receipt $1.
SELECT
  count(*)::UBIGINT, min(receipt), max(receipt), epoch_us(min(received_at)), epoch_us(max(received_at)),
  epoch_us(min(start_time)), epoch_us(max(start_time))
FROM hot_spans
WHERE receipt <= $1;
