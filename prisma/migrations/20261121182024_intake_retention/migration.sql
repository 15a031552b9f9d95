-- CreateTable
CREATE TABLE "intake_names" (
    "bucket" TEXT NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "intake_names_pkey" PRIMARY KEY ("bucket","key")
);

-- CreateIndex
CREATE INDEX "intake_messages_finished_at_idx" ON "intake_messages"("finished_at");

-- CreateIndex
CREATE INDEX "intake_outputs_created_at_idx" ON "intake_outputs"("created_at");
