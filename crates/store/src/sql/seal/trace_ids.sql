-- The traces of the hot rows up to receipt $1, for the segment's filter.
SELECT DISTINCT trace_id FROM hot_parts WHERE receipt <= $1;
