INSERT INTO checkpoints (agent_id, ebpf, store_id, next_receipt, spans_stored, spans_missed)
VALUES ($1, $2, $3, $4, $5, $6);
