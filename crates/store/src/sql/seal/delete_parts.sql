DELETE FROM hot_parts WHERE receipt <= $1;
