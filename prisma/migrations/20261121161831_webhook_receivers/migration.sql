-- DropIndex
DROP INDEX "webhook_endpoints_owner_idx";

-- DropIndex
DROP INDEX "webhook_deliveries_status_next_at_idx";

-- DropIndex
DROP INDEX "webhook_deliveries_event_id_endpoint_id_url_key";

-- AlterTable
ALTER TABLE "webhook_endpoints" ADD COLUMN     "enabled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "webhook_deliveries" ADD COLUMN     "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "receiver" TEXT NOT NULL;

-- CreateIndex
CREATE INDEX "webhook_endpoints_owner_created_at_id_idx" ON "webhook_endpoints"("owner", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "webhook_deliveries_status_receiver_next_at_idx" ON "webhook_deliveries"("status", "receiver", "next_at");

-- CreateIndex
CREATE INDEX "webhook_deliveries_endpoint_id_created_at_id_idx" ON "webhook_deliveries"("endpoint_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_event_id_receiver_key" ON "webhook_deliveries"("event_id", "receiver");
