-- CreateEnum
CREATE TYPE "delivery_status" AS ENUM ('pending', 'delivered', 'failed');

-- CreateEnum
CREATE TYPE "intake_state" AS ENUM ('received', 'stored', 'rejected');

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "callback_url" TEXT;

-- CreateTable
CREATE TABLE "outbox_events" (
    "sequence" BIGSERIAL NOT NULL,
    "id" UUID NOT NULL,
    "owner" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "callback_url" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "available_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_events_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "webhook_endpoints" (
    "id" UUID NOT NULL,
    "owner" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT,
    "events" JSONB NOT NULL,
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_until" TIMESTAMPTZ(3),
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "disabled_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_endpoints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "endpoint_id" UUID,
    "owner" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "status" "delivery_status" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "log" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "intake_messages" (
    "id" UUID NOT NULL,
    "owner" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "group" TEXT NOT NULL,
    "body" BYTEA NOT NULL,
    "state" "intake_state" NOT NULL DEFAULT 'received',
    "bucket" TEXT,
    "key" TEXT,
    "run_id" UUID,
    "reason" JSONB,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "available_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "sequence" BIGSERIAL NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "intake_messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "intake_routes" (
    "owner" TEXT NOT NULL,
    "routing" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "intake_routes_pkey" PRIMARY KEY ("owner")
);

-- CreateTable
CREATE TABLE "intake_outputs" (
    "sequence" BIGSERIAL NOT NULL,
    "owner" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "group" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "intake_outputs_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "schedules" (
    "id" UUID NOT NULL,
    "owner" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "cron" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "kind" "run_kind" NOT NULL,
    "body" JSONB NOT NULL,
    "misfire" TEXT NOT NULL,
    "overlap" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "next_at" TIMESTAMPTZ(3),
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_firings" (
    "id" UUID NOT NULL,
    "schedule_id" UUID NOT NULL,
    "occurrence" TIMESTAMPTZ(3) NOT NULL,
    "trigger" TEXT NOT NULL,
    "outcome" TEXT NOT NULL DEFAULT 'pending',
    "run_id" UUID,
    "detail" TEXT,
    "fired_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedule_firings_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "outbox_events_id_key" ON "outbox_events"("id");

-- CreateIndex
CREATE INDEX "outbox_events_done_at_available_at_idx" ON "outbox_events"("done_at", "available_at");

-- CreateIndex
CREATE INDEX "outbox_events_stream_sequence_idx" ON "outbox_events"("stream", "sequence");

-- CreateIndex
CREATE INDEX "webhook_endpoints_owner_idx" ON "webhook_endpoints"("owner");

-- CreateIndex
CREATE INDEX "webhook_deliveries_status_next_at_idx" ON "webhook_deliveries"("status", "next_at");

-- CreateIndex
CREATE INDEX "webhook_deliveries_owner_created_at_id_idx" ON "webhook_deliveries"("owner", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_event_id_endpoint_id_url_key" ON "webhook_deliveries"("event_id", "endpoint_id", "url");

-- CreateIndex
CREATE INDEX "intake_messages_state_available_at_idx" ON "intake_messages"("state", "available_at");

-- CreateIndex
CREATE INDEX "intake_messages_owner_group_state_sequence_idx" ON "intake_messages"("owner", "group", "state", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "intake_messages_owner_message_id_key" ON "intake_messages"("owner", "message_id");

-- CreateIndex
CREATE UNIQUE INDEX "intake_messages_owner_bucket_key_key" ON "intake_messages"("owner", "bucket", "key");

-- CreateIndex
CREATE UNIQUE INDEX "intake_outputs_owner_message_id_key" ON "intake_outputs"("owner", "message_id");

-- CreateIndex
CREATE INDEX "schedules_next_at_idx" ON "schedules"("next_at");

-- CreateIndex
CREATE UNIQUE INDEX "schedules_owner_name_key" ON "schedules"("owner", "name");

-- CreateIndex
CREATE INDEX "schedule_firings_outcome_idx" ON "schedule_firings"("outcome");

-- CreateIndex
CREATE UNIQUE INDEX "schedule_firings_schedule_id_occurrence_key" ON "schedule_firings"("schedule_id", "occurrence");

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "outbox_events"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoints"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedule_firings" ADD CONSTRAINT "schedule_firings_schedule_id_fkey" FOREIGN KEY ("schedule_id") REFERENCES "schedules"("id") ON DELETE CASCADE ON UPDATE CASCADE;
