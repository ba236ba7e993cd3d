-- Which files of metrics the views of this connection read: a list, as text.
SET VARIABLE metric_files = CAST($1 AS VARCHAR[]);
