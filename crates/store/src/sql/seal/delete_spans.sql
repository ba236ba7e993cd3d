DELETE FROM hot_spans WHERE receipt <= $1;
