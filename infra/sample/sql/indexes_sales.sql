-- Keys, indexes and foreign keys of the schema `sales`, after the data.
ALTER TABLE sales.customer ADD PRIMARY KEY (id);
ALTER TABLE sales.customer ADD CONSTRAINT one_account_per_email UNIQUE (email);
ALTER TABLE sales.customer ADD FOREIGN KEY (merged_into) REFERENCES sales.customer DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX customer_name ON sales.customer USING gin (name_key public.gin_trgm_ops);
CREATE INDEX customer_in_debt ON sales.customer (balance, lower(name) DESC NULLS LAST) INCLUDE (country) WHERE balance < 0;
COMMENT ON INDEX sales.customer_in_debt IS 'Partial, with an expression and an included column';

ALTER TABLE sales.category ADD PRIMARY KEY (id);
ALTER TABLE sales.category ADD FOREIGN KEY (parent_id) REFERENCES sales.category ON DELETE CASCADE;
CREATE UNIQUE INDEX category_path ON sales.category USING btree (path);
CREATE INDEX category_tree ON sales.category USING gist (path);

ALTER TABLE sales.product ADD PRIMARY KEY (id);
ALTER TABLE sales.product ADD UNIQUE (sku);
ALTER TABLE sales.product ADD FOREIGN KEY (category_id) REFERENCES sales.category ON UPDATE CASCADE ON DELETE RESTRICT;
CREATE INDEX product_on_sale ON sales.product USING gist (on_sale);

ALTER TABLE sales."order" ADD PRIMARY KEY (id);
ALTER TABLE sales."order" ADD UNIQUE (public_id);
ALTER TABLE sales."order" ADD FOREIGN KEY (customer_id) REFERENCES sales.customer;
CREATE INDEX order_placed ON sales."order" USING brin (placed_at);
CREATE INDEX order_channel ON sales."order" ((details ->> 'channel'), state);
ALTER TABLE sales."order" CLUSTER ON "order_pkey";
CREATE STATISTICS sales.order_state_and_customer (dependencies, ndistinct) ON state, customer_id FROM sales."order";
ALTER TABLE sales."order" ALTER COLUMN customer_id SET STATISTICS 150;

ALTER TABLE sales.order_line ADD PRIMARY KEY (order_id, line_no);
ALTER TABLE sales.order_line ADD FOREIGN KEY (order_id) REFERENCES sales."order" ON DELETE CASCADE;
ALTER TABLE sales.order_line ADD FOREIGN KEY (product_id) REFERENCES sales.product;

ALTER TABLE sales.invoice ADD PRIMARY KEY (number);
ALTER TABLE sales.invoice ADD FOREIGN KEY (order_id) REFERENCES sales."order" DEFERRABLE INITIALLY IMMEDIATE;
ALTER TABLE sales.exchange_rate ADD PRIMARY KEY (currency, quoted_on);
ALTER TABLE sales.exchange_rate REPLICA IDENTITY FULL;
ALTER TABLE sales.discount ADD PRIMARY KEY (code);
CREATE INDEX discount_hours ON sales.discount USING gist (hours);
