-- Which files of spans the views of this connection read: a list, as text.
SET VARIABLE span_files = CAST($1 AS VARCHAR[]);
