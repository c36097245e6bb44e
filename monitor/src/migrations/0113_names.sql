-- Up Migration

-- Names as the code and the API have them. Nothing is rewritten: only the catalogue changes.
alter table alerts rename column says to summary;
alter table alerts rename column mend to remedy;

alter table lanes rename to report_series;
alter table report_series rename column lane to id;
alter table reports rename column lane to series_id;
alter table reports rename column nth to report_key;
alter table reports_elsewhen rename to reports_default;
