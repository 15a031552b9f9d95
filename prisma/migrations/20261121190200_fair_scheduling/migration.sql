-- DropIndex
DROP INDEX "runs_status_available_at_idx";

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "claimed_at" TIMESTAMPTZ(3),
ADD COLUMN     "long_run" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "owner_turns" (
    "owner" TEXT NOT NULL,
    "turn" INTEGER NOT NULL,
    "served_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "owner_turns_pkey" PRIMARY KEY ("owner")
);

-- CreateTable
CREATE TABLE "run_paces" (
    "owner" TEXT NOT NULL,
    "kind" "run_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "seconds" INTEGER[],
    "long" BOOLEAN NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "run_paces_pkey" PRIMARY KEY ("owner","kind","name")
);

-- CreateIndex
CREATE INDEX "run_paces_updated_at_idx" ON "run_paces"("updated_at");

-- What a claim looks at, over the few runs that are queued or in work among the many that have ended. Prisma's schema cannot say so.
CREATE INDEX "runs_line_idx" ON "runs"("kind", "owner", "long_run", "available_at", "id") WHERE "status" = 'queued';
CREATE INDEX "runs_in_work_idx" ON "runs"("owner") WHERE "status" IN ('running', 'cancelling');
