-- AlterTable
ALTER TABLE "api_keys" ALTER COLUMN "created_at" SET DEFAULT now();

-- AlterTable
ALTER TABLE "audit_entries" ALTER COLUMN "at" SET DEFAULT now();
