-- Keys, indexes and foreign keys of `warehouse`, `office` and `Büro`, after the data; none reaches into `sales`.
ALTER TABLE warehouse.site ADD PRIMARY KEY (id);
CREATE INDEX site_position ON warehouse.site USING spgist (position);
ALTER TABLE warehouse.booking ADD CONSTRAINT one_lorry_per_dock
    EXCLUDE USING gist (site_id WITH =, dock WITH =, during WITH &&);
ALTER TABLE warehouse.booking ADD FOREIGN KEY (site_id) REFERENCES warehouse.site;
ALTER TABLE warehouse.stock ADD PRIMARY KEY (site_id, product_id);
ALTER TABLE warehouse.stock ADD FOREIGN KEY (site_id) REFERENCES warehouse.site;
ALTER TABLE warehouse.movement ADD PRIMARY KEY (id, moved_at);
ALTER TABLE warehouse.movement ADD FOREIGN KEY (site_id) REFERENCES warehouse.site;
CREATE INDEX movement_product ON warehouse.movement (product_id, moved_at DESC);
CREATE INDEX measurement_taken ON warehouse.measurement USING brin (taken_at);

ALTER TABLE office.file_document ADD PRIMARY KEY (id);
ALTER TABLE office.message ADD PRIMARY KEY (id);
CREATE INDEX message_words ON office.message USING gin (words);
CREATE INDEX message_thread ON office.message USING hash (thread);
ALTER TABLE office.photo ADD PRIMARY KEY (id);
ALTER TABLE office.attachment ADD PRIMARY KEY (id);
ALTER TABLE office.task ADD PRIMARY KEY (id);
ALTER TABLE office.audit_log ADD PRIMARY KEY (id);
ALTER TABLE office.setting ADD PRIMARY KEY (key);
ALTER TABLE office.setting ADD CONSTRAINT flag_is_known CHECK (flag IS NULL OR flag <> 'z') NOT VALID;
ALTER TABLE "Büro"."Überweisung" ADD CONSTRAINT "Schlüssel" PRIMARY KEY ("Nr.");
CREATE INDEX "Empfänger, groß" ON "Büro"."Überweisung" (upper("Empfänger") text_pattern_ops);
ALTER TABLE "Büro"."注文" ADD PRIMARY KEY ("番号");
