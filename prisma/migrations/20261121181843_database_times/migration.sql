-- AlterTable
ALTER TABLE "run_events" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "artifacts" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "idempotency_records" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "export_pages" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "datasets" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "dataset_versions" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "definitions" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "outbox_events" ALTER COLUMN "created_at" SET DEFAULT now(),
ALTER COLUMN "available_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "webhook_endpoints" ALTER COLUMN "enabled_at" SET DEFAULT now(),
ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "webhook_deliveries" ALTER COLUMN "next_at" SET DEFAULT now(),
ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "intake_messages" ALTER COLUMN "available_at" SET DEFAULT now(),
ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "intake_outputs" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "schedules" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "schedule_firings" ALTER COLUMN "fired_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "api_keys" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "audit_entries" ALTER COLUMN "at" SET DEFAULT now();
