-- DropIndex
DROP INDEX "schedule_firings_outcome_idx";

-- CreateIndex
CREATE INDEX "schedule_firings_outcome_fired_at_idx" ON "schedule_firings"("outcome", "fired_at");
