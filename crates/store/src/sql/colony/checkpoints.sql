-- How far every agent's streams have been stored.
SELECT agent_id, ebpf, store_id, next_receipt, spans_stored, spans_missed FROM checkpoints ORDER BY agent_id, ebpf;
