CREATE TABLE executions (key text PRIMARY KEY, fence bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());

-- The whole effect is this transaction: no row inserted means that it was committed before.
INSERT INTO executions (key, fence) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING;

-- The effect is several transactions, each with this in it: no row means overtaken, roll back.
INSERT INTO executions (key, fence) VALUES ($1, $2) ON CONFLICT (key)
    DO UPDATE SET fence = excluded.fence WHERE executions.fence <= excluded.fence;
