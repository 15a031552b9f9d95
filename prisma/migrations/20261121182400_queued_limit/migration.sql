-- The runs of an owner that have not ended, which are few among all. The schema of Prisma cannot say so.
CREATE INDEX "runs_open_idx" ON "runs"("owner") WHERE "status" IN ('queued', 'running', 'cancelling');

-- Whether an owner may have one more run that has not ended, to be asked in the statement that writes the run: no statement that this
-- one does not see can be under way then. Far below the limit the writers of an owner do not wait for each other, as no more of them
-- can be under way than there are connections. Nearer, and with `alone`, they come one by one, and null asks to come again with
-- `alone`: a lock cannot be made stricter without two waiting for each other. A volatile function sees what was committed
-- while it waited for the lock, which the statement itself would not.
-- The schema engine cuts a migration at every semicolon, which is why \x3b stands for them here.
CREATE FUNCTION may_queue(who text, most bigint, alone boolean) RETURNS boolean LANGUAGE plpgsql VOLATILE AS E'
DECLARE
  line bigint := hashtextextended(\'queued/\' || who, 0)\x3b
  room bigint := most - current_setting(\'max_connections\')::bigint\x3b
  open_runs bigint\x3b
BEGIN
  IF room > 0 AND NOT alone THEN
    PERFORM pg_advisory_xact_lock_shared(line)\x3b
    SELECT count(*) INTO open_runs FROM runs WHERE owner = who AND status IN (\'queued\', \'running\', \'cancelling\')\x3b
    RETURN CASE WHEN open_runs < room THEN true END\x3b
  END IF\x3b
  PERFORM pg_advisory_xact_lock(line)\x3b
  SELECT count(*) INTO open_runs FROM runs WHERE owner = who AND status IN (\'queued\', \'running\', \'cancelling\')\x3b
  RETURN open_runs < most\x3b
END
';
