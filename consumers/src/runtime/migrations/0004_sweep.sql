-- Up Migration

-- sweep: after the capture began anew (a new epoch with a full snapshot), delete what was not seen again.
alter table runtime.commands drop constraint commands_kind_check;
alter table runtime.commands add constraint commands_kind_check
  check (kind in ('redrive', 'discard', 'pause', 'resume', 'sweep'));
