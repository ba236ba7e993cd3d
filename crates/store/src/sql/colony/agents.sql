SELECT agent_id, address FROM agents ORDER BY agent_id;
