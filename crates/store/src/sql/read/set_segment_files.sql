-- Which segments the views of this connection read: a list of files, as text.
SET VARIABLE segment_files = CAST($1 AS VARCHAR[]);
