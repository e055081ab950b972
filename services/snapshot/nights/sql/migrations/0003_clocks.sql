-- How far the business clock was ahead of PostgreSQL's when nights were looked at last. Where it still is, as much time
-- has passed by the one as by the other: nights that are overdue by then were missed, whatever their number.
CREATE TABLE clocks (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    ahead interval NOT NULL
);
