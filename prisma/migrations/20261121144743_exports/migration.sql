-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "format_options" JSONB;

-- AlterTable
ALTER TABLE "artifacts" ADD COLUMN     "rows" BIGINT,
ADD COLUMN     "warnings" JSONB;

-- CreateTable
CREATE TABLE "export_pages" (
    "run_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "key" TEXT,
    "rows" INTEGER NOT NULL,
    "bytes" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "next" JSONB,
    "facts" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "export_pages_pkey" PRIMARY KEY ("run_id","sequence")
);

-- CreateTable
CREATE TABLE "export_drafts" (
    "owner" TEXT NOT NULL,
    "inputs" JSONB NOT NULL,
    "configuration" JSONB,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "export_drafts_pkey" PRIMARY KEY ("owner")
);

-- AddForeignKey
ALTER TABLE "export_pages" ADD CONSTRAINT "export_pages_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
