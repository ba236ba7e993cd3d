DELETE FROM checkpoints WHERE agent_id = $1 AND ebpf = $2;
