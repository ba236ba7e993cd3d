UPDATE store_meta SET next_receipt = $1;
