-- DropIndex
DROP INDEX "outbox_events_done_at_available_at_idx";

-- DropIndex
DROP INDEX "outbox_events_stream_sequence_idx";

-- AlterTable
ALTER TABLE "outbox_events" ADD COLUMN     "lease_until" TIMESTAMPTZ(3),
ADD COLUMN     "taken" JSONB NOT NULL DEFAULT '[]';

-- CreateIndex
CREATE INDEX "outbox_events_created_at_idx" ON "outbox_events"("created_at");

-- Those that are not done are few among many: in order of writing, and by stream. Prisma's schema cannot say so.
CREATE INDEX "outbox_events_open_idx" ON "outbox_events"("sequence") WHERE "done_at" IS NULL;
CREATE INDEX "outbox_events_open_stream_idx" ON "outbox_events"("stream", "sequence") WHERE "done_at" IS NULL;
