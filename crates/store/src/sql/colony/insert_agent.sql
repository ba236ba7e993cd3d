INSERT INTO agents (agent_id, address, registered) VALUES ($1, $2, make_timestamp($3));
