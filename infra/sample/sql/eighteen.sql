-- What PostgreSQL 18 brought: virtual generated columns, keys over time, constraints that are told but not enforced.
CREATE TABLE sales.subscription (
    customer_id bigint NOT NULL,
    valid_during daterange NOT NULL,
    monthly numeric(8, 2) NOT NULL,
    yearly numeric(10, 2) GENERATED ALWAYS AS (monthly * 12) VIRTUAL,
    tracking_id uuid NOT NULL DEFAULT uuidv7(),
    CONSTRAINT subscription_period PRIMARY KEY (customer_id, valid_during WITHOUT OVERLAPS),
    CONSTRAINT is_cheap CHECK (monthly < 100) NOT ENFORCED
);
CREATE TABLE sales.subscription_pause (
    customer_id bigint NOT NULL,
    paused_during daterange NOT NULL,
    CONSTRAINT within_subscription FOREIGN KEY (customer_id, PERIOD paused_during)
        REFERENCES sales.subscription (customer_id, PERIOD valid_during)
);
INSERT INTO sales.subscription (customer_id, valid_during, monthly, tracking_id)
SELECT 1000 + n / 2, daterange(date '2026-01-01' + 100 * (n % 2), date '2026-01-01' + 100 * (n % 2) + 100), n % 150,
       md5('subscription ' || n)::uuid
FROM generate_series(0, 399) AS n;
INSERT INTO sales.subscription_pause SELECT 1000 + n, daterange('2026-02-01', '2026-02-20') FROM generate_series(0, 30) AS n;
